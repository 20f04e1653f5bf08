import { createHash, createHmac } from 'node:crypto';
import type { Secrets } from '../aws/secrets.ts';
import type { Webhook } from '../config/audiences.ts';
import { formatJson } from '../objects/json.ts';
import type { Alert } from './alert.ts';
import { eventOf } from './event.ts';
import { NotTaken } from './not-taken.ts';
import { Silent } from './silent.ts';
import { type Posted, post } from './webhook-post.ts';

/** Why a webhook did not take an alert: names its host, never its path, its key or its answer. */
export class WebhookFailure extends NotTaken {
  override readonly name = 'WebhookFailure';
}

/** Fewer bytes are guessed. RFC 2104, section 3: a key shorter than the hash's length weakens it; this is half. */
const KEY_BYTES = 16;
/** A longer id is folded: servers take 8 KB of headers in all. */
const ID_CHARACTERS = 512;

/** What a receiver compares: HMAC-SHA256 with the key over `<timestamp>.<body>`, in hexadecimal (docs/webhook.md). */
export const signatureOf = (key: string, timestamp: string, body: string): string =>
  `v1=${createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex')}`;

/** The same for each time that an alert is sent: what a receiver knows a repetition by. */
export function idOf({ incident, sequence }: Pick<Alert, 'incident' | 'sequence'>): string {
  const visible = Buffer.from(incident)
    .toString('latin1')
    .replace(/[^\x21-\x24\x26-\x7e]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const folded =
    visible.length > ID_CHARACTERS ? createHash('sha256').update(incident).digest('hex') : visible;
  return `${folded}/${sequence}`;
}

export interface WebhookParts {
  readonly secrets: Secrets;
  readonly now: () => Date;
  readonly deadlineMilliseconds?: number;
}

type Answered = Extract<Posted, { readonly kind: 'answered' }>;

/** Sends alerts to one webhook. */
export interface WebhookSender {
  /** @throws WebhookFailure where it did not answer with a status of success, Silent where not at all in time */
  send(alert: Alert): Promise<void>;
}

/**
 * The key is read once and kept, and read anew after whatever failed; where the answer is that nobody is let in, at
 * once, since it may have been changed on both sides.
 */
export function webhookSender(webhook: Webhook, parts: WebhookParts): WebhookSender {
  let reading: Promise<string> | undefined;
  const key = (): Promise<string> => {
    reading ??= readKey(webhook, parts.secrets);
    return reading;
  };

  async function send(alert: Alert): Promise<void> {
    const body = formatJson(eventOf(alert).detail);
    const used = await key();
    const { status, retryAfter } = await sendOnce(alert, body, used);
    if (isSuccess(status)) return;
    if (status === 401 || status === 403) {
      reading = undefined;
      const fresh = await key();
      if (fresh !== used && isSuccess((await sendOnce(alert, body, fresh)).status)) return;
    }
    throw new WebhookFailure(
      `${new URL(webhook.url).host} ${inWords(status)}`,
      waitOf(retryAfter, parts.now()),
    );
  }

  async function sendOnce(alert: Alert, body: string, secret: string): Promise<Answered> {
    const timestamp = String(Math.floor(parts.now().getTime() / 1000));
    const { deadlineMilliseconds } = parts;
    const answer = await post({
      url: webhook.url,
      network: webhook.network,
      headers: {
        'Fairlead-Timestamp': timestamp,
        'Fairlead-Signature': signatureOf(secret, timestamp, body),
        'Fairlead-Event': idOf(alert),
      },
      body,
      ...(deadlineMilliseconds === undefined ? {} : { deadlineMilliseconds }),
    });
    switch (answer.kind) {
      case 'answered':
        return answer;
      case 'silent':
        throw new Silent(answer.reason);
      case 'failed':
        throw new WebhookFailure(answer.reason);
    }
  }

  return {
    send: (alert) =>
      send(alert).catch((error: unknown) => {
        reading = undefined;
        throw error;
      }),
  };
}

/** What AWS says of a secret that it does not give is its own name for why: the rest may hold who asked. */
async function readKey({ secret }: Webhook, secrets: Secrets): Promise<string> {
  const read = await secrets.read(secret).catch((error: unknown) => {
    const why = error instanceof Error ? error.name : 'unknown';
    throw new WebhookFailure(`its secret "${secret}" cannot be read (${why})`);
  });
  // As editors and shells end a text.
  const value = read.replace(/\r?\n$/, '');
  if (Buffer.byteLength(value) < KEY_BYTES)
    throw new WebhookFailure(`its secret "${secret}" has fewer than ${KEY_BYTES} bytes, which are guessed`);
  return value;
}

/** RFC 9110, section 10.2.3: seconds, or a date. What is neither says nothing. */
function waitOf(retryAfter: string | undefined, now: Date): number | undefined {
  if (retryAfter === undefined) return undefined;
  const milliseconds = /^\d{1,9}$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : Date.parse(retryAfter) - now.getTime();
  return milliseconds > 0 ? milliseconds : undefined;
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

const inWords = (status: number): string =>
  status >= 300 && status < 400
    ? `answers with status ${status}: redirects are not followed, so give the address that it leads to`
    : `answers with status ${status}`;
