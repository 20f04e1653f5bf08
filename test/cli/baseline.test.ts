import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { tools } from '../../local/tools.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { requirement } from '../requirements.ts';

const CHART: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.4.2\n',
  'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", args: [a]}]}
`,
  'templates/more.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {"0": zero, on: "off"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: gone}
data: {a: b}
---
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData: {password: hunter2}
`,
};

const SOME = '--resource=configmaps,deployments.apps';
const ROOT = join(import.meta.dirname, '..', '..');
const DRIFT_FILE = 'fairlead/staging/drift.yaml';
const THEIRS = `# ours
rules:
  # the annotation is the operator's
  - path: /metadata/annotations/operator
    kind: Deployment
    reason: written by the operator
`;

describe('npx fairlead baseline', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let folder: string;
  let repository: string;

  const run = async (...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'cli/main.ts'), ...argv, '--cache', join(folder, 'cache')],
      { env: { ...process.env, KUBECONFIG: '' } },
    ).then(
      (done) => ({ code: 0, ...done }),
      (failed: { code: number; stdout: string; stderr: string }) => failed,
    );
  const git = (...argv: string[]) =>
    promisify(execFile)(
      'git',
      ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv],
      { env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } },
    );
  const asked = () => [
    'staging',
    '--repo',
    repository,
    '--kubeconfig',
    plane.kubeconfig,
    '--deployer',
    'none',
  ];
  async function commit(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(repository, path)), { recursive: true });
      await writeFile(join(repository, path), text);
    }
    await git('add', '-A');
    await git('commit', '-qm', 'A change');
  }

  before(async () => {
    plane = await testControlPlane();
    folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    repository = join(folder, 'repository');
    const chart = 'fairlead/staging/releases/shop/web/chart';
    await mkdir(repository);
    await git('init', '-q', '-b', 'main');
    await commit({
      ...Object.fromEntries(Object.entries(CHART).map(([path, text]) => [`${chart}/${path}`, text])),
      'fairlead/staging/releases/shop/web/values.yaml': '{}\n',
      [DRIFT_FILE]: THEIRS,
    });
    const { helm } = await tools();
    await promisify(execFile)(
      helm,
      ['install', 'web', join(repository, chart), '--namespace', 'shop', '--create-namespace'],
      { env: { ...process.env, HOME: folder, KUBECONFIG: plane.kubeconfig } },
    );
    const kubectl = (...argv: string[]) => plane.kubectl(['-n', 'shop', ...argv]);
    await kubectl('scale', 'deployment/web', '--replicas=7');
    await kubectl('set', 'image', 'deployment/web', 'web=web:2');
    await kubectl('set', 'env', 'deployment/web', 'DEBUG=yes');
    await kubectl('annotate', 'deployment/web', 'operator=here', 'note=odd: #"x"');
    await kubectl(
      'patch',
      'configmap',
      'web',
      '--type=merge',
      '-p',
      '{"data":{"0":"one","on":"yes","new":"x"}}',
    );
    await kubectl('patch', 'secret', 'web', '-p', '{"stringData":{"password":"other"}}');
    await kubectl('delete', 'configmap', 'gone');
  });
  after(async () => {
    await plane.end();
    await rm(folder, { recursive: true, force: true });
  });

  test('wants a reason, a day that is to come, and one target', async () => {
    for (const [argv, message] of [
      [[], /missing: --reason/],
      [['--reason', ' '], /--reason is empty/],
      [['--reason', 'r', '--expires', 'soon'], /--expires is a day/],
      [['--reason', 'r', '--expires', '2020-01-01'], /is over/],
      [['--reason', 'r', 'prod'], /one target at a time/],
    ] as const) {
      const { code, stderr } = await run('baseline', ...asked(), ...argv);
      assert.equal(code, 64, stderr);
      assert.match(stderr, message);
    }
  });

  test('what is printed, committed as drift.yaml, makes the check in sync, and what is new is told', async () => {
    const before = await run('check', ...asked());
    assert.equal(before.code, 1, before.stdout);
    assert.match(before.stdout, /operator: ignored by rule 1 of drift\.yaml: written by the operator/);

    const { code, stdout, stderr } = await run(
      'baseline',
      ...asked(),
      '--reason',
      'as found: #12',
      '--expires',
      '2999-01-01',
    );
    assert.equal(code, 0, stderr);
    assert.ok(stdout.startsWith(THEIRS), stdout);
    assert.doesNotMatch(stdout, /hunter2|other/);
    await commit({ [DRIFT_FILE]: stdout });

    const { code: now, stdout: said } = await run('check', ...asked());
    assert.equal(now, 0, said);
    assert.match(said, /in sync/);
    assert.match(said, /ConfigMap\/gone missing: ignored by rule \d+ of drift\.yaml: as found: #12/);

    await plane.kubectl(['-n', 'shop', 'label', 'deployment/web', 'fresh=1']);
    const third = await run('check', ...asked());
    assert.equal(third.code, 1, third.stdout);
    assert.match(third.stdout, /metadata\.labels\.fresh {2}added/);
    await plane.kubectl(['-n', 'shop', 'label', 'deployment/web', 'fresh-']);
  });

  test('once more it has nothing to add', async () => {
    const { code, stdout, stderr } = await run('baseline', ...asked(), '--reason', 'again');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /nothing differs that has no rule/);
    assert.equal(stdout, await readFile(join(repository, DRIFT_FILE), 'utf8'));
  });

  test('is written into a file that exists, in one piece, and leaves no other behind', async () => {
    await plane.kubectl(['-n', 'shop', 'label', 'deployment/web', 'fresh=1']);
    const file = join(folder, 'rules', 'drift.yaml');
    await mkdir(dirname(file));
    await writeFile(file, '# mine\nrules: []\n');
    const { code, stdout, stderr } = await run('baseline', ...asked(), '--reason', 'r', '--write', file);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '');
    assert.match(await readFile(file, 'utf8'), /^# mine\nrules:\n {2}- kind: Deployment\.apps\n/);
    assert.deepEqual(await readdir(dirname(file)), ['drift.yaml']);

    // Again, before it is in Git.
    const once = await readFile(file, 'utf8');
    const again = await run('baseline', ...asked(), '--reason', 'r', '--write', file);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /^nothing differs that has no rule/);
    assert.equal(await readFile(file, 'utf8'), once);

    const nowhere = join(folder, 'nowhere', 'drift.yaml');
    const lost = await run('baseline', ...asked(), '--reason', 'r', '--write', nowhere);
    assert.equal(lost.code, 64);
    assert.match(lost.stderr, /^there is no folder \S+\/nowhere$/m);
    await plane.kubectl(['-n', 'shop', 'label', 'deployment/web', 'fresh-']);
  });

  test('what could not be judged beside a drift is said, and ends with 2', async () => {
    const kubeconfig = await plane.addUser('no-secrets');
    await plane.kubectl(['-n', 'shop', 'create', 'role', 'some', '--verb=get,list', SOME]);
    await plane.kubectl(['-n', 'shop', 'create', 'rolebinding', 'some', '--role=some', '--user=no-secrets']);
    await plane.kubectl(['-n', 'shop', 'label', 'deployment/web', 'fresh=1']);
    const argv = [...asked(), '--kubeconfig', kubeconfig, '--reason', 'r'];
    const { code, stdout, stderr } = await run('baseline', ...argv);
    assert.equal(code, 2, stderr);
    assert.match(stdout, /path: \/metadata\/labels\/fresh/);
    assert.match(stderr, /^not in it: some of shop\/web could not be judged: .*Secret/m);
    await plane.kubectl(['-n', 'shop', 'label', 'deployment/web', 'fresh-']);
  });

  test('a file with errors is not touched, and its errors are said', async () => {
    const file = join(folder, 'broken.yaml');
    const text = 'rules:\n  - kind: Job\n';
    await writeFile(file, text);
    const { code, stderr } = await run('baseline', ...asked(), '--reason', 'r', '--write', file);
    assert.equal(code, 64);
    assert.match(stderr, /line 2: rules\[0\]\.reason is missing/);
    assert.equal(await readFile(file, 'utf8'), text);
  });

  test('a rule with an error ignores nothing, the others hold, and the check says what is wrong', async () => {
    const text = await readFile(join(repository, DRIFT_FILE), 'utf8');
    await commit({ [DRIFT_FILE]: `${text}  - kind: Deployment\n    wait: soon\n    reason: r\n` });
    const { code, stdout } = await run('check', ...asked());
    assert.equal(code, 2, stdout);
    assert.match(stdout, /^drift\.yaml {2}has errors: drift\.yaml:\d+: rules\[\d+\]\.wait is a duration/m);
    assert.match(stdout, /ignored by rule 1 of drift\.yaml/);
    await commit({ [DRIFT_FILE]: text });
  });

  test('a rule that has expired ignores nothing, and that and idle ones are said', async () => {
    const text = await readFile(join(repository, DRIFT_FILE), 'utf8');
    const expired = text.replaceAll('2999-01-01', '2020-01-01');
    await commit({ [DRIFT_FILE]: `${expired}  - kind: Job\n    reason: jobs\n` });
    const { code, stdout } = await run('check', ...asked());
    assert.equal(code, 1, stdout);
    assert.match(stdout, /drift\.yaml: rule 2 \(line \d+: as found: #12\) expired after 2020-01-01/);
    assert.match(stdout, /is about nothing that differs now/);
    await commit({ [DRIFT_FILE]: text });
  });
});
