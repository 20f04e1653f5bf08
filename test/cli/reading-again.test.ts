import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FromCluster, readAgain } from '../../cli/reading-again.ts';
import type { Cluster } from '../../lib/cluster/cluster.ts';
import type { DesiredReading } from '../../lib/desired/desired.ts';
import type { KubernetesObject } from '../../lib/objects/objects.ts';

const map = (namespace: string, name: string, data: Record<string, string>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
  data,
});

describe('what only the cluster says', () => {
  const MAPS = [map('shop', 'first', { next: 'second' }), map('shop', 'second', { a: '1' })];
  let lists: string[];
  const cluster = (mayList = true): Pick<Cluster, 'discover' | 'list'> => ({
    discover: () =>
      Promise.resolve({
        kind: 'answered',
        value: {
          kinds: [],
          stale: new Set(),
          find: (apiVersion: string, kind: string) => ({ apiVersion, kind }),
        },
      } as unknown as Awaited<ReturnType<Cluster['discover']>>),
    list(_kind, { namespace = '', keep = () => true } = {}) {
      lists.push(namespace);
      const listed = MAPS.filter(({ metadata }) => metadata.namespace === namespace).filter(keep);
      return Promise.resolve(
        mayList ? { kind: 'answered', value: listed } : { kind: 'forbidden', reason: 'no', rule: '' },
      ) as ReturnType<Cluster['list']>;
    },
  });
  const state = (asks: readonly string[]): DesiredReading => ({
    kind: 'read',
    digest: 'sha256:0' as never,
    staleValues: [],
    state: {
      schema: 1,
      target: 'prod',
      commit: '0'.repeat(40),
      committedAt: '2026-01-01T00:00:00Z',
      releases: [],
      ...(asks.length === 0 ? {} : { asks: [...asks] }),
    },
  });

  test('is asked for where Git refers to it, and for nothing else', async () => {
    lists = [];
    let readings = 0;
    await readAgain(() => {
      readings++;
      return Promise.resolve(state([]));
    }, cluster());
    assert.deepEqual([readings, lists], [1, []]);
  });

  test('is asked for again where that refers to more', async () => {
    lists = [];
    const known: FromCluster[] = [];
    await readAgain((given) => {
      known.push(given);
      const first = given.clusterMaps?.['shop/first'];
      return Promise.resolve(
        state(['shop/first', ...(first ? [`shop/${first.next}`] : []), 'gone/none'].sort()),
      );
    }, cluster());
    assert.deepEqual(known, [
      {},
      { clusterMaps: { 'gone/none': null, 'shop/first': { next: 'second' } } },
      { clusterMaps: { 'gone/none': null, 'shop/first': { next: 'second' }, 'shop/second': { a: '1' } } },
    ]);
  });

  test('that may not be listed stays unknown, and comes to an end', async () => {
    lists = [];
    const known: FromCluster[] = [];
    await readAgain((given) => {
      known.push(given);
      return Promise.resolve(state(['shop/first']));
    }, cluster(false));
    assert.deepEqual(known, [{}, { clusterMaps: {} }]);
    assert.deepEqual(lists, ['shop']);
  });

  test('ends also where each answer asks for another', async () => {
    lists = [];
    let readings = 0;
    await readAgain(() => Promise.resolve(state([`shop/map-${readings++}`])), cluster());
    assert.equal(readings, 4);
  });
});
