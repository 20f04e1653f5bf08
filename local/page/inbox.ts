import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { LIFE } from '../../lib/alerts/alert.ts';
import type { Handler, PutEvent } from '../aws/services.ts';

/** How many alerts the page shows. */
const SHOWN = 200;

const FORMS = ['email', 'pager', 'chat', 'event'] as const;
type Form = (typeof FORMS)[number];

/** What was told of one alert, in each form that it has. */
export interface InboxEntry {
  readonly incident: string;
  readonly sequence: number;
  readonly target: string;
  readonly scope: string;
  readonly kind: string;
  readonly severity: string;
  /** ISO. */
  readonly at: string;
  /** A snooze kept it from people: only machines got it. */
  readonly quiet?: { readonly until: string; readonly reason: string };
  readonly forms: Partial<Record<Form, { readonly subject: string; readonly body: string }>>;
}

const quiet = z.object({ until: z.string(), reason: z.string() }).exactOptional();

const line = z.object({
  quiet,
  form: z.enum(FORMS),
  incident: z.string(),
  sequence: z.number(),
  target: z.string(),
  scope: z.string(),
  kind: z.string(),
  severity: z.string(),
  at: z.string(),
  subject: z.string(),
  body: z.string(),
});
type Line = z.output<typeof line>;

/** An SNS message as it lies in a queue (SNS developer guide, "Fanout to Amazon SQS queues"). */
const envelope = z.object({
  TopicArn: z.string(),
  Subject: z.string().default(''),
  Message: z.string(),
  Timestamp: z.string(),
  MessageAttributes: z.record(z.string(), z.object({ Value: z.string() })).default({}),
});

const alertEvent = z.object({
  alert: z.object({
    quiet,
    incident: z.string(),
    sequence: z.number(),
    target: z.string(),
    scope: z.string(),
    kind: z.string(),
    severity: z.string(),
    at: z.string(),
  }),
});

export interface Inbox {
  /** Newest first. */
  entries(): readonly InboxEntry[];
  /** The handler of the queue that the topics go to. */
  readonly receive: Handler;
  /** From the event bus. */
  put(event: PutEvent): Promise<void>;
}

/** A closing alert is told to those who heard of what it closes, by their severities; its own is the least. */
const severityOf = (kind: string, heard: string): string =>
  Object.hasOwn(LIFE, kind) && LIFE[kind as keyof typeof LIFE] === 'closes'
    ? 'info'
    : (/[a-z]+/.exec(heard)?.[0] ?? '');

/** What was told, as people got it; kept in `inbox.jsonl`. A form told twice is shown once. */
export async function openInbox(dataFolder: string, onChange: () => void): Promise<Inbox> {
  const file = join(dataFolder, 'inbox.jsonl');
  const all = new Map<string, InboxEntry>();
  const add = ({ form, subject, body, ...about }: Line) => {
    const name = `${about.incident}#${about.sequence}`;
    const before = all.get(name) ?? { ...about, forms: {} };
    all.set(name, { ...before, forms: { ...before.forms, [form]: { subject, body } } });
  };
  for (const text of (await readFile(file, 'utf8').catch(() => '')).split('\n')) {
    const known = text === '' ? undefined : line.safeParse(parse(text));
    if (known?.success) add(known.data);
  }
  const keep = async (made: Line) => {
    add(made);
    await appendFile(file, `${JSON.stringify(made)}\n`, { mode: 0o600 });
    onChange();
  };
  return {
    entries: () => [...all.values()].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, SHOWN),
    async receive(event) {
      const { Records } = z.object({ Records: z.array(z.object({ body: z.string() })) }).parse(event);
      for (const { body } of Records) {
        const message = envelope.parse(JSON.parse(body));
        const form = FORMS.find((name) => message.TopicArn.endsWith(`-${name}`));
        if (form === undefined) continue;
        const attribute = (name: string) => message.MessageAttributes[name]?.Value ?? '';
        await keep({
          form,
          incident: attribute('incident'),
          sequence: Number(attribute('sequence')),
          target: attribute('target'),
          scope: attribute('scope'),
          kind: attribute('kind'),
          severity: severityOf(attribute('kind'), attribute('severity')),
          at: message.Timestamp,
          subject: message.Subject,
          body: message.Message,
        });
      }
      return { batchItemFailures: [] };
    },
    async put({ detailType, detail }) {
      const known = alertEvent.safeParse(detail);
      if (!known.success) return;
      await keep({
        ...known.data.alert,
        form: 'event',
        subject: detailType,
        body: JSON.stringify(detail, null, 2),
      });
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The last line of a process that was killed while it wrote.
    return undefined;
  }
}
