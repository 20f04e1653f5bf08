import type { z } from 'zod';
import type { FunctionLog } from '../aws/log.ts';
import type { ShowAgain } from '../aws/queues.ts';
import { parseJson } from '../objects/json.ts';
import { type Message, type QueueAnswer, queueEvent, trailOf } from './messages.ts';

/** What failed comes again after this, then twice as long, … */
const FIRST_RETRY_SECONDS = 10;
const LONGEST_RETRY_SECONDS = 900;

/**
 * Works off a batch of a queue, message by message. What fails comes again, alone; what is no such message would be as
 * malformed the next time, so it is logged and acknowledged.
 * @param showAgain without it a failed message stays hidden as long as the queue hides messages: half an hour, and in a
 * FIFO queue its whole group with it
 */
export async function workOff<Schema extends z.ZodType<Message>>(
  event: unknown,
  schema: Schema,
  log: Pick<FunctionLog, 'about' | 'detail' | 'failure' | 'measure'>,
  work: (message: z.output<Schema>) => Promise<unknown>,
  showAgain?: ShowAgain,
): Promise<QueueAnswer> {
  const batchItemFailures: QueueAnswer['batchItemFailures'] = [];
  for (const { messageId, body, receiptHandle, attributes } of queueEvent.parse(event).Records) {
    const message = schema.safeParse(jsonOf(body));
    if (!message.success) {
      log.failure('not a message of this queue: dropped', message.error, { messageId });
      continue;
    }
    const received = attributes?.ApproximateReceiveCount ?? 1;
    const outcome = await log.about(trailOf(message.data), async () => {
      log.detail('message', { messageId, received });
      try {
        await work(message.data);
        return 'worked off';
      } catch (error) {
        log.failure('message not worked off: it comes again', error, { messageId, received });
        return 'failed';
      }
    });
    if (outcome === 'worked off') continue;
    log.measure('MessagesFailed', 1);
    batchItemFailures.push({ itemIdentifier: messageId });
    if (showAgain === undefined || receiptHandle === undefined) continue;
    const seconds = FIRST_RETRY_SECONDS * 2 ** (received - 1);
    await showAgain(receiptHandle, Math.min(seconds, LONGEST_RETRY_SECONDS)).catch((reason: unknown) =>
      log.failure('message stays hidden until its time-out', reason, { messageId }),
    );
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
