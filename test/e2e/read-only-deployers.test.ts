import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bootstrapDocuments } from '../../lib/bootstrap/bootstrap.ts';
import { CHECK_GROUP, type SecretsRead } from '../../lib/bootstrap/check-rights.ts';
import type { Target } from '../../lib/config/config.ts';
import { formatJson } from '../../lib/objects/json.ts';
import { groupOf, type KubernetesObject } from '../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../lib/objects/yaml.ts';
import { findDeployers } from '../../local/control-plane/deployers.ts';
import { cacheFolder } from '../../local/tools.ts';
import { fairlead, type Ran } from '../cli/command-line.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { fluxTarget } from '../flux/target.ts';
import { chartPackage, pipeline } from '../lib/uploads/pipeline.ts';
import { requirement } from '../requirements.ts';

/**
 * What `read-only.test.ts` shows without a deployer, with Flux's own controllers, and with an Application as Argo CD
 * leaves it: who has exactly what `npx fairlead bootstrap` prints for the check judges all of the target, and asks for
 * nothing but get and list.
 */
const USER = 'checker';
const REPOSITORY = { url: 'https://git.example.com/c.git', readCredential: { kind: 'none' } } as const;

/** Beside the chart's ConfigMap `settings`. */
const TEMPLATES = {
  'templates/secret.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: hunter2}\n',
  'templates/account.yaml':
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\nautomountServiceAccountToken: false\n',
  'templates/policy.yaml':
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n',
};
const APPLIED = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { colour: 'blue' } },
  {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' } },
    data: { password: Buffer.from('hunter2').toString('base64') },
  },
  {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' } },
    automountServiceAccountToken: false,
  },
  {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'web' } },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  },
];

/** A target that is in sync, with one release `shop/web`, on an audited API server. */
interface Deployed {
  readonly plane: TestControlPlane;
  readonly target: Target;
  /** Its repository on this machine. */
  readonly bare: string;
  end(): Promise<void>;
}

async function byFlux(): Promise<Deployed> {
  const { flux, pipe, target, chart, deployed, applied, end } = await fluxTarget(
    { namespaces: ['shop'] },
    'audited',
  );
  await chart('shop/web', '1.0.0', TEMPLATES);
  await deployed('shop/web', '1.0.0');
  await flux.until('its commit to be applied', async () => {
    const seen = await applied();
    return seen?.status === 'True' && seen.revision === `main@sha1:${pipe.git.tip()}`;
  });
  return { plane: flux.plane, target, bare: pipe.git.bare, end };
}

/** Its controller is played: what it applies, under its name and with its marks. */
async function byArgo(): Promise<Deployed> {
  const plane = await testControlPlane('api', 'audited');
  const pipe = await pipeline({ target: { namespaces: ['shop'], deployer: 'argocd' } });
  const end = async () => {
    await plane.end();
    await pipe.stop();
  };
  const [target] = pipe.parts.config.targets;
  const definitions = (findDeployers(cacheFolder())?.argocdDefinitions ?? []).flatMap((file) => ['-f', file]);
  assert.ok(target !== undefined && definitions.length > 0);
  await plane.kubectl(['apply', '--server-side', ...definitions]);
  await plane.kubectl(['wait', '--for=condition=Established', ...definitions, '--timeout=60s']);
  await plane.kubectl(['create', 'namespace', 'argocd']);
  await pipe.upload('staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '1.0.0', TEMPLATES));
  await bootstrap(plane, target, 'no-secrets');
  const path = pipe.git.git('ls-tree', '-r', '--name-only', 'main', 'fairlead/staging/apply').trim();
  const application = kubernetesObject(`${pipe.git.show(path)}\n`);
  const inShop = APPLIED.map((object) => ({
    ...object,
    metadata: { ...object.metadata, namespace: 'shop' },
  }));
  await plane.apply(
    [
      tracked('fairlead-staging', application),
      ...inShop.map((object) => tracked(application.metadata.name, object as KubernetesObject)),
    ],
    'argocd-controller',
  );
  return { plane, target, bare: pipe.git.bare, end };
}

function kubernetesObject(text: string): KubernetesObject {
  const read = parseYamlDocuments(text, 'kubernetes');
  assert.ok(read.kind === 'parsed');
  return read.documents[0]?.value as unknown as KubernetesObject;
}

/** As Argo CD marks what it applies. */
function tracked(by: string, object: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, metadata } = object;
  const id = `${by}:${groupOf(apiVersion)}/${kind}:${metadata.namespace}/${metadata.name}`;
  return { ...object, metadata: { ...metadata, annotations: { 'argocd.argoproj.io/tracking-id': id } } };
}

async function bootstrap(plane: TestControlPlane, target: Target, secrets: SecretsRead): Promise<void> {
  const items = bootstrapDocuments({ target, repository: REPOSITORY, secrets }).map(({ object }) => object);
  await plane.kubectl(['apply', '-f', '-'], formatJson({ apiVersion: 'v1', kind: 'List', items }));
}

for (const [name, deploy] of [
  ['Flux', byFlux],
  ['Argo CD', byArgo],
] as const)
  describe(
    `a check of a target of ${name}, with the rights that bootstrap prints`,
    requirement('deployers'),
    () => {
      let at: Deployed;
      let folder: string;
      let kubeconfig: string;
      before(async () => {
        at = await deploy();
        folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
        kubeconfig = await at.plane.addUser(USER, [CHECK_GROUP]);
      });
      after(async () => {
        await at.end();
        await rm(folder, { recursive: true, force: true });
      });

      const check = (...more: readonly string[]): Promise<Ran> =>
        fairlead([
          ...['check', 'staging', '--repo', at.bare, '--kubeconfig', kubeconfig],
          ...['--cache', join(folder, 'cache'), ...more],
        ]);
      const asksOnlyForLists = async () => {
        const requests = (await at.plane.audit()).filter(({ user }) => user === USER);
        assert.deepEqual([...new Set(requests.map(({ verb }) => verb))].sort(), ['get', 'list']);
        const alone = requests.filter(({ verb, resource }) => verb === 'get' && resource !== undefined);
        assert.deepEqual(alone, [], 'an object was read alone');
        assert.ok(requests.every(({ uri }) => !/[?&]watch=/.test(uri)));
      };

      test('judges what is no Secret, and says once what is missing and how to add it', async () => {
        const { code, stdout, stderr } = await check();
        assert.equal(code, 2, stdout + stderr);
        const rule = /- apiGroups: \[""\]\n +resources: \["secrets"\]\n +verbs: \["get", "list"\]/g;
        const said = [...stdout.matchAll(rule)];
        assert.equal(said.length, 1, stdout);
        assert.equal([...stdout.matchAll(/- apiGroups:/g)].length, 1, stdout);
        assert.match(stdout, /Secret objects/);
        assert.match(stdout, /^manifests {2}in sync$/m);
        await asksOnlyForLists();

        const text = (said[0]?.[0] ?? '').replace(/^ +/gm, '  ');
        const role = `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: pasted}\nrules:\n${text}\n`;
        await at.plane.kubectl(['apply', '-f', '-'], role);
        const binding = ['create', 'clusterrolebinding', 'pasted', '--clusterrole=pasted', `--user=${USER}`];
        await at.plane.kubectl(binding);
        const healed = await check();
        assert.equal(healed.code, 0, healed.stdout + healed.stderr);
        await at.plane.kubectl(['delete', 'clusterrolebinding/pasted', 'clusterrole/pasted']);
      });

      test('judges all of it where Secrets may be read, and finds what was changed by hand', async () => {
        await bootstrap(at.plane, at.target, 'read-secrets');
        const whole = await check();
        assert.equal(whole.code, 0, whole.stdout + whole.stderr);
        assert.match(whole.stdout, /shop\/web .*in sync/);
        await at.plane.kubectl([
          '-n',
          'shop',
          'patch',
          'configmap/settings',
          '-p',
          '{"data":{"colour":"red"}}',
        ]);
        const { scopes } = JSON.parse((await check('-o', 'json')).stdout);
        const findings = scopes.flatMap(
          ({ state }: { state: { findings?: { verdict: string; at: string }[] } }) => state.findings ?? [],
        );
        assert.deepEqual(
          findings.map(({ verdict, at: place }: { verdict: string; at: string }) => `${verdict} ${place}`),
          ['changed data.colour'],
        );
        await asksOnlyForLists();
      });
    },
  );
