import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { eachAtOnce } from '../../lib/at-once/at-once.ts';
import type { KubernetesObject } from '../../lib/objects/objects.ts';
import { chartFolder, valuesFile } from '../../lib/repository/layout.ts';
import { openCluster } from '../../local/deployer/cluster-client.ts';
import { type AuditedRequest, readAudit } from '../../test/audit-log.ts';
import { CHART_YAML, TEMPLATE, VALUES_YAML } from './chart.ts';
import { type Plane, startPlane } from './plane.ts';

/** A real API server that holds the objects of many releases, and the Git repository that declares them. */
export interface World {
  readonly plane: Plane;
  /** The repository's path. */
  readonly repository: string;
  /** Of a user who may do anything, whose requests are told apart. */
  readonly kubeconfig: string;
  /** A folder of its own for whoever measures. */
  readonly folder: string;
  /** Every object as it was applied, one JSON document each. */
  readonly manifests: string;
  readonly objects: number;
  /** Another commit that changes nothing of the releases. */
  commit(message: string): Promise<void>;
  /** What the user of `kubeconfig` has asked since it was last called. */
  requests(): Promise<readonly AuditedRequest[]>;
  end(): Promise<void>;
}

export interface WorldSize {
  readonly releases: number;
  /** Of each: that many sets of Deployment, Service, ServiceAccount, Ingress and HorizontalPodAutoscaler. */
  readonly setsEach: number;
}

export const TARGET = 'bench';
const NAMESPACES = 10;
const CHECKER = 'bench-checker';
const KINDS_EACH = 5;
/** Writes under way at once: the server's two cores are busy with less. */
const AT_ONCE = 12;

export async function makeWorld(size: WorldSize): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
  const auditLog = join(folder, 'audit.log');
  const plane = await startPlane(join(folder, 'data'), auditLog);
  try {
    const kubeconfig = await plane.addUser(CHECKER, ['system:masters']);
    const repository = join(folder, 'repository');
    const objects = releasesOf(size).flatMap((release) => objectsOf(release, size.setsEach));
    const client = await openCluster(plane.kubeconfig, undefined, new AbortController().signal);
    for (const each of [namespaces().map(namespaceNamed), objects])
      await eachAtOnce(each, AT_ONCE, (object) => client.apply(object, 'helm'));
    const git = await writeRepository(repository, size);
    let seen = 0;
    return {
      plane,
      repository,
      kubeconfig,
      folder,
      manifests: objects.map((object) => JSON.stringify(object)).join('\n---\n'),
      objects: size.releases * size.setsEach * KINDS_EACH,
      commit: (message) => git('commit', '--quiet', '--allow-empty', '-m', message),
      async requests() {
        const all = (await readAudit(auditLog)).filter(({ user }) => user === CHECKER);
        const fresh = all.slice(seen);
        seen = all.length;
        return fresh;
      },
      async end() {
        await plane.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await plane.stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface ReleaseName {
  readonly namespace: string;
  readonly release: string;
}

const namespaces = () => Array.from({ length: NAMESPACES }, (_, index) => `team-${index}`);

const releasesOf = ({ releases }: WorldSize): readonly ReleaseName[] =>
  Array.from({ length: releases }, (_, index) => ({
    namespace: `team-${index % NAMESPACES}`,
    release: `app-${String(index).padStart(4, '0')}`,
  }));

const namespaceNamed = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** As the chart below renders, with helm's marks: written twice on purpose, so that a wrong render would show. */
function objectsOf({ namespace, release }: ReleaseName, sets: number): readonly KubernetesObject[] {
  return Array.from({ length: sets }, (_, index) => {
    const name = index === 0 ? release : `${release}-${index}`;
    const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': release };
    const metadata = {
      name,
      namespace,
      labels: { ...labels, 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        'meta.helm.sh/release-name': release,
        'meta.helm.sh/release-namespace': namespace,
      },
    };
    return [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: {
          type: 'ClusterIP',
          selector: labels,
          ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
        },
      },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deploymentSpec(name, labels) },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata,
        spec: {
          ingressClassName: 'nginx',
          rules: [
            {
              host: `${name}.example.com`,
              http: {
                paths: [
                  {
                    path: '/',
                    pathType: 'Prefix',
                    backend: { service: { name, port: { name: 'http' } } },
                  },
                ],
              },
            },
          ],
        },
      },
      {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata,
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
          minReplicas: 2,
          maxReplicas: 10,
          metrics: [
            {
              type: 'Resource',
              resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
            },
          ],
        },
      },
    ];
  }).flat();
}

const deploymentSpec = (name: string, labels: Record<string, string>) => ({
  selector: { matchLabels: labels },
  template: {
    metadata: { labels },
    spec: {
      serviceAccountName: name,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'app',
          image: 'registry.example.com/app:1.4.2',
          imagePullPolicy: 'IfNotPresent',
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
          env: [
            { name: 'LOG_LEVEL', value: 'info' },
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          livenessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10 },
          readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
          resources: {
            requests: { cpu: '100m', memory: '128Mi' },
            limits: { memory: '256Mi' },
          },
          volumeMounts: [{ name: 'scratch', mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    },
  },
});

async function writeRepository(folder: string, size: WorldSize) {
  const target = { name: TARGET, root: `fairlead/${TARGET}` };
  await mkdir(folder, { recursive: true });
  for (const release of releasesOf(size)) {
    const chart = chartFolder(target, release);
    for (const [path, text] of [
      [`${chart}/Chart.yaml`, CHART_YAML],
      [`${chart}/values.yaml`, VALUES_YAML],
      [`${chart}/templates/all.yaml`, TEMPLATE],
      [valuesFile(target, release), `sets: ${size.setsEach}\n`],
    ] as const) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  }
  const git = async (...argv: string[]) => {
    const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com'];
    await promisify(execFile)('git', ['-C', folder, ...identity, ...argv], {
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    });
  };
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '-m', 'All releases');
  return git;
}
