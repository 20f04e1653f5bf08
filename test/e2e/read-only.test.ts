import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { bootstrapDocuments } from '../../lib/bootstrap/bootstrap.ts';
import { CHECK_GROUP, type SecretsRead } from '../../lib/bootstrap/check-rights.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { formatJson } from '../../lib/objects/json.ts';
import { tools } from '../../local/tools.ts';
import type { AuditedRequest } from '../audit-log.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { type ClusterRepository, clusterRepository } from '../fixtures/cluster-repository.ts';
import { requirement } from '../requirements.ts';

/**
 * Of whoever has exactly what `npx fairlead bootstrap` prints for a check: all that it declares is judged, and the
 * server's own audit log holds nothing but get and list.
 */
const ROOT = join(import.meta.dirname, '..', '..');
const USER = 'checker';

const object = (apiVersion: string, kind: string, body: string, name = '{{ .Release.Name }}') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: "${name}"}\n${body}\n`;

/** What ordinary charts write: every kind here is one that bootstrap's rules have to name. */
const TEMPLATES: Readonly<Record<string, string>> = {
  deployment: object(
    'apps/v1',
    'Deployment',
    `spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: web, image: "web:1"}]}`,
  ),
  service: object('v1', 'Service', 'spec: {selector: {app: web}, ports: [{port: 80}]}'),
  account: object('v1', 'ServiceAccount', 'automountServiceAccountToken: false'),
  settings: object('v1', 'ConfigMap', 'data: {colour: green}'),
  secret: object('v1', 'Secret', 'stringData: {password: hunter2}'),
  claim: object(
    'v1',
    'PersistentVolumeClaim',
    'spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}',
  ),
  ingress: object(
    'networking.k8s.io/v1',
    'Ingress',
    'spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}',
  ),
  policy: object('networking.k8s.io/v1', 'NetworkPolicy', 'spec: {podSelector: {}, policyTypes: [Ingress]}'),
  scaler: object(
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}',
  ),
  budget: object(
    'policy/v1',
    'PodDisruptionBudget',
    'spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}',
  ),
  nightly: object(
    'batch/v1',
    'CronJob',
    `spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "a:1"}]}}}`,
  ),
  role: object(
    'rbac.authorization.k8s.io/v1',
    'Role',
    'rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]',
  ),
  cluster: object(
    'rbac.authorization.k8s.io/v1',
    'ClusterRole',
    'rules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]',
    'web-reader',
  ),
};

const config = parseConfig({
  repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
  targets: [
    {
      name: 'staging',
      repository: 'cluster',
      deployer: 'none',
      namespaces: ['shop'],
      allowKinds: ['ClusterRole'],
    },
  ],
});

describe('a check with the rights that bootstrap prints', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let folder: string;
  let repository: ClusterRepository;
  let argv: readonly string[];
  let seen = 0;

  before(async () => {
    plane = await testControlPlane('api', 'audited');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    repository = await clusterRepository();
    const chart = 'fairlead/staging/releases/shop/web/chart';
    const files = {
      [`${chart}/Chart.yaml`]: 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      ...Object.fromEntries(
        Object.entries(TEMPLATES).map(([name, text]) => [`${chart}/templates/${name}.yaml`, text]),
      ),
    };
    await repository.commit(files);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    const { helm } = await tools();
    await promisify(execFile)(
      helm,
      ['install', 'web', join(folder, chart), '--namespace', 'shop', '--create-namespace'],
      { env: { ...process.env, HOME: folder, KUBECONFIG: plane.kubeconfig } },
    );
    const kubeconfig = await plane.addUser(USER, [CHECK_GROUP]);
    argv = [
      ...['staging', '--repo', repository.url, '--kubeconfig', kubeconfig, '--deployer', 'none'],
      ...['--cache', join(folder, 'cache')],
    ];
  });
  after(async () => {
    await plane.end();
    await repository.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const bootstrap = async (secrets: SecretsRead, more: readonly object[] = []) => {
    const [target] = config.targets;
    const [repository] = config.repositories;
    assert.ok(target !== undefined && repository !== undefined);
    const items = bootstrapDocuments({ target, repository, secrets }).map((document) => document.object);
    const list = formatJson({ apiVersion: 'v1', kind: 'List', items: [...items, ...more] });
    await plane.kubectl(['apply', '-f', '-'], list);
  };
  const check = (...more: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, [join(ROOT, 'cli/main.ts'), 'check', ...argv, ...more]).then(
      (done) => ({ code: 0, ...done }),
      (failed: { code: number; stdout: string; stderr: string }) => failed,
    );
  /** What our user has asked since this was last called. */
  const asked = async (): Promise<readonly AuditedRequest[]> => {
    const all = (await plane.audit()).filter(({ user }) => user === USER);
    const fresh = all.slice(seen);
    seen = all.length;
    return fresh;
  };

  test('judges all of it, and finds what was changed by hand', async () => {
    await bootstrap('read-secrets');
    const whole = await check();
    assert.equal(whole.code, 0, whole.stdout + whole.stderr);
    assert.match(whole.stdout, /shop\/web .*in sync/);
    await plane.kubectl(['-n', 'shop', 'annotate', 'service/web', 'by=hand']);
    await plane.kubectl(['-n', 'shop', 'patch', 'secret/web', '-p', '{"stringData":{"foreign":"x"}}']);
    const changed = JSON.parse((await check('-o', 'json')).stdout);
    const findings = changed.scopes.flatMap(
      ({ state }: { state: { findings?: { verdict: string; at: string }[] } }) => state.findings ?? [],
    );
    assert.deepEqual(
      findings.map(({ verdict, at }: { verdict: string; at: string }) => `${verdict} ${at}`).sort(),
      ['added data.foreign', 'added metadata.annotations.by'],
    );
    await plane.kubectl(['-n', 'shop', 'annotate', 'service/web', 'by-']);
    const gone = '[{"op":"remove","path":"/data/foreign"}]';
    await plane.kubectl(['-n', 'shop', 'patch', 'secret/web', '--type=json', '-p', gone]);
  });

  test('sends nothing but get and list, and a page a kind', async () => {
    await asked();
    assert.equal((await check()).code, 0);
    const requests = await asked();
    assert.deepEqual([...new Set(requests.map(({ verb }) => verb))].sort(), ['get', 'list']);
    assert.ok(requests.every(({ uri }) => !/[?&]watch=/.test(uri)));
    const gets = requests.filter(({ verb, resource }) => verb === 'get' && resource !== undefined);
    assert.deepEqual(gets, [], 'an object was read alone');
    const secrets = requests.filter(({ resource }) => resource === 'secrets');
    assert.ok(secrets.length > 0);
    for (const { uri } of secrets) {
      const selector = new URL(uri, 'http://x').searchParams.get('fieldSelector');
      assert.equal(selector, 'type!=helm.sh/release.v1');
    }
    // In the whole cluster, and where that is refused in the one namespace.
    const lists = requests.filter(({ verb }) => verb === 'list').map(({ uri }) => uri);
    assert.equal(new Set(lists).size, lists.length, 'a list was asked for twice');
    const answered = requests.filter(({ verb, status }) => verb === 'list' && status === 200);
    assert.equal(answered.length, Object.keys(TEMPLATES).length);
  });

  test('that leaves Secrets out judges the rest, and says once what is missing and how to add it', async () => {
    await bootstrap('no-secrets');
    const { code, stdout } = await check();
    assert.equal(code, 2, stdout);
    const rule = /- apiGroups: \[""\]\n +resources: \["secrets"\]\n +verbs: \["get", "list"\]/g;
    assert.equal([...stdout.matchAll(rule)].length, 1, stdout);
    assert.match(stdout, /Secret objects/);
    assert.doesNotMatch(stdout, /(Service|Deployment|ConfigMap|ClusterRole) objects/);
    const [scope] = JSON.parse((await check('-o', 'json')).stdout).scopes;
    assert.equal(scope.state.kind, 'unknown');
    const requests = await asked();
    assert.deepEqual([...new Set(requests.map(({ verb }) => verb))].sort(), ['get', 'list']);

    const text = [...stdout.matchAll(rule)][0]?.[0].replace(/^ +/gm, '  ') ?? '';
    const pasted = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: pasted}
rules:
${text}
`;
    await plane.kubectl(['apply', '-f', '-'], pasted);
    await plane.kubectl(['create', 'clusterrolebinding', 'pasted', '--clusterrole=pasted', `--user=${USER}`]);
    assert.equal((await check()).code, 0);
  });
});
