import * as z from 'zod';
import { checkRequest, doorbell, readRequest, uploadMessage } from '../messages/messages.ts';
import type { DeadLetterKind } from './queues.ts';

/** A message in a dead-letter queue. What is in it is whoever's: it is shown as it is parsed, and run by nobody. */
export interface Letter {
  readonly body: string;
  /** Message attributes: what a service says of why it gave up. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What is right for a message. */
export type Decision = {
  /** One line: what it is about. Not yet made harmless. */
  readonly about: string;
  /** Why it lies here, as the service says. Not yet made harmless. */
  readonly why?: string;
} & (
  | { readonly kind: 'back'; readonly to: 'source' | 'receive' }
  /** Nothing is lost with it, for the reason given. */
  | { readonly kind: 'let-go'; readonly because: string }
  /** Nobody can hand it over: a person looks at it, and forgets it. */
  | { readonly kind: 'for-a-person'; readonly because: string }
);

const UNKNOWN = 'it is no message of Fairlead’s: somebody may have put it there';

/**
 * Decides over one message: pure. Whatever goes back is done once however often it comes: the record knows each version
 * of an upload, a bell names a branch alone, and an older desired state is dropped.
 */
export function decide(kind: DeadLetterKind, { body, attributes }: Letter): Decision {
  const why = attributes.ERROR_MESSAGE ?? attributes.ErrorMessage ?? attributes.ERROR_CODE;
  const decision = decideKind(kind, parse(body));
  return why === undefined ? decision : { ...decision, why };
}

function decideKind(kind: DeadLetterKind, message: unknown): Decision {
  switch (kind) {
    case 'receive':
      return upload(message, 'source') ?? stranger();
    case 'doorbell': {
      const { data } = doorbell.safeParse(message);
      if (data === undefined) return stranger();
      return { kind: 'back', to: 'source', about: `bell of ${data.repository}, branch ${data.branch}` };
    }
    case 'reads': {
      const { data } = readRequest.safeParse(message);
      if (data === undefined) return stranger();
      return { kind: 'back', to: 'source', about: `read ${data.target} (${data.because})` };
    }
    case 'checks': {
      const { data } = checkRequest.safeParse(message);
      if (data === undefined) return stranger();
      return { kind: 'back', to: 'source', about: `check ${data.target} at ${data.commit.slice(0, 12)}` };
    }
    case 'untold':
      return streamed.safeParse(message).success
        ? {
            kind: 'let-go',
            about: 'items of the table with alerts to tell',
            because:
              'the table holds the alerts themselves, and the sweep announces each minute what is not told',
          }
        : stranger();
    case 'undelivered':
      return upload(message, 'receive') ?? scheduled(message) ?? event(message) ?? stranger();
    case 'unheard':
      return notification(message) ?? stranger();
  }
}

const stranger = (): Decision => ({ kind: 'for-a-person', about: 'an unknown message', because: UNKNOWN });

function upload(message: unknown, to: 'source' | 'receive'): Decision | undefined {
  const { data } = uploadMessage.safeParse(message);
  if (data === undefined) return undefined;
  const { bucket, object } = data.detail;
  const about = `s3://${bucket.name}/${object.key}?versionId=${object['version-id']}`;
  return { kind: 'back', to, about };
}

/** lib/repository/back-up.ts reads it, and much more. */
const backUp = z.object({ schema: z.number(), backUp: z.string() });
const swept = z.object({ schema: z.number(), sweep: z.string() });

function scheduled(message: unknown): Decision | undefined {
  const read = readRequest.safeParse(message).data;
  if (read !== undefined)
    return {
      kind: 'let-go',
      about: `schedule of ${read.target}`,
      because: 'its next run asks again',
    };
  if (backUp.safeParse(message).success)
    return { kind: 'let-go', about: 'the daily backup', because: 'its next run backs up what is there then' };
  const { data } = swept.safeParse(message);
  if (data === undefined) return undefined;
  return { kind: 'let-go', about: `sweep (${data.sweep})`, because: 'its next run sweeps for this one too' };
}

const incident = z.object({ incident: z.string(), sequence: z.number() });
const ownEvent = z.object({ source: z.literal('fairlead'), detail: z.object({ alert: incident }) });

function event(message: unknown): Decision | undefined {
  const { data } = ownEvent.safeParse(message);
  if (data === undefined) return undefined;
  const { alert } = data.detail;
  return {
    kind: 'for-a-person',
    about: `event ${alert.incident}, message ${alert.sequence}`,
    because:
      'the event bus that it was for did not take it; told again, others would have it twice. Its incident has it',
  };
}

/** Lambda guide, "Retain discarded records for a DynamoDB event source". */
const streamed = z.object({ DDBStreamBatchInfo: z.object({ streamArn: z.string() }) });

const attribute = z.object({ Value: z.string() }).optional();
/** Amazon SNS guide, "Message delivery to a dead-letter queue": what the subscription would have got. */
const passedOn = z.object({
  Type: z.string().optional(),
  TopicArn: z.string(),
  Subject: z.string().optional(),
  MessageAttributes: z.object({ incident: attribute, sequence: attribute }).optional(),
});

function notification(message: unknown): Decision | undefined {
  const { data } = passedOn.safeParse(message);
  if (data === undefined) return undefined;
  const topic = data.TopicArn.slice(data.TopicArn.lastIndexOf(':') + 1);
  const key = data.MessageAttributes?.incident?.Value;
  return {
    kind: 'for-a-person',
    about: `${data.Subject ?? 'an alert'} (topic ${topic}${key === undefined ? '' : `, incident ${key}`})`,
    because:
      'an address did not take it: correct it, and prove it with a drill. Told again, all others would have it twice; its incident has it',
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
