import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { untoldOf, withUntold } from '../../../lib/alerts/outbox.ts';
import { type Channels, tellItem } from '../../../lib/alerts/publish.ts';
import type { Item, Table } from '../../../lib/aws/table.ts';
import { EXAMPLES } from './examples.ts';

const KEY = { pk: 'incident#staging', sk: 'shop/web#drift' };

/** A table of one item, and topics that remember what they were given. */
function parts(alerts: readonly Alert[]) {
  let item: Item = withUntold({ ...KEY, schema: 1, version: 1 }, alerts, 'now');
  const published: string[] = [];
  const topic = (form: string) => ({
    publish: async ({ attributes }: { attributes: Readonly<Record<string, unknown>> }) => {
      published.push(`${form} ${attributes.incident}#${attributes.sequence}`);
    },
  });
  const table: Table = {
    get: async () => item,
    async put(next, expected) {
      if (expected !== item.version) return 'conflict';
      item = next;
      return 'written';
    },
    remove: async () => 'removed',
    async *query() {},
    async *untold() {},
  };
  const channels: Channels = {
    email: topic('email'),
    pager: topic('pager'),
    chat: topic('chat'),
    bus: { put: async () => {} },
    origin: { region: 'eu-central-1', account: '123456789012' },
  };
  return { table, channels, published, current: () => item, change: (next: Item) => (item = next) };
}

const example = (name: string): Alert => {
  const alert = EXAMPLES[name];
  assert.ok(alert);
  return alert;
};

describe('telling what an item has not told', () => {
  test('a crash before it is marked tells it again, with the same incident and sequence', async () => {
    const { table, channels, published, current } = parts([example('drift')]);
    const crashing: Table = {
      ...table,
      put: async () => {
        throw new Error('the function ended');
      },
    };
    await assert.rejects(tellItem(crashing, KEY, channels), /the function ended/);
    await tellItem(table, KEY, channels);
    assert.deepEqual(published.slice(0, 3), published.slice(3));
    assert.deepEqual(untoldOf(current()), []);
  });

  test('what is added while it speaks stays to be told', async () => {
    const { table, channels, current, change } = parts([example('drift')]);
    const publish = channels.email.publish;
    const meanwhile: Channels = {
      ...channels,
      email: {
        async publish(notification) {
          const now = current();
          change({ ...withUntold(now, [example('converged')], 'later'), version: now.version + 1 });
          await publish(notification);
        },
      },
    };
    await tellItem(table, KEY, meanwhile);
    assert.deepEqual(
      untoldOf(current()).map(({ kind }) => kind),
      ['converged'],
    );
    assert.equal(current().untold, 'untold');
  });

  test('alerts are told in their order, and one that fails holds back those after it', async () => {
    const { table, channels, published, current } = parts([
      example('drift'),
      example('drift-changed'),
      example('converged'),
    ]);
    let calls = 0;
    const failing: Channels = {
      ...channels,
      chat: {
        publish: async (notification) => {
          calls += 1;
          if (calls === 2) throw new Error('throttled');
          await channels.chat.publish(notification);
        },
      },
    };
    await assert.rejects(tellItem(table, KEY, failing), /throttled/);
    assert.deepEqual(
      untoldOf(current()).map(({ sequence }) => sequence),
      [2, 3],
    );
    await tellItem(table, KEY, channels);
    assert.deepEqual(
      published.filter((line) => line.startsWith('chat')).map((line) => line.at(-1)),
      ['1', '2', '3'],
    );
  });
});
