import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { bundle } from '../../infra/bundle.ts';
import * as clients from '../../lib/aws/clients.ts';
import { type Environment, VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { writeProfile } from '../../lib/cluster/profile.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { WRITE_SECRET } from '../../local/configuration.ts';
import { CONFIG_PATH, GIVEN } from '../../local/functions.ts';
import { tools } from '../../local/tools.ts';
import type { Asked, PartOptions, Told } from './part.ts';
import { treePeak } from './processes.ts';

export const FUNCTIONS = ['receive-upload', 'deliver-uploads', 'render-release'] as const;
type FunctionName = (typeof FUNCTIONS)[number];
type PartName = 'aws' | 'git' | FunctionName;

/** Namespaces that uploads go to: one that the repositories hold already, and one of the uploads' own. */
export const NAMESPACES = ['team-00', 'shop'];

export interface Line {
  readonly gitUrl: string;
  readonly pushToken: string;
  readonly pushes: () => number;
  bareOf(repository: string): string;
  upload(key: string, body: Buffer): Promise<void>;
  /** Starts the functions, each with nothing loaded and nothing cloned. */
  startFunctions(): Promise<void>;
  stopFunctions(): Promise<void>;
  /** No call is running, and none begins. */
  idle(): Promise<void>;
  used(): Promise<Readonly<Record<string, { readonly cpuSeconds: number; readonly peakMib: number }>>>;
  /** Resident memory of each function with its children, at its highest while the work goes on. */
  peaks(work: () => Promise<void>): Promise<Readonly<Record<FunctionName, number>>>;
  stop(): Promise<void>;
}

/** Receive, render and deliver as they are bundled for Lambda, over the embedded AWS and a Git server, a process each. */
export async function startLine(folder: string, repositories: readonly string[]): Promise<Line> {
  const parts = new Map<PartName, Part>();
  const { folder: toolsFolder } = await tools();
  for (const name of FUNCTIONS) bundle(name, join(folder, 'bundles', name));

  let pushes = 0;
  const git = await startPart(
    { kind: 'git', folder: join(folder, 'git'), repositories },
    process.env,
    (told) => {
      if (told.told === 'pushed') pushes++;
    },
  );
  parts.set('git', git);
  const { url: gitUrl = '', token = '' } = git.addresses;
  const config = parseConfig({
    installation: 'bench',
    repositories: repositories.map((name) => ({
      name,
      url: `${gitUrl}/${name}.git`,
      credential: { kind: 'token', secret: WRITE_SECRET, username: 'fairlead' },
    })),
    targets: repositories.map((name) => ({
      name,
      repository: name,
      deployer: 'flux',
      namespaces: NAMESPACES,
      judgeAgainSeconds: 0,
    })),
  });
  const aws = await startPart({
    kind: 'aws',
    folder: join(folder, 'aws'),
    parameters: [...toParameters(config)].map(([name, value]) => [`${CONFIG_PATH}/${name}`, value]),
    secrets: [[WRITE_SECRET, token]],
  });
  parts.set('aws', aws);
  const environment = aws.environment as Environment;
  const s3 = clients.s3(environment);
  const state = s3Store(s3, BUCKETS.state);
  for (const target of repositories)
    await writeProfile(state, {
      schema: 1,
      target,
      kubernetesVersion: 'v1.35.4',
      apiVersions: SERVED,
      at: new Date().toISOString(),
    });

  const scratch = join(folder, 'scratch');
  const variables = (name: FunctionName): Environment => {
    const all: Partial<Record<keyof typeof VARIABLES, string>> = {
      installation: 'bench',
      table: TABLE,
      uploadBucket: BUCKETS.upload,
      contentBucket: BUCKETS.content,
      stateBucket: BUCKETS.state,
      receiveQueue: aws.addresses.receive ?? '',
      doorbellQueue: aws.addresses.doorbell ?? '',
      readQueue: aws.addresses.read ?? '',
      renderFunction: 'render-release',
      configPath: CONFIG_PATH,
      configHash: 'bench',
      tools: toolsFolder,
      scratch: join(scratch, name),
    };
    return {
      PATH: process.env.PATH,
      POWERTOOLS_LOG_LEVEL: 'ERROR',
      ...environment,
      ...Object.fromEntries(GIVEN[name].map((variable) => [VARIABLES[variable], all[variable]])),
    };
  };
  const bundleOf = (name: FunctionName) => join(folder, 'bundles', name, 'index.mjs');

  const line: Line = {
    gitUrl,
    pushToken: token,
    pushes: () => pushes,
    bareOf: (repository) => join(folder, 'git', `${repository}.git`),
    async upload(key, body) {
      await s3.send(new PutObjectCommand({ Bucket: BUCKETS.upload, Key: key, Body: body }));
    },
    async startFunctions() {
      for (const name of FUNCTIONS) await mkdir(join(scratch, name), { recursive: true });
      const render = await startPart(
        { kind: 'invoked', name: 'render-release', bundle: bundleOf('render-release') },
        variables('render-release'),
      );
      parts.set('render-release', render);
      const polling = async (name: FunctionName, queueUrl: string, batchSize: number) =>
        parts.set(
          name,
          await startPart(
            { kind: 'polling', name, bundle: bundleOf(name), queueUrl, batchSize },
            { ...variables(name), AWS_ENDPOINT_URL_LAMBDA: render.addresses.url },
          ),
        );
      await polling('receive-upload', aws.addresses.receive ?? '', 10);
      await polling('deliver-uploads', aws.addresses.doorbell ?? '', 1);
    },
    async stopFunctions() {
      for (const name of FUNCTIONS) {
        await parts.get(name)?.stop();
        parts.delete(name);
      }
      await rm(scratch, { recursive: true, force: true });
      // The embedded queue gives the next message to a poller that has gone, as long as that one would have waited.
      await sleep(STALE_POLL_MS);
    },
    async idle() {
      for (let quiet = 0; quiet < QUIET_POLLS; ) {
        quiet = FUNCTIONS.every((name) => (parts.get(name)?.running() ?? 0) === 0) ? quiet + 1 : 0;
        await sleep(IDLE_POLL_MS);
      }
    },
    async used() {
      const told = await Promise.all(
        [...parts].map(async ([name, part]) => [name, await part.used()] as const),
      );
      return Object.fromEntries(told);
    },
    async peaks(work) {
      const watched = FUNCTIONS.map((name) => [name, treePeak(parts.get(name)?.pid ?? 0)] as const);
      await work();
      return Object.fromEntries(watched.map(([name, peak]) => [name, peak()])) as Record<
        FunctionName,
        number
      >;
    },
    async stop() {
      await line.stopFunctions();
      for (const part of parts.values()) await part.stop();
    },
  };
  return line;
}

/** A long poll is 10 seconds (local/pump.ts). */
const STALE_POLL_MS = 10_500;
const QUIET_POLLS = 20;
const IDLE_POLL_MS = 10;

interface Part {
  readonly pid: number;
  readonly addresses: Readonly<Record<string, string>>;
  readonly environment: Environment | undefined;
  running(): number;
  used(): Promise<{ cpuSeconds: number; peakMib: number }>;
  stop(): Promise<void>;
}

async function startPart(
  options: PartOptions,
  environment: Environment = process.env,
  onTold: (told: Told) => void = () => {},
): Promise<Part> {
  const child = fork(join(import.meta.dirname, 'part.ts'), {
    env: environment as NodeJS.ProcessEnv,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let running = 0;
  child.on('message', (told: Told) => {
    if (told.told === 'error') console.error(told.message);
    if (told.told === 'calls') running = told.running;
    onTold(told);
  });
  child.send(options);
  const serving = await next(child, 'serving');
  return {
    pid: child.pid ?? 0,
    addresses: serving.addresses,
    environment: serving.environment,
    running: () => running,
    async used() {
      const told = next(child, 'used');
      child.send({ ask: 'use' } satisfies Asked);
      return told;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.send({ ask: 'stop' } satisfies Asked);
      await exited;
    },
  };
}

type ToldAs<Name extends Told['told']> = Extract<Told, { told: Name }>;

const next = <Name extends Told['told']>(child: ChildProcess, name: Name): Promise<ToldAs<Name>> =>
  new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`a part ended before it was ${name}`));
    const heard = (told: Told) => {
      if (told.told !== name) return;
      child.off('message', heard);
      child.off('exit', ended);
      resolve(told as ToldAs<Name>);
    };
    child.on('message', heard).once('exit', ended);
  });

/** What a cluster of this version serves of its own, as a profile has it. */
const SERVED = Object.entries({
  v1: [
    'ConfigMap',
    'Secret',
    'Service',
    'ServiceAccount',
    'Pod',
    'PersistentVolumeClaim',
    'Namespace',
    'Endpoints',
    'LimitRange',
    'ResourceQuota',
  ],
  'apps/v1': ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ControllerRevision'],
  'batch/v1': ['Job', 'CronJob'],
  'autoscaling/v1': ['HorizontalPodAutoscaler'],
  'autoscaling/v2': ['HorizontalPodAutoscaler'],
  'networking.k8s.io/v1': ['Ingress', 'IngressClass', 'NetworkPolicy'],
  'policy/v1': ['PodDisruptionBudget'],
  'rbac.authorization.k8s.io/v1': ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
  'storage.k8s.io/v1': ['StorageClass', 'CSIDriver', 'VolumeAttachment'],
  'coordination.k8s.io/v1': ['Lease'],
  'discovery.k8s.io/v1': ['EndpointSlice'],
  'apiextensions.k8s.io/v1': ['CustomResourceDefinition'],
  'admissionregistration.k8s.io/v1': ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'],
  'certificates.k8s.io/v1': ['CertificateSigningRequest'],
}).flatMap(([groupVersion, kinds]) => [groupVersion, ...kinds.map((kind) => `${groupVersion}/${kind}`)]);
