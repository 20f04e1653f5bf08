import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doorbell } from '../../../lib/messages/messages.ts';
import { workOff } from '../../../lib/messages/work-off.ts';

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
    event: () => {},
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
