import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeScope } from '../../../lib/checks/judge-scope.ts';
import type { CheckMemory, RememberedScope } from '../../../lib/checks/memory.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import type { Found } from '../../../lib/drift/drift.ts';
import { inForce } from '../../../lib/drift/rules/judge.ts';
import { identityOf, type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { targetOf } from '../../fixtures/cluster-repository.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { object } from '../drift/judging.ts';

const schemas = await builtInSchemas();
const ORPHAN = object(`
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  annotations: {meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: shop}
`);
const RULE = '- apiGroups: [""]\n  resources: ["services"]\n  verbs: ["get", "list"]';
const FORBIDDEN: Found = { kind: 'unknown', reason: 'may not be read (403)', rule: RULE };

test('an orphan whose kind may not be read any more is not gone: it is not judged, and named', async () => {
  let remembered: RememberedScope = { kinds: ['v1/Service'] };
  const memory: CheckMemory = {
    admissions: 'remembered',
    history: async () => 'checked-before',
    read: async () => new Map(),
    write: async (_scope, after) => {
      remembered = after;
    },
  };
  const render = digestOf('nothing any more');
  const rendering = { kind: 'rendered', render } as const;
  const check = async (marked: readonly KubernetesObject[], found: Found) => {
    const { state } = await judgeScope(
      {
        scope: { kind: 'release', namespace: 'shop', name: 'web' },
        name: 'shop/web',
        release: { namespace: 'shop', name: 'web', suspended: false, rendering },
        tip: { kind: 'rendered', render, objects: [] },
        remembered,
      },
      {
        live: { find: () => found, all: () => [], marked: () => marked, schemas },
        canRun: false,
        history: 'first-check',
        speaking: new Set(),
        everything: { informing: [], identities: new Set() },
        rules: inForce([], '2026-11-21'),
      },
      {
        target: targetOf({ deployer: 'none' }),
        desired: {
          ...{ schema: 1, target: 'staging', commit: 'c'.repeat(40) },
          committedAt: '2026-11-21T11:00:00Z',
          releases: [],
        },
        sequence: 1,
        now: '2026-11-21T12:00:00Z',
      },
      memory,
    );
    return state;
  };
  assert.equal((await check([], FORBIDDEN)).kind, 'in-sync', 'nothing was known of it');
  assert.equal((await check([ORPHAN], { kind: 'found', object: ORPHAN })).kind, 'drift');
  for (const turn of ['at once', 'and for good']) {
    const hidden = await check([], FORBIDDEN);
    assert.ok(hidden.kind === 'unknown', turn);
    assert.deepEqual(hidden.objects, [identityOf(referenceOf(ORPHAN))], turn);
    assert.equal(hidden.rule, RULE);
  }
  assert.equal((await check([ORPHAN], { kind: 'found', object: ORPHAN })).kind, 'drift');
  assert.equal((await check([], { kind: 'absent' })).kind, 'in-sync');
  assert.equal((await check([], FORBIDDEN)).kind, 'in-sync', 'it is gone, and forgotten');
});
