import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { judgeSet, type Schemas } from '../../../lib/drift/drift.ts';
import type { Json, KubernetesObject } from '../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { judge, object, ownedBy, rendered, said } from './judging.ts';

let schemas: Schemas;
before(async () => {
  schemas = await builtInSchemas();
});

const settings = (data: string) =>
  object(`{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: ${data}}`);
const password = (data: string) =>
  object(`{apiVersion: v1, kind: Secret, metadata: {name: web}, type: Opaque, ${data}}`);
const data = (...names: string[]): Json => ({
  'f:data': Object.fromEntries(names.map((name) => [`f:${name}`, {}])),
});
const later = { time: '2026-11-01T10:00:05Z' };
const patched = { operation: 'Update', ...later };

describe('what only some renders hold may be there or not', () => {
  const some: Partial<RenderedObject> = { unstable: ['/data/mode'], sometimes: ['/data/mode'] };
  const CASES = [
    ['declared and absent', '{a: b, mode: first}', '{a: b}', ownedByHelm('a'), []],
    [
      'absent in Git, and put there by the deployer',
      '{a: b}',
      '{a: b, mode: again}',
      ownedByHelm('a', 'mode'),
      [],
    ],
    [
      'absent in Git, and put there by a person',
      '{a: b}',
      '{a: b, mode: mine}',
      [...ownedByHelm('a'), ['kubectl-patch', data('mode'), patched]],
      ['added data.mode'],
    ],
    ['another key is declared and absent', '{a: b, mode: first}', '{}', ownedByHelm('a'), ['changed data.a']],
  ] as const;
  for (const [what, desired, live, owners, expected] of CASES) {
    test(what, () => {
      const found = ownedBy(settings(live), ...owners);
      assert.deepEqual(said(judge(settings(desired), found, { schemas, rendered: some })), expected);
    });
  }
});

type Entry = Parameters<typeof ownedBy>[1];

function ownedByHelm(...names: string[]): Entry[] {
  return [['helm', data(...names)]];
}

describe('a password that is made with each render', () => {
  const desired = password('stringData: {key: one}');
  const live = password('data: {key: dHdv}');
  const unstable = { unstable: ['/stringData/key'] };
  const byHelm = { 'f:stringData': { 'f:key': {} } };
  const CASES: readonly (readonly [string, Parameters<typeof ownedBy>[1][], readonly string[]])[] = [
    ['holds whatever it is', [['helm', byHelm]], []],
    [
      'and was changed by hand since',
      [
        ['helm', byHelm],
        ['kubectl-patch', data('key'), patched],
      ],
      ['changed data.key'],
    ],
    [
      'and was written over by the deployer since',
      [
        ['helm', byHelm, later],
        ['kubectl-patch', data('key'), { operation: 'Update' }],
      ],
      [],
    ],
    [
      'and was changed in the same second',
      [
        ['helm', byHelm],
        ['kubectl-patch', data('key'), { operation: 'Update' }],
      ],
      ['changed data.key'],
    ],
    [
      'and the deployer wrote over other keys',
      [
        ['helm', { 'f:stringData': { 'f:other': {} } }, later],
        ['kubectl-patch', data('key'), { operation: 'Update' }],
      ],
      ['changed data.key'],
    ],
  ];
  for (const [what, owners, expected] of CASES) {
    test(what, () => {
      assert.deepEqual(
        said(judge(desired, ownedBy(live, ...owners), { schemas, rendered: unstable })),
        expected,
      );
    });
  }
});

describe('what a chart found in the cluster', () => {
  const desired = password('data: {key: b25l}');
  const live = password('data: {key: dHdv}');
  const looking = { usesLookup: true };
  const CASES: readonly (readonly [string, Parameters<typeof ownedBy>[1][], readonly string[]])[] = [
    ['is its own answer', [['helm', data('key')]], []],
    [
      'was changed by hand since',
      [
        ['helm', {}],
        ['kubectl-patch', data('key'), patched],
      ],
      ['changed data.key'],
    ],
    // The way out that alerts name: the upgrade finds the changed value and applies it.
    [
      'was changed by hand and applied by the deployer since',
      [
        ['helm', data('key'), later],
        ['kubectl-patch', data('key'), { operation: 'Update' }],
      ],
      [],
    ],
    [
      'was changed by hand under a deployer that only updates',
      [
        ['helm', {}, { operation: 'Update', ...later }],
        ['kubectl-patch', data('key'), patched],
      ],
      ['changed data.key'],
    ],
  ];
  for (const [what, owners, expected] of CASES) {
    test(what, () => {
      assert.deepEqual(
        said(judge(desired, ownedBy(live, ...owners), { schemas, rendered: looking })),
        expected,
      );
    });
  }
});

describe('an object whose name is made with each render', () => {
  const MARKS = 'annotations: {meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: shop}';
  const run = (name: string, text = 'b', created = '2026-11-01T10:00:00Z') => {
    const made = object(
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, namespace: shop, ${MARKS}}, data: {a: ${text}}}`,
    );
    const owned = ownedBy(made, [
      'helm',
      { 'f:metadata': { 'f:annotations': {} }, ...(data('a') as object) },
    ]);
    return { ...owned, metadata: { ...owned.metadata, creationTimestamp: created } };
  };
  const anew: Partial<RenderedObject> = {
    unstable: ['/metadata/name'],
    unstableName: { starts: 'run-', ends: '' },
  };
  const verdicts = (owned: readonly KubernetesObject[], more: Partial<RenderedObject> = anew) =>
    judgeSet({
      desired: [
        rendered(
          object(
            `{apiVersion: v1, kind: ConfigMap, metadata: {name: run-abc, namespace: shop, ${MARKS}}, data: {a: b}}`,
          ),
          more,
        ),
      ],
      live: { find: () => ({ kind: 'absent' }), owned },
      schemas,
      deployer: 'none',
      release: { namespace: 'shop', name: 'web' },
    }).flatMap((verdict) =>
      verdict.kind === 'drift' ? said(verdict).map((text) => `${verdict.object.name}: ${text.trim()}`) : [],
    );

  test('is found by the rest of it', () => {
    assert.deepEqual(verdicts([run('run-xyz')]), []);
  });
  test('is compared', () => {
    assert.deepEqual(verdicts([run('run-xyz', 'other')]), ['run-xyz: changed data.a']);
  });
  test('is the newest; what is left of older ones is no longer declared', () => {
    const older = run('run-old', 'b', '2026-10-01T10:00:00Z');
    assert.deepEqual(verdicts([older, run('run-xyz')]), ['run-old: extra']);
  });
  test('is no other', () => {
    assert.deepEqual(verdicts([run('walk-xyz')]), ['walk-xyz: extra']);
  });
});

test('what the cluster allocates may be declared as empty', () => {
  const service = (spec: string) =>
    object(`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: ${spec}}`);
  const desired = service('{clusterIP: "", ports: [{port: 80, nodePort: 0}], type: NodePort}');
  const live = service(
    '{clusterIP: 10.0.0.7, clusterIPs: [10.0.0.7], ports: [{port: 80, protocol: TCP, targetPort: 80, nodePort: 30001}], type: NodePort}',
  );
  const owner = {
    'f:spec': {
      'f:clusterIP': {},
      'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:nodePort': {} } },
    },
  };
  assert.deepEqual(said(judge(desired, ownedBy(live, ['helm', owner]), { schemas })), []);
  assert.deepEqual(said(judge(desired, ownedBy(live, ['kubectl-edit', owner, patched]), { schemas })), [
    'changed spec.clusterIP',
    'changed spec.ports[port=80,protocol=TCP].nodePort',
  ]);
});
