import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { judgeScope } from '../../../lib/checks/judge-scope.ts';
import type { CheckMemory, RememberedScope } from '../../../lib/checks/memory.ts';
import { type Digest, digestOf } from '../../../lib/content/tree.ts';
import { inForce } from '../../../lib/drift/rules/judge.ts';
import type { Schemas } from '../../../lib/drift/schema.ts';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';
import { targetOf } from '../../fixtures/cluster-repository.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { object, ownedBy, put, rendered } from '../drift/judging.ts';

let schemas: Schemas;
before(async () => {
  schemas = await builtInSchemas();
});

const COMMIT = 'c'.repeat(40);
const [CHART, OTHER_CHART] = [digestOf('chart and values'), digestOf('another chart')];

const settings = (data: string): KubernetesObject =>
  object(`{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop}, data: ${data}}`);
const byHelm = (live: KubernetesObject): KubernetesObject =>
  ownedBy(live, ['helm', { 'f:data': { 'f:mode': {} } }]);
const edited = ownedBy(
  settings('{mode: old, mine: "1"}'),
  ['helm', { 'f:data': { 'f:mode': {} } }],
  ['kubectl-edit', { 'f:data': { 'f:mine': {} } }, { operation: 'Update' }],
);

/** One release over several checks, with what they remember. */
function release() {
  let remembered: RememberedScope = { kinds: [] };
  const renders = new Map<Digest, readonly RenderedObject[]>();
  const memory: CheckMemory = {
    admissions: 'remembered',
    history: async () => 'checked-before',
    read: async () => new Map(),
    write: async (_scope, after) => {
      remembered = after;
    },
  };
  return {
    async check(declared: KubernetesObject, live: KubernetesObject, inputs: Digest) {
      const objects = [rendered(declared)];
      const render = digestOf(JSON.stringify(objects));
      renders.set(render, objects);
      const before = remembered.applied?.render;
      const applied = before === undefined || before === render ? undefined : renders.get(before);
      const { state, render: against } = await judgeScope(
        {
          scope: { kind: 'release', namespace: 'shop', name: 'web' },
          name: 'shop/web',
          release: {
            namespace: 'shop',
            name: 'web',
            suspended: false,
            rendering: { kind: 'rendered', render, inputs },
          },
          tip: { kind: 'rendered', render, inputs, objects },
          remembered,
          ...(applied === undefined ? {} : { applied }),
        },
        {
          live: {
            find: () => ({ kind: 'found', object: live }),
            all: () => [],
            marked: () => [],
            schemas,
          },
          canRun: false,
          history: 'checked-before',
          speaking: new Set(),
          everything: { informing: [], identities: new Set() },
          rules: inForce([], '2026-11-21'),
        },
        {
          target: targetOf({ deployer: 'none' }),
          desired: {
            schema: 1,
            target: 'staging',
            commit: COMMIT,
            committedAt: '2026-11-21T11:00:00Z',
            releases: [],
          },
          sequence: 1,
          now: '2026-11-21T12:00:00Z',
        },
        memory,
      );
      return {
        state: state.kind,
        findings:
          state.kind === 'drift' || state.kind === 'rollout' ? state.findings.map(({ at }) => at) : [],
        isAgainstTip: against === render,
      };
    },
  };
}

describe('a chart that renders otherwise since the cluster serves more, or helm is newer', () => {
  const [old, now] = [settings('{mode: old}'), settings('{mode: now}')];
  const IN_SYNC = { state: 'in-sync', findings: [] };

  test('is judged as it was deployed, until the next upgrade', async () => {
    const { check } = release();
    assert.deepEqual(await check(old, byHelm(old), CHART), { ...IN_SYNC, isAgainstTip: true });
    assert.deepEqual(await check(now, byHelm(old), CHART), { ...IN_SYNC, isAgainstTip: false });
    assert.deepEqual(await check(now, byHelm(now), CHART), { ...IN_SYNC, isAgainstTip: true });
    // What was deployed before is no state that it may fall back to.
    assert.equal((await check(now, byHelm(old), CHART)).state, 'drift');
  });

  test('shows what a person changed, and nothing else', async () => {
    const { check } = release();
    await check(old, byHelm(old), CHART);
    assert.deepEqual(await check(now, edited, CHART), {
      state: 'drift',
      findings: ['data.mine'],
      isAgainstTip: false,
    });
  });

  test('and differs as much from both: nothing new is in Git that it could be on its way to', async () => {
    const { check } = release();
    await check(old, byHelm(old), CHART);
    const mine = ownedBy(settings('{mode: mine}'), [
      'kubectl-edit',
      { 'f:data': { 'f:mode': {} } },
      { operation: 'Update' },
    ]);
    assert.deepEqual(await check(now, mine, CHART), {
      state: 'drift',
      findings: ['data.mode'],
      isAgainstTip: false,
    });
  });

  test('and another chart is a rollout like any other', async () => {
    const { check } = release();
    await check(old, byHelm(old), CHART);
    const after = await check(now, byHelm(old), OTHER_CHART);
    assert.deepEqual(after, { state: 'rollout', findings: ['data.mode'], isAgainstTip: true });
  });
});

describe('what nobody owns', () => {
  const workload = (version: number) =>
    object(
      `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:${version}"}]}}}}`,
    );
  const CONTAINERS = ['spec', 'template', 'spec', 'containers'];
  const withSidecar = (live: KubernetesObject) =>
    put(live, [...CONTAINERS, 1], { name: 'sidecar', image: 'sidecar:1' });
  const paused = (live: KubernetesObject) => put(live, ['spec', 'minReadySeconds'], 5);
  const applied = (live: KubernetesObject) =>
    ownedBy(live, [
      'helm',
      {
        'f:spec': {
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
          },
        },
      },
    ]);
  const SIDECAR = 'spec.template.spec.containers[name=sidecar]';

  test('and is there at the first check after a rollout was put there at admission', async () => {
    const { check } = release();
    assert.equal((await check(workload(1), applied(withSidecar(workload(1))), CHART)).state, 'in-sync');
    assert.equal((await check(workload(1), applied(withSidecar(workload(1))), CHART)).state, 'in-sync');
    const next = await check(workload(2), applied(withSidecar(workload(2))), OTHER_CHART);
    assert.equal(next.state, 'in-sync');
  });

  test('and came between two rollouts is no work of admission because of the next one', async () => {
    const { check } = release();
    await check(workload(1), applied(workload(1)), CHART);
    // Somebody has added a container, and taken his entry out of managedFields.
    const found = await check(workload(1), applied(withSidecar(workload(1))), CHART);
    assert.deepEqual(found.findings, [SIDECAR]);
    for (const _ of [1, 2]) {
      const next = await check(workload(2), applied(withSidecar(workload(2))), OTHER_CHART);
      assert.deepEqual(next.findings, [SIDECAR]);
    }
    assert.equal((await check(workload(2), applied(workload(2)), OTHER_CHART)).state, 'in-sync');
  });

  test('nor because of what admission puts beside it with the next one', async () => {
    const { check } = release();
    const both = applied(paused(withSidecar(workload(2))));
    await check(workload(1), applied(workload(1)), CHART);
    await check(workload(1), applied(withSidecar(workload(1))), CHART);
    for (const _ of [1, 2])
      assert.deepEqual((await check(workload(2), both, OTHER_CHART)).findings, [SIDECAR]);
    assert.equal((await check(workload(2), applied(paused(workload(2))), OTHER_CHART)).state, 'in-sync');
  });

  test('and was there at the rollout is not told with what came later', async () => {
    const { check } = release();
    for (const _ of [1, 2]) await check(workload(1), applied(paused(workload(1))), CHART);
    const found = await check(workload(1), applied(paused(withSidecar(workload(1)))), CHART);
    assert.deepEqual(found.findings, [SIDECAR]);
  });

  test('and is about nothing that runs is taken for that, where it comes before a rollout', async () => {
    const { check } = release();
    await check(workload(1), applied(workload(1)), CHART);
    assert.equal((await check(workload(1), applied(paused(workload(1))), CHART)).state, 'drift');
    assert.equal((await check(workload(2), applied(paused(workload(2))), OTHER_CHART)).state, 'in-sync');
  });
});
