import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doorbell } from '../../../lib/messages/messages.ts';
import { workOff } from '../../../lib/messages/work-off.ts';

const SILENT = {
  about: <Answer>(_trail: unknown, work: () => Answer) => work(),
  detail: () => {},
  failure: () => {},
  measure: () => {},
};
const bell = (repository: string) => JSON.stringify({ schema: 1, repository, branch: 'main' });

test('of a batch, what fails comes again alone, and what is no message of the queue is logged and dropped', async () => {
  const event = {
    Records: [
      { messageId: 'a', body: bell('one') },
      { messageId: 'b', body: bell('fails') },
      { messageId: 'c', body: '{"schema":99}' },
      { messageId: 'd', body: 'no JSON' },
      { messageId: 'e', body: bell('two') },
    ],
  };
  const worked: string[] = [];
  const failures: unknown[] = [];
  const log = {
    ...SILENT,
    failure: (_event: string, _error: unknown, details?: Readonly<Record<string, unknown>>) =>
      void failures.push(details?.messageId),
  };
  const answer = await workOff(event, doorbell, log, async ({ repository }) => {
    if (repository === 'fails') throw new Error('the host is down');
    worked.push(repository);
  });
  assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: 'b' }] });
  assert.deepEqual(worked, ['one', 'two']);
  assert.deepEqual(failures, ['b', 'c', 'd']);
});

test('what failed is shown again soon, then ever later: a queue alone would hide it for half an hour', async () => {
  const failing = (received: string) => ({
    Records: [
      {
        messageId: 'a',
        receiptHandle: 'handle',
        body: bell('fails'),
        attributes: { ApproximateReceiveCount: received },
      },
    ],
  });
  const shown: [string, number][] = [];
  for (const received of ['1', '2', '3', '50']) {
    const answer = await workOff(
      failing(received),
      doorbell,
      SILENT,
      async () => {
        throw new Error('the host is down');
      },
      async (handle, seconds) => void shown.push([handle, seconds]),
    );
    assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: 'a' }] });
  }
  assert.deepEqual(shown, [
    ['handle', 10],
    ['handle', 20],
    ['handle', 40],
    ['handle', 900],
  ]);
});

test('a queue that cannot be told so still gets its message back', async () => {
  const event = { Records: [{ messageId: 'a', receiptHandle: 'handle', body: bell('fails') }] };
  const fails = async () => {
    throw new Error('no');
  };
  const failures: string[] = [];
  const log = { ...SILENT, failure: (what: string) => void failures.push(what) };
  assert.deepEqual(await workOff(event, doorbell, log, fails, fails), {
    batchItemFailures: [{ itemIdentifier: 'a' }],
  });
  assert.equal(failures.length, 2);
});

test('what fails is counted, and whatever is written meanwhile names what the message is about', async () => {
  const measured: unknown[] = [];
  const named: unknown[] = [];
  const log = {
    ...SILENT,
    about: <Answer>(trail: unknown, work: () => Answer) => {
      named.push(trail);
      return work();
    },
    measure: (name: string, value: number) => void measured.push([name, value]),
  };
  const event = {
    Records: [
      { messageId: 'a', body: bell('one') },
      { messageId: 'b', body: bell('fails') },
    ],
  };
  await workOff(event, doorbell, log, async ({ repository }) => {
    if (repository === 'fails') throw new Error('the host is down');
  });
  assert.deepEqual(measured, [['MessagesFailed', 1]]);
  assert.deepEqual(named, [
    { repository: 'one', branch: 'main' },
    { repository: 'fails', branch: 'main' },
  ]);
});
