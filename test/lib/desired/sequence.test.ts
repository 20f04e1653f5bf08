import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { digestOf } from '../../../lib/content/tree.ts';
import { readNewest, recordNewest } from '../../../lib/desired/sequence.ts';
import { type TestAws, testAws } from '../../fixtures/local-aws.ts';

const commitOf = (name: string): string => digestOf(name).slice('sha256:'.length, 'sha256:'.length + 40);
const read = (name: string) => ({
  commit: commitOf(name),
  desired: digestOf(name),
  at: '2026-11-21T12:00:00.000Z',
});

describe('the newest desired state of a target', () => {
  let aws: TestAws;
  before(async () => {
    aws = await testAws();
  });
  after(() => aws.end());

  test('counts up with each that is new, and stays with the same', async () => {
    const record = async (commit: string) =>
      await recordNewest(aws.table, 'a', await readNewest(aws.table, 'a'), read(commit));
    const sequences: unknown[] = [];
    for (const commit of ['one', 'one', 'two', 'one']) {
      const recorded = await record(commit);
      sequences.push(recorded.kind === 'newest' ? recorded.newest.sequence : recorded.kind);
    }
    assert.deepEqual(sequences, [1, 1, 2, 3]);
  });

  test('of two that read at once, the slower must read again: what it has may be older', async () => {
    const before = await readNewest(aws.table, 'b');
    assert.equal((await recordNewest(aws.table, 'b', before, read('newer'))).kind, 'newest');
    assert.equal((await recordNewest(aws.table, 'b', before, read('older'))).kind, 'conflict');
    assert.equal((await readNewest(aws.table, 'b')).newest?.commit, commitOf('newer'));
  });
});
