import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { bootstrapDocuments, formatBootstrap } from '../../lib/bootstrap/bootstrap.ts';
import type { ConfigInput, Repository, Target } from '../../lib/config/config.ts';
import { groupOf, type KubernetesObject } from '../../lib/objects/objects.ts';
import { findArgocdProject, findDeployers } from '../../local/control-plane/deployers.ts';
import { cacheFolder } from '../../local/tools.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { chartPackage, pipeline } from '../lib/uploads/pipeline.ts';
import { requirement } from '../requirements.ts';

/**
 * What is written for Argo CD and Flux is what their published definitions take, field by field, and what Argo CD's
 * projects permit is what is meant.
 */
const IN_CLUSTER = 'https://kubernetes.default.svc';
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const CREDENTIALS: readonly Pick<Repository, 'url' | 'readCredential'>[] = [
  { url: 'https://git.example.com/c.git', readCredential: { kind: 'none' } },
  { url: 'https://git.example.com/c.git', readCredential: { kind: 'token', secret: 's', username: 'u' } },
  {
    url: 'https://github.com/o/c',
    readCredential: {
      kind: 'github-app',
      appId: '1',
      installationId: 2,
      secret: 's',
      api: 'https://api.github.com',
    },
  },
  {
    url: 'ssh://git@git.example.com/c.git',
    readCredential: { kind: 'ssh', secret: 's', hostKeys: [HOST_KEY] },
  },
  {
    url: 'https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/c',
    readCredential: { kind: 'codecommit' },
  },
];

/** A target, and the files that two deliveries to it wrote for its deployer. */
async function delivered(input: Partial<ConfigInput['targets'][number]>) {
  const pipe = await pipeline({ target: { namespaces: ['shop', 'blog'], ...input } });
  try {
    for (const place of ['shop/web', 'blog/web.eu']) {
      await pipe.upload(`staging/${place}/web-1.0.0.tgz`, await chartPackage('web', '1.0.0'));
    }
    const [target] = pipe.parts.config.targets;
    assert.ok(target !== undefined);
    const files = pipe.git.git('ls-tree', '-r', '--name-only', 'main', 'fairlead/staging/apply').split('\n');
    return { target, files: files.map((file) => `${pipe.git.show(file)}\n`) };
  } finally {
    await pipe.stop();
  }
}

describe('published definitions take every field', requirement('deployers'), () => {
  let plane: TestControlPlane;
  before(async () => {
    const found = findDeployers(cacheFolder());
    assert.ok(found !== undefined);
    plane = await testControlPlane();
    const files = [...found.fluxDefinitions, ...found.argocdDefinitions].flatMap((file) => ['-f', file]);
    await plane.kubectl(['apply', '--server-side', ...files]);
    await plane.kubectl(['wait', '--for=condition=Established', ...files, '--timeout=60s']);
    await plane.kubectl(['create', 'namespace', 'argocd']);
  });
  after(() => plane.end());

  const strictly = (text: string) =>
    plane.kubectl(['apply', '--server-side', '--force-conflicts', '--validate=strict', '-f', '-'], text);

  for (const input of [
    { deployer: 'argocd' },
    { deployer: 'flux' },
    { deployer: 'flux', mutableVersions: true },
  ] as const) {
    test(`${JSON.stringify(input)}: of what bootstrap prints and of what a delivery commits`, async () => {
      const { target, files } = await delivered(input);
      for (const repository of CREDENTIALS) {
        for (const secrets of ['no-secrets', 'read-secrets'] as const) {
          await strictly(formatBootstrap({ target, repository, secrets }));
        }
      }
      assert.equal(files.length, input.deployer === 'flux' ? 4 : 2);
      for (const file of files) await strictly(file);
      // Nothing that was written was dropped or filled in otherwise.
      const kind = input.deployer === 'flux' ? 'helmrelease' : 'application';
      const [namespace, name] =
        input.deployer === 'flux' ? ['fairlead-staging', 'shop.web'] : ['argocd', 'staging.shop.web'];
      const live = JSON.parse(await plane.kubectl(['-n', namespace, 'get', kind, name, '-o', 'json']));
      const { chart, source } = live.spec;
      const path = 'fairlead/staging/releases/shop/web/chart';
      assert.equal(input.deployer === 'flux' ? chart.spec.chart : source.path, path);
    });

    test(`${JSON.stringify(input)}: a field that is no field is refused`, async () => {
      const { files } = await delivered(input);
      const [release = ''] = files.filter((file) => /kind: (HelmRelease|Application)/.test(file));
      await assert.rejects(
        strictly(release.replace(/^( +)releaseName:/m, '$1nameOfRelease:')),
        /unknown field|field not declared/,
      );
    });
  }

  test('applied twice, what bootstrap prints changes nothing', async () => {
    const { target } = await delivered({ deployer: 'argocd' });
    const [repository] = CREDENTIALS;
    assert.ok(repository !== undefined);
    const text = formatBootstrap({ target, repository, secrets: 'no-secrets' });
    await plane.kubectl(['apply', '-f', '-'], text);
    const said = await plane.kubectl(['apply', '-f', '-'], text);
    assert.deepEqual(
      said.split('\n').filter((line) => line !== '' && !line.endsWith(' unchanged')),
      [],
    );
  });
});

interface Wanted {
  readonly group: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly namespace: string;
}
const wanted = (apiVersion: string, kind: string, namespace?: string): Wanted => ({
  group: groupOf(apiVersion),
  kind,
  namespaced: namespace !== undefined,
  namespace: namespace ?? '',
});

describe("Argo CD's own library, asked as its sync asks it", requirement('argocd'), () => {
  function refusals(project: KubernetesObject, objects: readonly Wanted[]): readonly string[] {
    const { status, stdout, stderr } = spawnSync(findArgocdProject(cacheFolder()) ?? '', [], {
      input: JSON.stringify({ project, server: IN_CLUSTER, objects }),
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  }
  async function projectOf(name: string, input: Partial<ConfigInput['targets'][number]> = {}) {
    const pipe = await pipeline({ target: { deployer: 'argocd', namespaces: ['shop', 'blog'], ...input } });
    await pipe.stop();
    const [target] = pipe.parts.config.targets as readonly Target[];
    const [repository] = CREDENTIALS;
    assert.ok(target !== undefined && repository !== undefined);
    const found = bootstrapDocuments({ target, repository, secrets: 'no-secrets' }).find(
      ({ object }) => object.kind === 'AppProject' && object.metadata.name === name,
    );
    assert.ok(found !== undefined);
    return found.object;
  }

  test('a chart may write what charts hold, into the namespaces of the target', async () => {
    const project = await projectOf('fairlead-staging');
    const ordinary = [
      wanted('v1', 'ConfigMap', 'shop'),
      wanted('v1', 'Secret', 'blog'),
      wanted('apps/v1', 'Deployment', 'shop'),
      wanted('networking.k8s.io/v1', 'Ingress', 'shop'),
      wanted('rbac.authorization.k8s.io/v1', 'RoleBinding', 'shop'),
      wanted('monitoring.coreos.com/v1', 'ServiceMonitor', 'shop'),
    ];
    assert.deepEqual(
      refusals(project, ordinary),
      ordinary.map(() => ''),
    );
  });

  test("a chart that makes an Application is refused, in Argo CD's namespace and in its own", async () => {
    const project = await projectOf('fairlead-staging');
    const hostile = [
      wanted('argoproj.io/v1alpha1', 'Application', 'argocd'),
      wanted('argoproj.io/v1alpha1', 'Application', 'shop'),
      wanted('argoproj.io/v1alpha1', 'ApplicationSet', 'shop'),
      wanted('argoproj.io/v1alpha1', 'AppProject', 'argocd'),
      wanted('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'shop'),
      wanted('v1', 'ConfigMap', 'argocd'),
      wanted('v1', 'Secret', 'argocd'),
      wanted('v1', 'ConfigMap', 'kube-system'),
      wanted('v1', 'ConfigMap', 'shop-2'),
      wanted('v1', 'Namespace'),
      wanted('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'),
      wanted('apiextensions.k8s.io/v1', 'CustomResourceDefinition'),
      wanted('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'),
    ];
    for (const [index, refusal] of refusals(project, hostile).entries())
      assert.match(refusal, /is not permitted in project fairlead-staging/, JSON.stringify(hostile[index]));
  });

  test('what allowKinds names is permitted, and nothing beside it', async () => {
    const project = await projectOf('fairlead-staging', {
      allowKinds: ['ClusterRole', 'Rollout.argoproj.io'],
    });
    const answers = refusals(project, [
      wanted('rbac.authorization.k8s.io/v1', 'ClusterRole'),
      wanted('argoproj.io/v1alpha1', 'Rollout', 'shop'),
      wanted('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'),
      wanted('argoproj.io/v1alpha1', 'Application', 'shop'),
    ]);
    assert.deepEqual(
      answers.map((answer) => answer === ''),
      [true, true, false, false],
    );
  });

  test("the root's project permits Applications in Argo CD's namespace, and no project", async () => {
    const project = await projectOf('fairlead-staging.root');
    const answers = refusals(project, [
      wanted('argoproj.io/v1alpha1', 'Application', 'argocd'),
      wanted('v1', 'ConfigMap', 'shop'),
      wanted('argoproj.io/v1alpha1', 'AppProject', 'argocd'),
      wanted('v1', 'ConfigMap', 'kube-system'),
      wanted('v1', 'Namespace'),
    ]);
    assert.deepEqual(
      answers.map((answer) => answer === ''),
      [true, true, false, false, false],
    );
  });
});
