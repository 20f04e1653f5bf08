import type { z } from 'zod';
import type { Log } from '../aws/log.ts';
import { parseJson } from '../objects/json.ts';
import { type QueueAnswer, queueEvent } from './messages.ts';

/**
 * Works off a batch of a queue, message by message. What fails comes again, alone; what is no such message would be as
 * malformed the next time, so it is logged and acknowledged.
 */
export async function workOff<Schema extends z.ZodType>(
  event: unknown,
  schema: Schema,
  log: Log,
  work: (message: z.output<Schema>) => Promise<unknown>,
): Promise<QueueAnswer> {
  const batchItemFailures: QueueAnswer['batchItemFailures'] = [];
  for (const { messageId, body } of queueEvent.parse(event).Records) {
    const message = schema.safeParse(jsonOf(body));
    if (!message.success) {
      log.failure('not a message of this queue: dropped', message.error, { messageId });
      continue;
    }
    try {
      await work(message.data);
    } catch (error) {
      log.failure('message not worked off: it comes again', error, { messageId });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
}

function jsonOf(body: string): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
