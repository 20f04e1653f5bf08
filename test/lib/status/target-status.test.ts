import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Item, Table } from '../../../lib/aws/table.ts';
import type { CheckConfig } from '../../../lib/checks/check-config.ts';
import { parsePart } from '../../../lib/config/config.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { healthOf, readTargetStatus } from '../../../lib/status/target-status.ts';
import type { WaitingUpload } from '../../../lib/status/waiting-uploads.ts';

const NOW = new Date('2026-11-22T12:00:00.000Z');
const COMMIT = '3f9c1d2e4b5a69788796a5b4c3d2e1f001234567';

/** A table that counts what is asked of it, and how large it is. */
function counting(items: readonly Item[]) {
  const asked: string[] = [];
  let bytes = 0;
  const table: Pick<Table, 'query'> = {
    async *query(pk, prefix = '') {
      asked.push(pk);
      for (const item of items)
        if (item.pk === pk && item.sk.startsWith(prefix)) {
          bytes += Buffer.byteLength(JSON.stringify(item));
          yield item;
        }
    },
  };
  return { table, asked, bytes: () => bytes };
}

function configOf(checkEveryMinutes = 15): CheckConfig {
  const { targets, repositories, installation, severity } = parsePart(
    {
      installation: 'fairlead',
      repositories: [{ name: 'cluster', url: 'https://git.example.com/team/cluster.git' }],
      targets: [
        { name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'], checkEveryMinutes },
      ],
    },
    'test',
  );
  const [target] = targets;
  const [repository] = repositories;
  assert.ok(target !== undefined && repository !== undefined);
  return { installation, severity, target, repository };
}

const before = (minutes: number): string => new Date(NOW.getTime() - minutes * 60_000).toISOString();
const verdict = (scope: string, at: string, rest: Partial<Item> = {}): Item => ({
  ...{ pk: 'target#staging', sk: `verdict#${scope}`, schema: 1, version: 1 },
  ...{ commit: COMMIT, at, verdict: 'in-sync', findings: 0, unready: 0, ...rest },
});

describe('the status of a target', () => {
  test('of a hundred releases is three queries, which fit into a page of DynamoDB each', async () => {
    const names = Array.from(
      { length: 100 },
      (_, at) => `a-namespace-of-a-team/a-release-of-some-name-${at}`,
    );
    const at = before(3);
    const digest = digestOf('x');
    const { table, asked, bytes } = counting([
      ...names.map((name) =>
        verdict(name, at, { chart: { name: 'a-chart', version: '1.14.2' }, readAt: at }),
      ),
      verdict('target', at),
      ...names.map((name) => ({
        ...{ pk: 'target#staging', sk: `applied#${name}`, schema: 1, version: 1 },
        memory: {
          applied: { render: digest, commit: COMMIT, at, inputs: digest },
          kinds: ['apps/v1/Deployment', 'v1/Service', 'v1/ConfigMap', 'v1/ServiceAccount', 'batch/v1/Job'],
        },
      })),
    ]);
    const status = await readTargetStatus(table, configOf(), [], NOW);
    assert.deepEqual(asked, ['target#staging', 'incident#staging', 'freeze#staging']);
    assert.equal(status.scopes.length, 100);
    assert.deepEqual(status.releases, { 'in-sync': 100 });
    assert.equal(status.scopes[0]?.applied, COMMIT);
    // Amazon DynamoDB, Query: 1 MB of data a page.
    assert.ok(bytes() < (1024 * 1024) / 2, `${bytes()} bytes`);
  });

  for (const [minutes, every, freshness, health] of [
    [34, 15, 'fresh', 'well'],
    [36, 15, 'stale', 'unsure'],
    [36, 60, 'fresh', 'well'],
    [126, 60, 'stale', 'unsure'],
  ] as const) {
    test(`checked ${minutes} minutes ago, and due every ${every}, is ${freshness}`, async () => {
      const { table } = counting([verdict('target', before(minutes))]);
      const status = await readTargetStatus(table, configOf(every), [], NOW);
      assert.equal(status.freshness, freshness);
      assert.equal(healthOf(status), health);
    });
  }

  test('without a cluster is well, and says that nothing is looked at', async () => {
    const { table } = counting([verdict('target', before(9000), { verdict: 'unknown', checks: 'none' })]);
    const status = await readTargetStatus(table, configOf(), [], NOW);
    assert.deepEqual(
      [status.verdict, status.freshness, healthOf(status)],
      ['off', 'not-checked-at-all', 'well'],
    );
  });

  test('a release that waits for its first commit is there before any check has seen it', async () => {
    const { table } = counting([]);
    const waiting: WaitingUpload = {
      key: 'staging/shop/new/values.yaml',
      versionId: 'v',
      target: 'staging',
      scope: 'shop/new',
      receivedAt: before(1),
      why: { kind: 'being-checked' },
    };
    const status = await readTargetStatus(table, configOf(), [waiting], NOW);
    assert.deepEqual(
      status.scopes.map(({ scope, verdict: said }) => [scope, said]),
      [['shop/new', 'not-checked']],
    );
    const other = await readTargetStatus(table, configOf(), [{ ...waiting, target: 'production' }], NOW);
    assert.equal(other.scopes.length, 0);
  });
});
