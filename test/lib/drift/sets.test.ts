import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Found, type Judgement, judgeSet } from '../../../lib/drift/drift.ts';
import { identityOf, type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { object, objects, rendered, said } from './judging.ts';

const schemas = await builtInSchemas();
const RELEASE = { namespace: 'shop', name: 'web' };

function verdicts(
  desired: Judgement['desired'],
  live: readonly KubernetesObject[],
  more: Partial<Judgement> & {
    readonly otherwise?: Found;
    readonly owned?: readonly KubernetesObject[];
  } = {},
) {
  const byIdentity = new Map(live.map((entry) => [identityOf(referenceOf(entry)), entry]));
  const { otherwise = { kind: 'absent' }, owned = [], ...rest } = more;
  return judgeSet({
    desired,
    live: {
      find: (reference) => {
        const entry = byIdentity.get(identityOf(reference));
        return entry === undefined ? otherwise : { kind: 'found', object: entry };
      },
      owned,
    },
    schemas,
    deployer: 'none',
    release: RELEASE,
    ownership: 'optional',
    ...rest,
  });
}

const CONFIG = object(
  '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, data: {a: b}}',
);

describe('a set of objects', () => {
  test('what is absent is missing', () => {
    assert.deepEqual(verdicts([rendered(CONFIG)], []).flatMap(said), ['missing ']);
  });
  test('a kind that is not served is missing for that reason', () => {
    const [verdict] = verdicts([rendered(CONFIG)], [], { otherwise: { kind: 'not-served' } });
    assert.equal(verdict?.kind === 'drift' && verdict.findings[0]?.note, 'kind not served');
  });
  test('what could not be read is unknown, never drift and never in sync', () => {
    const reason = 'configmaps is forbidden';
    const [verdict] = verdicts([rendered(CONFIG)], [], {
      otherwise: { kind: 'unknown', reason, rule: 'list configmaps' },
    });
    assert.deepEqual(verdict, {
      kind: 'unknown',
      object: referenceOf(CONFIG),
      reason,
      rule: 'list configmaps',
    });
  });
  test('a hook carries no verdict', () => {
    assert.deepEqual(verdicts([rendered(CONFIG, { role: 'hook' })], []), []);
  });
  test('an object that is rendered twice counts once, the last', () => {
    const other = { ...CONFIG, data: { a: 'other' } };
    assert.deepEqual(
      verdicts([rendered(other), rendered(CONFIG)], [CONFIG]).map(({ kind }) => kind),
      ['in-sync'],
    );
  });
  test('an object that the server names carries no verdict', () => {
    const generated = object('{apiVersion: batch/v1, kind: Job, metadata: {generateName: x-}}');
    assert.deepEqual(verdicts([rendered(generated)], []), []);
  });
  test('a Job that goes by itself may be gone', () => {
    const job = object(
      '{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {ttlSecondsAfterFinished: 100}}',
    );
    assert.deepEqual(
      verdicts([rendered(job)], []).map(({ kind }) => kind),
      ['in-sync'],
    );
  });
  // The TTL controller deletes in the foreground: the Job is there until its Pods are gone.
  test('a Job that goes by itself may be on its way out, and another may not', () => {
    const leaving = (
      name: string,
      spec: string,
      labels: Record<string, string> = {},
      ...finalizers: string[]
    ) => {
      const job = object(`{apiVersion: batch/v1, kind: Job, metadata: {name: ${name}}, spec: ${spec}}`);
      const metadata = {
        ...job.metadata,
        ...(Object.keys(labels).length === 0 ? {} : { labels }),
        deletionTimestamp: '2026-11-21T12:00:00Z',
        finalizers: ['foregroundDeletion', ...finalizers],
        managedFields: [
          {
            manager: 'helm',
            operation: 'Update',
            apiVersion: 'batch/v1',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:spec': { 'f:ttlSecondsAfterFinished': {} } },
          },
        ],
      };
      return verdicts([rendered(job)], [{ ...job, metadata }]).map(({ kind }) => kind);
    };
    assert.deepEqual(leaving('short', '{ttlSecondsAfterFinished: 0}'), ['in-sync']);
    assert.deepEqual(leaving('lasting', '{}'), ['drift']);
    assert.deepEqual(leaving('touched', '{ttlSecondsAfterFinished: 0}', { team: 'mine' }), ['drift']);
    assert.deepEqual(leaving('held', '{ttlSecondsAfterFinished: 0}', {}, 'team.example.com/hold'), ['drift']);
  });
  test('an object whose name is rendered anew each time may be gone', () => {
    const [verdict] = verdicts([rendered(CONFIG, { unstable: ['/metadata/name'] })], []);
    assert.equal(verdict?.kind, 'in-sync');
  });
});

describe('orphans', () => {
  const mine = (more: string) =>
    object(`{apiVersion: v1, kind: ConfigMap, metadata: {name: old, namespace: shop${more}}}`);
  const marks = 'meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: shop';
  const cases: readonly (readonly [string, string, number])[] = [
    ['with both marks is extra', `, annotations: {${marks}}`, 1],
    ['with one mark is not', ', annotations: {meta.helm.sh/release-name: web}', 0],
    [
      'of another release is not',
      ', annotations: {meta.helm.sh/release-name: api, meta.helm.sh/release-namespace: shop}',
      0,
    ],
    [
      'that a controller made is not',
      `, annotations: {${marks}}, ownerReferences: [{controller: true, uid: x, kind: D, name: d}]`,
      0,
    ],
    ['that is kept by policy is not', `, annotations: {${marks}, helm.sh/resource-policy: keep}`, 0],
    ['that is a hook is not', `, annotations: {${marks}, helm.sh/hook: test}`, 0],
  ];
  for (const [what, more, expected] of cases)
    test(`an object ${what}`, () => {
      const extra = verdicts([rendered(CONFIG)], [CONFIG], { owned: [CONFIG, mine(more)] }).flatMap(said);
      assert.deepEqual(extra, Array(expected).fill('extra '));
    });
  test('of Argo CD carries its own tracking id, not a copied one', () => {
    const tracked = (id: string) => mine(`, annotations: {argocd.argoproj.io/tracking-id: "${id}"}`);
    const extra = (id: string) => verdicts([], [], { owned: [tracked(id)], deployer: 'argocd' }).length;
    assert.equal(extra('web:/ConfigMap:shop/old'), 1);
    assert.equal(extra('web:apps/Deployment:shop/web'), 0);
  });
});

describe('replicas', () => {
  const workload = (replicas: string) =>
    object(
      `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {${replicas}selector: {matchLabels: {a: b}}}}`,
    );
  const [hpa, scaled, canary, moved, kept] = objects(`
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: shop}, spec: {minReplicas: 2, maxReplicas: 8, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}
---
{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: s, namespace: shop}, spec: {maxReplicaCount: 8, scaleTargetRef: {name: web}}}
---
{apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: c, namespace: shop}, spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}
---
{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: r, namespace: shop}, spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web, scaleDown: onsuccess}}}
---
{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: r, namespace: shop}, spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}
`);
  type Scalers = readonly (KubernetesObject | undefined)[];
  const cases: readonly (readonly [string, string, string, Scalers, number])[] = [
    ['declared, and an HPA within its bounds', 'replicas: 2, ', 'replicas: 5, ', [hpa], 0],
    ['declared, and an HPA beyond its bounds', 'replicas: 2, ', 'replicas: 9, ', [hpa], 1],
    ['declared, and nothing that scales', 'replicas: 2, ', 'replicas: 5, ', [], 1],
    ['declared, and zero under an HPA', 'replicas: 2, ', 'replicas: 0, ', [hpa], 1],
    ['declared, and zero under a ScaledObject', 'replicas: 2, ', 'replicas: 0, ', [scaled], 0],
    ['left out, and any number', '', 'replicas: 7, ', [], 0],
    ['left out, and zero', '', 'replicas: 0, ', [], 1],
    ['left out, and zero under a ScaledObject', '', 'replicas: 0, ', [scaled], 0],
    ['left out, and zero between two analyses of a Canary', '', 'replicas: 0, ', [canary], 0],
    ['declared, and zero between two analyses of a Canary', 'replicas: 2, ', 'replicas: 0, ', [canary], 0],
    ['declared, and another number under a Canary', 'replicas: 2, ', 'replicas: 5, ', [canary], 1],
    [
      'declared, and within the bounds of an HPA under a Canary',
      'replicas: 2, ',
      'replicas: 5, ',
      [hpa, canary],
      0,
    ],
    ['declared, and zero under a Canary with an HPA', 'replicas: 2, ', 'replicas: 0, ', [canary, hpa], 0],
    ['left out, and zero for a Rollout that has taken over', '', 'replicas: 0, ', [moved], 0],
    ['left out, and zero for a Rollout that leaves it alone', '', 'replicas: 0, ', [kept], 1],
  ];
  for (const [what, desired, live, scalers, expected] of cases)
    test(what, () => {
      const alsoDeclared = scalers.filter((scaler) => scaler !== undefined);
      const found = verdicts([rendered(workload(desired))], [workload(live)], { alsoDeclared }).flatMap(said);
      assert.equal(found.length, expected);
    });
});

describe('what the deployer was told to leave alone', () => {
  const declared = object(
    '{apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop}, spec: {sessionAffinity: ClientIP}}',
  );
  const live = object(
    '{apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop}, spec: {sessionAffinity: None}}',
  );
  const flux = (ignore: string) =>
    object(
      `{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: shop.web, namespace: fairlead-staging}, spec: {releaseName: web, targetNamespace: shop, driftDetection: {ignore: [${ignore}]}}}`,
    );
  const argo = (ignore: string) =>
    object(
      `{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: web, namespace: argocd}, spec: {destination: {namespace: shop}, ignoreDifferences: [${ignore}]}}`,
    );
  const cases: readonly (readonly [string, KubernetesObject, number])[] = [
    ['a path in a HelmRelease', flux('{paths: [/spec/sessionAffinity], target: {kind: Service}}'), 0],
    ['a path of another kind', flux('{paths: [/spec/sessionAffinity], target: {kind: Deployment}}'), 1],
    ['another path', flux('{paths: [/spec/type]}'), 1],
    ['a whole object', flux('{paths: [""], target: {name: s}}'), 0],
    ['a pointer in an Application', argo('{kind: Service, jsonPointers: [/spec/sessionAffinity]}'), 0],
    ['a plain path of jq', argo('{group: "*", kind: "*", jqPathExpressions: [.spec.sessionAffinity]}'), 0],
    [
      'a path of jq that we do not understand',
      argo('{kind: Service, jqPathExpressions: [".spec | to_entries"]}'),
      1,
    ],
  ];
  for (const [what, rule, expected] of cases)
    test(what, () => {
      const found = verdicts([rendered(declared)], [live], { alsoDeclared: [rule] }).flatMap(said);
      assert.equal(found.length, expected);
    });
});
