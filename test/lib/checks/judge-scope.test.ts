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
import { object, ownedBy, rendered } from '../drift/judging.ts';

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

  test('and another chart is a rollout like any other', async () => {
    const { check } = release();
    await check(old, byHelm(old), CHART);
    const after = await check(now, byHelm(old), OTHER_CHART);
    assert.deepEqual(after, { state: 'rollout', findings: ['data.mode'], isAgainstTip: true });
  });
});
