import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { WorkerName } from './bundles.ts';
import type { Random } from './random.ts';
import type { Workers } from './workers.ts';

/** What happens to a message on its way to a function. */
export type Treatment = 'as it is' | 'twice' | 'late' | 'lost';

export interface PolledQueue {
  readonly name: WorkerName;
  readonly url: string;
  readonly batch: number;
  /** Shorter than the work may take: then another consumer has the message too. Seconds. */
  readonly visibilitySeconds: () => number;
  readonly treat: (body: string) => Treatment;
  /** Told of what the function has taken for good. */
  readonly done: (body: string) => void;
}

const POLL_MILLISECONDS = 20;
const LATE_MILLISECONDS = 900;

/** Lambda's event source for a queue, with everything that such a source may do: twice, late, in any order. */
export async function poll(
  sqs: SQSClient,
  workers: Workers,
  queue: PolledQueue,
  chance: Random,
  signal: AbortSignal,
): Promise<void> {
  const atWork = new Set<Promise<void>>();
  const seen = new Set<string>();
  // A receipt that has run out is refused: somebody else has the message now.
  const remove = ({ ReceiptHandle }: Message) =>
    sqs.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle })).then(
      () => {},
      () => {},
    );
  const show = ({ ReceiptHandle }: Message, VisibilityTimeout: number) =>
    sqs
      .send(new ChangeMessageVisibilityCommand({ QueueUrl: queue.url, ReceiptHandle, VisibilityTimeout }))
      .then(
        () => {},
        () => {},
      );
  // Of the suite itself: a run in which it did not do its part shows nothing.
  let wrong: unknown;
  while (!signal.aborted) {
    const worker = workers.idle(queue.name);
    if (worker === undefined) {
      await sleep(POLL_MILLISECONDS);
      continue;
    }
    const messages = await receive(queue);
    if (messages.length === 0) continue;
    const work = handle(messages).catch((error: unknown) => {
      if (!signal.aborted) wrong ??= error;
    });
    atWork.add(work);
    void work.finally(() => atWork.delete(work));
    // The worker is busy only when it has been called.
    await sleep(1);
  }
  await Promise.all(atWork);
  if (wrong !== undefined) throw wrong;

  async function receive({ url, batch, visibilitySeconds }: PolledQueue): Promise<readonly Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 1 + chance.below(batch),
      VisibilityTimeout: visibilitySeconds(),
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['All'],
    });
    try {
      return (await sqs.send(command, { abortSignal: signal })).Messages ?? [];
    } catch (error) {
      if (signal.aborted) return [];
      throw error;
    }
  }

  async function handle(received: readonly Message[]): Promise<void> {
    const messages: Message[] = [];
    let twice = false;
    for (const message of received) {
      const first = !seen.has(message.MessageId ?? '');
      seen.add(message.MessageId ?? '');
      // One that came before and was not finished may be lost now: its work is half done.
      const meant = queue.treat(message.Body ?? '');
      const treatment = first || meant === 'lost' ? meant : 'as it is';
      if (treatment === 'lost') await remove(message);
      else if (treatment === 'late') await show(message, LATE_MILLISECONDS / 1000);
      else messages.push(message);
      twice ||= treatment === 'twice';
    }
    if (messages.length === 0) return;
    const calls = [invoke(messages)];
    if (twice) calls.push(sleep(chance.between(0, 80)).then(() => invoke(messages)));
    await Promise.all(calls);
  }

  async function invoke(messages: readonly Message[]): Promise<void> {
    const worker = workers.idle(queue.name);
    // A second call where all are busy: the message shows itself again.
    if (worker === undefined) return;
    const called = await workers.call(worker, eventOf(messages), messages[0]?.Body ?? '');
    const failed = failuresOf(called.kind === 'answered' ? called.answer : undefined);
    for (const message of messages) {
      if (failed === 'all' || failed.has(message.MessageId ?? '')) {
        if (called.kind !== 'died') await show(message, chance.below(2));
        continue;
      }
      await remove(message);
      queue.done(message.Body ?? '');
    }
  }
}

function failuresOf(answer: unknown): 'all' | ReadonlySet<string> {
  const { batchItemFailures } = (answer ?? {}) as { batchItemFailures?: { itemIdentifier: string }[] };
  return batchItemFailures === undefined
    ? 'all'
    : new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
}

const eventOf = (messages: readonly Message[]) => ({
  Records: messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes ?? {},
    eventSource: 'aws:sqs',
  })),
});
