import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf } from '../../../lib/content/tree.ts';
import { takeWaiting } from '../../../lib/uploads/delivering/take.ts';
import type { OutcomeParts } from '../../../lib/uploads/record/outcome.ts';
import { recordItem, type UploadBase } from '../../../lib/uploads/record/record.ts';
import { addWaiting } from '../../../lib/uploads/record/waiting.ts';
import { memoryStore, memoryTable } from './doubles.ts';

const LINE = { repository: 'cluster', branch: 'main' };

/** A line on which so many releases wait, each with two versions of its chart; how many records were read. */
async function crowd(releases: number) {
  const table = memoryTable();
  const put = async (name: string, second: number, state: 'checked' | 'superseded' = 'checked') => {
    const upload: UploadBase = {
      key: `staging/shop/${name}/web-1.0.${second}.tgz`,
      versionId: 'v',
      eventTime: new Date(second * 1000).toISOString(),
      sequencer: '1',
      receivedAt: new Date(0).toISOString(),
    };
    const digest = digestOf(name);
    const content = { ...LINE, target: 'staging', digest, package: digest, claims: {} };
    const ended = { ...content, state: 'superseded', by: 'x', endedAt: upload.receivedAt } as const;
    const checked = { ...content, state: 'checked', attempted: [] } as const;
    await addWaiting(table, LINE, upload);
    await table.put(recordItem(upload, state === 'checked' ? checked : ended, undefined), 'absent');
  };
  let reads = 0;
  const counting = {
    ...table,
    get: (...given: Parameters<typeof table.get>) => {
      reads++;
      return table.get(...given);
    },
  };
  for (let at = 0; at < releases; at++) {
    await put(`release-${at}`, at);
    await put(`release-${at}`, releases + at);
  }
  const parts: OutcomeParts = {
    table: counting,
    uploads: memoryStore(),
    installation: 'test',
    bucket: 'charts',
    now: () => new Date(0),
    log: () => {},
  };
  return { parts, put, table, reads: () => reads };
}

const names = (taken: Awaited<ReturnType<typeof takeWaiting>>) => taken.map(({ record }) => record.key);

describe('of what waits is taken', () => {
  test('as much as one push takes, the longest waiting first, each with all that waits of its release', async () => {
    const { parts, reads } = await crowd(300);
    const taken = await takeWaiting(parts, LINE, { slots: 2, isAside: () => false });
    assert.deepEqual(names(taken), [
      'staging/shop/release-1/web-1.0.301.tgz',
      'staging/shop/release-0/web-1.0.300.tgz',
      'staging/shop/release-1/web-1.0.1.tgz',
      'staging/shop/release-0/web-1.0.0.tgz',
    ]);
    assert.equal(reads(), 4, 'no record of the crowd behind them');
  });

  test('what is behind those that have ended, which leave the list', async () => {
    const { parts, put, table } = await crowd(2);
    for (let at = 0; at < 40; at++) await put(`ended-${at}`, -100 + at, 'superseded');
    const taken = await takeWaiting(parts, LINE, { slots: 1, isAside: () => false });
    assert.equal(names(taken).at(-1), 'staging/shop/release-0/web-1.0.0.tgz');
    const left = [...table.items.values()].filter(({ pk }) => pk.startsWith('waiting#'));
    assert.equal(left.length, 4);
  });

  test('nothing that was set aside, and all where nobody says how much', async () => {
    const { parts } = await crowd(3);
    const isAside = ({ key }: { key: string }) => key.includes('release-0');
    assert.deepEqual(names(await takeWaiting(parts, LINE, { slots: 1, isAside })), [
      'staging/shop/release-1/web-1.0.4.tgz',
      'staging/shop/release-1/web-1.0.1.tgz',
    ]);
    assert.equal((await takeWaiting(parts, LINE)).length, 6);
  });
});
