import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Judgement, judgeSet } from '../../../../lib/drift/drift.ts';
import type { ObjectVerdict } from '../../../../lib/drift/verdicts.ts';
import type { Json, KubernetesObject } from '../../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../../oracles/schemas.ts';
import { findingsOf, object, objects, ownedBy, put, rendered, said } from '../judging.ts';

const schemas = await builtInSchemas();
const RELEASE = { namespace: 'shop', name: 'web' };

const DEPLOYMENT = object(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {team: a}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "a:1"}, {name: job, image: "j:1"}]}
`);
const IMAGES: readonly (readonly [number, string])[] = [
  [0, 'a:2'],
  [1, 'j:2'],
];
/** Scaled, and both images changed. */
const LIVE = IMAGES.reduce(
  (live, [index, image]) =>
    put(live, ['spec', 'template', 'spec', 'containers', index as unknown as string, 'image'], image),
  put(DEPLOYMENT, ['spec', 'replicas'], 4),
);
const ALL = [
  'changed spec.replicas',
  'changed spec.template.spec.containers[name=web].image',
  'changed spec.template.spec.containers[name=job].image',
];
const [REPLICAS = '', WEB = '', JOB = ''] = ALL;

function judged(
  desired: KubernetesObject,
  live: KubernetesObject | undefined,
  more: Partial<Judgement>,
): ObjectVerdict {
  const [verdict] = judgeSet({
    desired: [rendered(desired)],
    live: {
      find: () => (live === undefined ? { kind: 'absent' } : { kind: 'found', object: live }),
      owned: [],
    },
    schemas,
    deployer: 'flux',
    ownership: 'optional',
    ...more,
  });
  return verdict ?? assert.fail();
}

const helmRelease = (ignore: string) =>
  objects(`apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: shop.web, namespace: fairlead-staging}
spec: {releaseName: web, targetNamespace: shop, driftDetection: {mode: warn, ignore: ${ignore}}}`);
const application = (ignore: string) =>
  objects(`apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec: {destination: {namespace: shop}, ignoreDifferences: ${ignore}}`);

const FLUX: readonly (readonly [string, readonly string[]])[] = [
  ['[{paths: [/spec/replicas]}]', [WEB, JOB]],
  ['[{paths: [/spec/replicas], target: {kind: Deployment}}]', [WEB, JOB]],
  ['[{paths: [/spec/replicas], target: {kind: Deploy}}]', ALL],
  ['[{paths: [/spec/replicas], target: {kind: "Deploy.*"}}]', [WEB, JOB]],
  [
    '[{paths: [/spec/replicas], target: {kind: "(Deployment|StatefulSet)", group: apps, version: v1}}]',
    [WEB, JOB],
  ],
  ['[{paths: [/spec/replicas], target: {group: extensions}}]', ALL],
  ['[{paths: [/spec/replicas], target: {name: "w.b", namespace: shop}}]', [WEB, JOB]],
  ['[{paths: [/spec/replicas], target: {namespace: prod}}]', ALL],
  ['[{paths: [/spec/replicas], target: {labelSelector: "app in (web)"}}]', [WEB, JOB]],
  ['[{paths: [/spec/replicas], target: {labelSelector: "app notin (web)"}}]', ALL],
  ['[{paths: [/spec/replicas], target: {annotationSelector: "team=a"}}]', [WEB, JOB]],
  ['[{paths: [/spec/template/spec/containers/1/image]}]', [REPLICAS, WEB]],
  ['[{paths: [""]}]', []],
  ['[{paths: [""], target: {kind: Job}}]', ALL],
  // What Flux itself would fail on ignores nothing, and says so.
  ['[{paths: [/spec/replicas], target: {kind: "("}}]', ALL],
  ['[{paths: [/spec/replicas], target: {labelSelector: "a b"}}]', ALL],
  ['all', ALL],
];

const ARGO: readonly (readonly [string, readonly string[]])[] = [
  ['[{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}]', [WEB, JOB]],
  ['[{kind: Deployment, jsonPointers: [/spec/replicas]}]', ALL],
  ['[{group: "*", kind: "*", jsonPointers: [/spec/replicas]}]', [WEB, JOB]],
  [
    '[{group: apps, kind: Deployment, name: web, namespace: shop, jsonPointers: [/spec/replicas]}]',
    [WEB, JOB],
  ],
  ['[{group: apps, kind: Deployment, name: "w*", jsonPointers: [/spec/replicas]}]', ALL],
  [
    '[{group: apps, kind: Deployment, jqPathExpressions: [".spec.template.spec.containers[].image"]}]',
    [REPLICAS],
  ],
  [
    `[{group: apps, kind: Deployment, jqPathExpressions: ['.spec.template.spec.containers[] | select(.name == "job") | .image']}]`,
    [REPLICAS, WEB],
  ],
  ['[{group: apps, kind: Deployment, managedFieldsManagers: [scaler]}]', [WEB, JOB]],
  // A manager's name alone excuses no image: anyone can take it.
  ['[{group: apps, kind: Deployment, managedFieldsManagers: [editor]}]', ALL],
  ['[{group: apps, kind: Deployment, jqPathExpressions: [".. | select(.x)"]}]', ALL],
];

const OWNED = ownedBy(
  LIVE,
  ['scaler', { 'f:spec': { 'f:replicas': {} } }],
  [
    'editor',
    {
      'f:spec': {
        'f:template': {
          'f:spec': {
            'f:containers': { 'k:{"name":"web"}': { 'f:image': {} }, 'k:{"name":"job"}': { 'f:image': {} } },
          },
        },
      },
    } as Json,
  ],
);

describe("the deployers' own ignore rules", () => {
  for (const [ignore, left] of FLUX)
    test(`HelmRelease ${ignore} leaves ${left.length} of 3`, () => {
      const verdict = judged(DEPLOYMENT, LIVE, { release: RELEASE, alsoDeclared: helmRelease(ignore) });
      assert.deepEqual(said(verdict), left);
    });
  for (const [ignore, left] of ARGO)
    test(`Application ${ignore} leaves ${left.length} of 3`, () => {
      const verdict = judged(DEPLOYMENT, OWNED, {
        release: RELEASE,
        alsoDeclared: application(ignore),
        deployer: 'argocd',
      });
      assert.deepEqual(said(verdict), left);
    });

  test('what is ignored is a note that says where the rule stands', () => {
    const verdict = judged(DEPLOYMENT, put(DEPLOYMENT, ['spec', 'replicas'], 4), {
      release: RELEASE,
      alsoDeclared: helmRelease('[{paths: [/metadata]}, {paths: [/spec/replicas]}]'),
    });
    assert.ok(verdict.kind === 'in-sync');
    assert.deepEqual(verdict.notes, [
      'spec.replicas is ignored, as HelmRelease.spec.driftDetection.ignore[1] says',
    ]);
  });

  test('what is not understood is said with what it may have been meant to ignore', () => {
    const verdict = judged(DEPLOYMENT, LIVE, {
      release: RELEASE,
      deployer: 'argocd',
      alsoDeclared: application('[{group: apps, kind: Deployment, jqPathExpressions: ["..|.image?"]}]'),
    });
    assert.equal(
      findingsOf(verdict)[0]?.note,
      'Application.spec.ignoreDifferences[0]: jqPathExpressions "..|.image?" is not understood here, and ignores nothing',
    );
  });

  test('the rules of one release are not those of another', () => {
    const alsoDeclared = helmRelease('[{paths: [""]}]');
    assert.deepEqual(
      said(judged(DEPLOYMENT, LIVE, { release: { ...RELEASE, name: 'api' }, alsoDeclared })),
      ALL,
    );
    assert.deepEqual(said(judged(DEPLOYMENT, LIVE, { alsoDeclared })), ALL);
    const deployedBy = {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      namespace: 'fairlead-staging',
      name: 'shop.web',
    };
    assert.deepEqual(
      said(judged(DEPLOYMENT, LIVE, { release: { ...RELEASE, name: 'hashed', deployedBy }, alsoDeclared })),
      [],
    );
  });

  test('a Kustomization’s rules hold for what it applies, as Git says, and not as somebody labels it in the cluster', () => {
    const alsoDeclared = objects(`apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {ignore: [{paths: [/spec/replicas], target: {kind: Deployment}}]}`);
    const of = (one: KubernetesObject, name: string) =>
      ({
        ...one,
        metadata: {
          ...one.metadata,
          labels: {
            ...one.metadata.labels,
            'kustomize.toolkit.fluxcd.io/name': name,
            'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
          },
        },
      }) as KubernetesObject;
    const labelled = (desired: string, live: string) =>
      said(judged(of(DEPLOYMENT, desired), of(LIVE, live), { alsoDeclared }));
    assert.deepEqual(labelled('apps', 'apps'), [WEB, JOB]);
    assert.deepEqual(labelled('others', 'others'), ALL);
    assert.deepEqual(labelled('others', 'apps'), [
      "changed metadata.labels['kustomize.toolkit.fluxcd.io/name']",
      ...ALL,
    ]);
  });
});

const marked = (name: string, value: string, as: 'annotations' | 'labels' = 'annotations') =>
  put(DEPLOYMENT, ['metadata', as], { ...DEPLOYMENT.metadata[as], [name]: value });

describe('what an object in Git asks of its deployer', () => {
  const left = (
    name: string,
    value: string,
    live: KubernetesObject | undefined,
    more: Partial<Judgement>,
  ) => {
    const desired = marked(name, value);
    const found = live && put(live, ['metadata', 'annotations'], desired.metadata.annotations as Json);
    return said(judged(desired, found, more));
  };
  const ADDED = put(DEPLOYMENT, ['metadata', 'labels', 'extra'], 'x');

  for (const [name, value, release, expected] of [
    ['helm.toolkit.fluxcd.io/driftDetection', 'disabled', RELEASE, { changed: [], missing: [], added: [] }],
    ['kustomize.toolkit.fluxcd.io/reconcile', 'disabled', undefined, { changed: [], missing: [], added: [] }],
    ['kustomize.toolkit.fluxcd.io/reconcile', 'Disabled', undefined, { changed: [], missing: [], added: [] }],
    ['kustomize.toolkit.fluxcd.io/ssa', 'Ignore', undefined, { changed: [], missing: [], added: [] }],
    [
      'kustomize.toolkit.fluxcd.io/ssa',
      'IfNotPresent',
      undefined,
      { changed: [], missing: ['missing'], added: [] },
    ],
    [
      'kustomize.toolkit.fluxcd.io/ssa',
      'merge',
      undefined,
      { changed: ALL, missing: ['missing'], added: [] },
    ],
    // Of these the verdict does not depend.
    [
      'kustomize.toolkit.fluxcd.io/force',
      'enabled',
      undefined,
      { changed: ALL, missing: ['missing'], added: ['added metadata.labels.extra'] },
    ],
    [
      'kustomize.toolkit.fluxcd.io/prune',
      'disabled',
      undefined,
      { changed: ALL, missing: ['missing'], added: ['added metadata.labels.extra'] },
    ],
    [
      'argocd.argoproj.io/compare-options',
      'ServerSideDiff=true',
      undefined,
      { changed: ALL, missing: ['missing'], added: ['added metadata.labels.extra'] },
    ],
    // Read by the other controller.
    [
      'kustomize.toolkit.fluxcd.io/reconcile',
      'disabled',
      RELEASE,
      { changed: ALL, missing: ['missing'], added: ['added metadata.labels.extra'] },
    ],
    [
      'helm.toolkit.fluxcd.io/driftDetection',
      'disabled',
      undefined,
      { changed: ALL, missing: ['missing'], added: ['added metadata.labels.extra'] },
    ],
  ] as const)
    test(`${name}: ${value}, ${release === undefined ? 'among manifests' : 'in a release'}`, () => {
      const more = release === undefined ? {} : { release };
      assert.deepEqual(left(name, value, LIVE, more), expected.changed);
      assert.deepEqual(
        left(name, value, undefined, more).map((line) => line.trim()),
        expected.missing,
      );
      assert.deepEqual(left(name, value, ADDED, more), expected.added);
    });

  test('only what Git declares counts: the same annotation put on by hand is a finding itself', () => {
    const live = put(LIVE, ['metadata', 'annotations'], {
      team: 'a',
      'kustomize.toolkit.fluxcd.io/reconcile': 'disabled',
    });
    assert.ok(said(judged(DEPLOYMENT, live, {})).length >= ALL.length);
  });
});

describe('an orphan', () => {
  const orphan = (annotations: Record<string, string>, deployer: 'flux' | 'argocd') => {
    const tracking = 'argocd.argoproj.io/tracking-id';
    const marks: Record<string, string> =
      deployer === 'flux'
        ? { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'shop' }
        : { [tracking]: 'staging.shop.web:apps/Deployment:shop/web' };
    return judgeSet({
      desired: [],
      live: {
        find: () => ({ kind: 'absent' }),
        owned: [put(DEPLOYMENT, ['metadata', 'annotations'], { ...marks, ...annotations })],
      },
      schemas,
      deployer,
      release: RELEASE,
    }).length;
  };
  for (const [deployer, annotations, expected] of [
    ['flux', {}, 1],
    ['flux', { 'helm.sh/resource-policy': 'keep' }, 0],
    ['flux', { 'helm.sh/resource-policy': 'drop' }, 1],
    ['flux', { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' }, 0],
    ['argocd', {}, 1],
    ['argocd', { 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' }, 0],
    ['argocd', { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true,IgnoreExtraneous' }, 0],
    ['argocd', { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true' }, 1],
  ] as const)
    test(`${deployer} with ${JSON.stringify(annotations)}: ${expected === 0 ? 'kept' : 'extra'}`, () =>
      assert.equal(orphan(annotations, deployer), expected));
});
