import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { bootstrapDocuments, formatBootstrap } from '../../../lib/bootstrap/bootstrap.ts';
import { allowedKinds, resourceOf } from '../../../lib/bootstrap/grants.ts';
import { type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { type KubernetesObject, partOf } from '../../../lib/objects/objects.ts';

/** `FAIRLEAD_WRITE_GOLDEN=1` writes them anew, for a person to read the difference. */
const GOLDEN = join(import.meta.dirname, 'golden');
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

type TargetInput = Partial<ConfigInput['targets'][number]>;
type RepositoryInput = Partial<ConfigInput['repositories'][number]>;

function question(targetInput: TargetInput = {}, repositoryInput: RepositoryInput = {}) {
  const { targets, repositories } = parseConfig({
    repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git', ...repositoryInput }],
    targets: [
      {
        name: 'staging',
        repository: 'cluster',
        deployer: 'flux',
        namespaces: ['shop', 'blog'],
        ...targetInput,
      },
    ],
  });
  const [target] = targets;
  const [repository] = repositories;
  assert.ok(target !== undefined && repository !== undefined);
  return { target, repository, secrets: 'no-secrets' as const };
}

const objects = (...given: Parameters<typeof question>): readonly KubernetesObject[] =>
  bootstrapDocuments(question(...given)).map(({ object }) => object);

const rulesFor = (found: readonly KubernetesObject[], name: string, namespace: string | undefined) =>
  found
    .filter(
      ({ kind, metadata }) =>
        /Role$/.test(kind) && metadata.name === name && metadata.namespace === namespace,
    )
    .flatMap(({ rules }) => rules as { apiGroups: string[]; resources: string[]; verbs: string[] }[]);

const CASES = {
  flux: question({}, { readCredential: { kind: 'token', secret: 'read' } }),
  'flux-ssh-allowing': question(
    {
      root: 'clusters/eu/staging',
      allowKinds: ['CustomResourceDefinition', 'ClusterRole', 'Widget.example.com'],
    },
    {
      url: 'ssh://git@git.example.com:2222/cluster.git',
      credential: { kind: 'ssh', secret: 'write', hostKeys: [HOST_KEY] },
      readCredential: { kind: 'ssh', secret: 'read', hostKeys: [HOST_KEY] },
    },
  ),
  argocd: question(
    { deployer: 'argocd', allowKinds: ['CustomResourceDefinition', 'Rollout.argoproj.io'] },
    { readCredential: { kind: 'token', secret: 'read' } },
  ),
  none: question({ deployer: 'none' }),
};

describe('what a cluster needs once a target', () => {
  for (const [name, asked] of Object.entries(CASES)) {
    test(`${name}: as it was read and found right`, () => {
      const text = formatBootstrap(asked);
      assert.equal(formatBootstrap(asked), text);
      const file = join(GOLDEN, `${name}.golden.yaml`);
      if (process.env.FAIRLEAD_WRITE_GOLDEN) writeFileSync(file, text);
      assert.equal(text, readFileSync(file, 'utf8'));
    });

    test(`${name}: the YAML is the objects, and comments never end in it`, () => {
      const parsed = parseAllDocuments(formatBootstrap(asked)).map((document) => document.toJS());
      assert.deepEqual(
        parsed,
        JSON.parse(JSON.stringify(bootstrapDocuments(asked).map(({ object }) => object))),
      );
    });
  }
});

describe('rights', () => {
  test("charts have none in the namespace of Flux's objects, and the account of apply/ no other there", () => {
    const bindings = objects().filter(
      ({ kind, metadata }) => kind === 'RoleBinding' && metadata.namespace === 'fairlead-staging',
    );
    const bound = bindings.flatMap(({ subjects }) => subjects as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(bound, ['fairlead-apply', 'fairlead:check']);
    const rules = rulesFor(objects(), 'fairlead-staging-apply', 'fairlead-staging');
    assert.deepEqual(
      rules.flatMap(({ resources }) => resources),
      ['configmaps', 'helmreleases'],
    );
  });

  test('nobody may do everything, and nobody what makes more rights of rights', () => {
    for (const deployer of ['flux', 'argocd', 'none'] as const) {
      const found = objects({ deployer, allowKinds: ['ClusterRole', 'ClusterRoleBinding', 'RoleBinding'] });
      const verbs = found
        .flatMap(({ rules }) => (rules ?? []) as { verbs: string[] }[])
        .flatMap((rule) => rule.verbs);
      for (const verb of ['*', 'escalate', 'bind', 'impersonate']) assert.ok(!verbs.includes(verb), verb);
    }
  });

  test("deployers' kinds are in no rule that charts have", () => {
    const groups = ['shop', 'blog'].flatMap((namespace) =>
      rulesFor(objects(), 'fairlead-staging-write', namespace).flatMap(({ apiGroups }) => apiGroups),
    );
    assert.ok(groups.includes('apps'));
    assert.deepEqual(
      groups.filter((group) => /toolkit\.fluxcd\.io|argoproj\.io|^\*$/.test(group)),
      [],
    );
  });

  test('what allowKinds names beyond is granted as far as RBAC goes, and what is not is said', () => {
    const allowKinds = ['ClusterRole', 'Widget.example.com', 'Gadget'];
    const found = objects({ allowKinds });
    const cluster = found.find(({ kind }) => kind === 'ClusterRole');
    assert.deepEqual(cluster?.rules, [
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
      },
    ]);
    const beyond = rulesFor(found, 'fairlead-staging-write', 'shop').slice(2);
    assert.deepEqual(
      beyond.map(({ apiGroups, resources }) => [apiGroups, resources]),
      [
        [['*'], ['gadgets']],
        [['example.com'], ['widgets']],
      ],
    );
    const text = formatBootstrap(question({ allowKinds }));
    assert.match(text, /# Note: allowKinds has ClusterRole: the verbs "escalate" and "bind" are not granted/);
    assert.match(text, /# Note: Widget is taken to be the namespaced resource "widgets" of example\.com/);
    assert.match(text, /# Note: Gadget is taken to be .* any group/);
  });

  test('the check gets and lists, and Secrets only where somebody asked for it', () => {
    for (const deployer of ['flux', 'argocd', 'none'] as const) {
      for (const secrets of ['no-secrets', 'read-secrets'] as const) {
        const found = bootstrapDocuments({ ...question({ deployer }), secrets }).map(({ object }) => object);
        const roles = found.filter(
          ({ metadata, kind }) => /-check$/.test(metadata.name) && /Role$/.test(kind),
        );
        const rules = roles.flatMap(
          ({ rules: own }) => own as { resources: string[]; apiGroups: string[]; verbs: string[] }[],
        );
        assert.deepEqual([...new Set(rules.flatMap(({ verbs }) => verbs))], ['get', 'list']);
        const core = rules.filter(({ apiGroups }) => apiGroups.includes(''));
        assert.equal(
          core.some(({ resources }) => resources.includes('secrets') || resources.includes('*')),
          secrets === 'read-secrets',
        );
      }
    }
  });

  test('a target that is never written to gets what its check needs, wherever its deployer was set up', () => {
    const found = objects({ driftOnly: true });
    assert.deepEqual([...new Set(found.map(({ kind }) => kind))].sort(), [
      'ClusterRole',
      'ClusterRoleBinding',
      'Role',
      'RoleBinding',
    ]);
    assert.deepEqual(
      [...new Set(found.map(({ metadata }) => metadata.namespace))],
      ['shop', 'blog', undefined],
    );
    assert.deepEqual(
      rulesFor(found, 'fairlead-staging-check', undefined).flatMap(({ resources }) => resources),
      [
        'helmreleases',
        'kustomizations',
        'buckets',
        'gitrepositories',
        'helmcharts',
        'helmrepositories',
        'ocirepositories',
      ],
    );
  });

  test('no name of one target is a name of another', () => {
    const namesOf = (name: string) =>
      (['flux', 'argocd'] as const).flatMap((deployer) =>
        objects({ name, deployer })
          .filter(({ kind }) => kind !== 'Namespace' || deployer === 'flux')
          .filter(({ metadata }) => !['shop', 'blog'].includes(metadata.name))
          .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`),
      );
    const own = new Set(namesOf('a'));
    for (const name of ['a-root', 'a-check', 'a-write', 'a-apply', 'root-a', 'fairlead-a'])
      assert.deepEqual(
        namesOf(name).filter((each) => own.has(each)),
        [],
        name,
      );
  });
});

describe('Argo CD', () => {
  const project = (name: string, input: TargetInput = {}) => {
    const found = objects({ deployer: 'argocd', ...input }).find(
      ({ kind, metadata }) => kind === 'AppProject' && metadata.name === name,
    );
    return found?.spec as {
      destinations: { namespace: string; server: string }[];
      namespaceResourceWhitelist: { group: string; kind: string }[];
      clusterResourceWhitelist: { group: string; kind: string }[];
    };
  };

  test("charts reach the target's namespaces alone, and no kind without a namespace", () => {
    const { destinations, clusterResourceWhitelist } = project('fairlead-staging');
    assert.deepEqual(
      destinations.map(({ namespace }) => namespace),
      ['shop', 'blog'],
    );
    assert.deepEqual(clusterResourceWhitelist, []);
    assert.deepEqual(project('fairlead-staging', { allowKinds: ['ClusterRole'] }).clusterResourceWhitelist, [
      { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole' },
    ]);
  });

  test('the root has a project of its own, which alone may make Applications', () => {
    const application = { group: 'argoproj.io', kind: 'Application' };
    const has = (name: string) =>
      project(name).namespaceResourceWhitelist.some((entry) => entry.group === application.group);
    assert.deepEqual([has('fairlead-staging.root'), has('fairlead-staging')], [true, false]);
    const root = objects({ deployer: 'argocd' }).find(({ kind }) => kind === 'Application');
    assert.equal(partOf(root?.spec).project, 'fairlead-staging.root');
  });
});

describe('names of kinds', () => {
  test('in URLs are what their definitions say', () => {
    const NAMES = {
      Deployment: 'deployments',
      Ingress: 'ingresses',
      NetworkPolicy: 'networkpolicies',
      Gateway: 'gateways',
      StorageClass: 'storageclasses',
      CustomResourceDefinition: 'customresourcedefinitions',
      Prometheus: 'prometheuses',
      APIService: 'apiservices',
    };
    for (const [kind, resource] of Object.entries(NAMES)) assert.equal(resourceOf(kind), resource);
  });

  test('without a group are those of Kubernetes, where it has one', () => {
    assert.deepEqual(allowedKinds(['Namespace', 'ClusterRole.rbac.authorization.k8s.io']), [
      { kind: 'Namespace', group: '', resource: 'namespaces', scope: 'cluster' },
      { kind: 'ClusterRole', group: 'rbac.authorization.k8s.io', resource: 'clusterroles', scope: 'cluster' },
    ]);
  });
});
