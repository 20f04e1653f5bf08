import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Writer } from '../../../lib/drift/ownership/owners.ts';
import { isAt, PLATFORM_WRITERS, platformReason } from '../../../lib/drift/ownership/writers/catalogue.ts';
import type { PlatformWriter } from '../../../lib/drift/ownership/writers/platform-writer.ts';
import { isJsonObject, type Json, type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { judge, said } from '../../lib/drift/judging.ts';
import { requirement } from '../../requirements.ts';
import { type ApiServer, objectOf, startApiServer } from '../api-server.ts';
import { DECLARED, WRITTEN } from './declared.ts';
import { RECORDED } from './recorded.ts';

const DEFAULTS = [
  'Namespace/writers spec finalizers',
  'StatefulSet/db spec volumeClaimTemplates * status',
  'StatefulSet/db spec volumeClaimTemplates * apiVersion',
  'StatefulSet/db spec volumeClaimTemplates * kind',
];
const PATIENCE_MS = 45_000;
const APPLY = 'application/apply-patch+yaml';
const DEPLOYERS = new Set(['helm']);

/** The row of the catalogue, and of its places the one, that a write is about. */
const rowsOf = (kind: string, place: readonly string[]): string[] =>
  PLATFORM_WRITERS.filter(({ kinds }) => kinds.includes('*') || kinds.includes(kind)).flatMap((row) =>
    row.at.filter((pattern) => isAt(pattern, place)).map((pattern) => nameOf(row, pattern)),
  );
const nameOf = ({ kinds, reason }: PlatformWriter, pattern: readonly string[]): string =>
  `${kinds.join(', ')}: ${pattern.join(' ')} (${reason})`;

test('each row of the catalogue is written by a real controller here, or recorded with its source', () => {
  const proved = new Set([
    ...WRITTEN.flatMap(([object, ...places]) =>
      places.flatMap((place) => rowsOf(object.split('/')[0] ?? '', place.split(' '))),
    ),
    ...RECORDED.flatMap(({ kind, place }) => rowsOf(kind, place.split(' '))),
  ]);
  const rows = PLATFORM_WRITERS.flatMap((row) => row.at.map((pattern) => nameOf(row, pattern)));
  assert.deepEqual(
    rows.filter((row) => !proved.has(row)),
    [],
  );
});

describe('what is recorded of controllers that do not run here', () => {
  for (const { kind, place, value, manager, root, source } of RECORDED)
    test(`${kind} ${place}: ${manager ?? 'the API server'} (${source})`, () => {
      const live = { apiVersion: 'v1', kind, metadata: { name: 'x' }, ...root } as KubernetesObject;
      const declared = { apiVersion: 'v1', kind, metadata: { name: 'x' } };
      const object = { live, declared };
      const by = (...managers: string[]): Writer[] =>
        managers.map((each) => ({ manager: each, operation: 'Update', apiVersion: 'v1' }));
      const owners = manager === undefined ? [] : by(manager);
      const reasons = PLATFORM_WRITERS.filter(({ kinds }) => kinds.includes('*') || kinds.includes(kind))
        .filter(({ at }) => at.some((pattern) => isAt(pattern, place.split(' '))))
        .map(({ reason }) => reason);
      const told = platformReason(object, value, place.split(' '), owners, DEPLOYERS);
      assert.ok(told !== undefined && reasons.includes(told), told);
      // The deployer alone wrote it from another revision; a person is none of the platform.
      const byDeployer = platformReason(object, value, place.split(' '), by('helm'), DEPLOYERS);
      const byHand = platformReason(object, value, place.split(' '), by('kubectl-edit'), DEPLOYERS);
      const isBenign = PLATFORM_WRITERS.some(({ reason, byAnyone }) => byAnyone && reasons.includes(reason));
      if (!isBenign) assert.deepEqual([byDeployer, byHand], [undefined, undefined]);
    });
});

test('what real controllers write is in sync, each at its row', requirement('control-plane'), async (t) => {
  const started = await startApiServer('nodes');
  if (started.kind === 'unavailable') return t.skip(`${started.reason}: ${started.howTo}`);
  const { server } = started;
  try {
    await exists(server, '/api/v1/namespaces/default/serviceaccounts/default');
    for (const object of DECLARED) {
      await apply(server, object);
      if (object.kind === 'Namespace')
        await exists(server, '/api/v1/namespaces/writers/serviceaccounts/default');
      if (object.kind === 'Secret') await useToken(server, object);
    }
    await restart(server);
    const wanted = WRITTEN.flatMap(([object, ...places]) => places.map((place) => ({ object, place })));
    const deadline = Date.now() + PATIENCE_MS;
    let absent: readonly string[];
    do {
      await sleep(500);
      absent = await absentOf(server, wanted);
    } while (absent.length > 0 && Date.now() < deadline);
    assert.deepEqual(absent, [], 'what controllers should write');

    const schemas = await server.schemas();
    const byDefault: string[] = [];
    for (const desired of DECLARED) {
      const live = await read(server, desired);
      const verdict = judge(desired, live, { schemas, ownership: 'required' });
      const name = `${desired.kind}/${desired.metadata.name}`;
      assert.deepEqual(said(verdict), [], name);
      assert.equal(verdict.kind, 'in-sync');
      const notes = verdict.kind === 'in-sync' ? verdict.notes : [];
      for (const { object, place } of wanted.filter((each) => each.object === name)) {
        const reasons = PLATFORM_WRITERS.filter(({ at }) =>
          at.some((one) => isAt(one, place.split(' '))),
        ).map(({ reason }) => reason);
        if (!reasons.some((reason) => notes.includes(reason))) byDefault.push(`${object} ${place}`);
      }
    }
    // What is a default besides needs no row: there the API server is who writes it.
    assert.deepEqual(byDefault, DEFAULTS);
  } finally {
    await server.stop();
  }
});

async function exists(server: ApiServer, path: string): Promise<void> {
  for (let attempt = 0; (await server.call('GET', path)).status !== 200; attempt++) {
    assert.ok(attempt < 200, `${path} is never made`);
    await sleep(100);
  }
}

async function pathOf(server: ApiServer, object: KubernetesObject): Promise<string> {
  const path = await server.pathOf(referenceOf(object));
  assert.ok(path, `${object.kind} is not served`);
  return path.object;
}

const read = async (server: ApiServer, object: KubernetesObject): Promise<KubernetesObject> =>
  objectOf(await server.call('GET', await pathOf(server, object)));

async function apply(server: ApiServer, object: KubernetesObject): Promise<void> {
  const path = `${await pathOf(server, object)}?fieldManager=helm&force=true`;
  objectOf(await server.call('PATCH', path, object, APPLY));
}

/** A token that is used is marked so by the API server. */
async function useToken(server: ApiServer, secret: KubernetesObject): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { data } = await read(server, secret);
    if (isJsonObject(data) && typeof data.token === 'string') {
      await server.callWith(Buffer.from(data.token, 'base64').toString('utf8'), '/version');
      return;
    }
    await sleep(100);
  }
}

/** As `kubectl rollout restart` does. */
async function restart(server: ApiServer): Promise<void> {
  const web = DECLARED.find(({ kind }) => kind === 'Deployment');
  assert.ok(web);
  const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' };
  objectOf(
    await server.call(
      'PATCH',
      `${await pathOf(server, web)}?fieldManager=kubectl-rollout`,
      { spec: { template: { metadata: { annotations } } } },
      'application/strategic-merge-patch+json',
    ),
  );
}

async function absentOf(
  server: ApiServer,
  wanted: readonly { readonly object: string; readonly place: string }[],
): Promise<readonly string[]> {
  const absent: string[] = [];
  for (const desired of DECLARED) {
    const name = `${desired.kind}/${desired.metadata.name}`;
    const places = wanted.filter(({ object }) => object === name);
    if (places.length === 0) continue;
    const live = (await read(server, desired)) as unknown as Json;
    for (const { place } of places)
      if (!holdsMore(live, desired as unknown as Json, place.split(' '))) absent.push(`${name} ${place}`);
  }
  return absent;
}

/** Whether something is there that Git does not declare. */
function holdsMore(live: Json, desired: Json | undefined, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return desired === undefined;
  if (step === '*') {
    if (!Array.isArray(live)) return false;
    const declared = Array.isArray(desired) ? desired : [];
    return rest.length === 0
      ? live.length > declared.length
      : live.some((item: Json, index) => holdsMore(item, declared[index], rest));
  }
  if (!isJsonObject(live) || !Object.hasOwn(live, step)) return false;
  return holdsMore(live[step] ?? null, isJsonObject(desired) ? desired[step] : undefined, rest);
}
