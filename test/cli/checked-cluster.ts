import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { tools } from '../../local/tools.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';

/** A release that everything is in: a number, a Secret, a file of several lines, a list with keys. */
const CHART: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.4.2\n',
  'values.yaml': 'replicas: 2\n',
  'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: "web:1"
          env:
            - {name: DB_PASSWORD, value: in-git-in-clear}
            - {name: MODE, value: plain}
`,
  'templates/secret.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {password: hunter2}\n',
  'templates/config.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  web.conf: |
    listen 80
    root /srv
    index index.html
    timeout 30
    workers 4
`,
};

/** A control plane on which helm has installed what a repository declares as `shop/web` of the target `staging`. */
export interface CheckedCluster {
  readonly plane: TestControlPlane;
  /** Gone at the end; for what a test writes. */
  readonly folder: string;
  readonly repository: string;
  end(): Promise<void>;
}

export async function checkedCluster(): Promise<CheckedCluster> {
  const plane = await testControlPlane();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
  const repository = join(folder, 'repository');
  const release = join(repository, 'fairlead/staging/releases/shop/web');
  for (const [path, text] of Object.entries(CHART)) {
    await mkdir(dirname(join(release, 'chart', path)), { recursive: true });
    await writeFile(join(release, 'chart', path), text);
  }
  await writeFile(join(release, 'values.yaml'), 'replicas: 3\n');
  await commitAll(repository);

  const { helm } = await tools();
  const flags = ['--namespace', 'shop', '--create-namespace', '-f', join(release, 'values.yaml')];
  await promisify(execFile)(helm, ['install', 'web', join(release, 'chart'), ...flags], {
    env: { ...process.env, HOME: folder, KUBECONFIG: plane.kubeconfig },
  });
  return {
    plane,
    folder,
    repository,
    async end() {
      await plane.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes a repository of a folder, or commits what has changed in it, on `main`. */
export async function commitAll(repository: string): Promise<void> {
  const git = (...argv: string[]) =>
    promisify(execFile)(
      'git',
      ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv],
      { env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } },
    );
  await mkdir(repository, { recursive: true });
  await git('init', '-q', '-b', 'main');
  await git('add', '-A');
  await git('commit', '-q', '--allow-empty', '-m', 'A release');
}
