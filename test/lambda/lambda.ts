import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionName } from '../../infra/run/function.ts';
import { SIZES } from '../../infra/sizes.ts';
import type { Environment } from '../../lib/aws/environment.ts';
import { mayMount } from './may-mount.ts';
import { type Invoked, startRuntimeApi } from './runtime-api.ts';

/** One execution environment of Lambda on this machine. */
export interface Lambda {
  /** Sends it an event, and waits for what it makes of it. */
  invoke(event: unknown): Promise<Invoked>;
  /** All that it has written to its log so far. */
  log(): string;
  stop(): Promise<void>;
}

export interface LambdaSettings {
  readonly name: FunctionName;
  /** Folder with its `index.mjs`: what lies at /var/task. */
  readonly bundle: string;
  /** The function's own variables, and the endpoint and keys of AWS. */
  readonly environment: Environment;
  /** What its layers hold: lies at /opt. */
  readonly layers?: string;
}

/** As Lambda's own has been seen. */
const USER = 993;
const ACCOUNT = '123456789012';
const SCRATCH_MIB = 512;

/**
 * Lambda's file system: a root that can be written nowhere but at /tmp, which is empty; the function at /var/task, its
 * layers at /opt, the runtime at /var/runtime and /var/lang. All of it is mounts in a namespace that ends with the
 * process, so nothing is left of it. $1 an empty folder, $2 bundle, $3 layers, $4 node, $5 bootstrap, $6 /etc/passwd.
 */
const WORLD = `set -eu
mount -t tmpfs -o size=1m,mode=755 lambda "$1"
cd "$1"
mkdir -p usr bin lib lib64 sbin etc proc dev tmp opt var/task var/runtime var/lang/bin
touch var/lang/bin/node var/runtime/bootstrap.mjs dev/null dev/urandom
for folder in usr bin lib lib64 sbin etc; do
  [ -e "/$folder" ] || continue
  mount --bind "/$folder" "$folder"; mount -o remount,bind,ro "$folder"
done
mount --bind "$6" etc/passwd
mount --rbind /proc proc
mount --bind /dev/null dev/null; mount --bind /dev/urandom dev/urandom
mount --bind "$2" var/task; mount -o remount,bind,ro,nosuid,nodev var/task
for layer in "$3"/*; do
  [ -d "$layer" ] || continue
  mkdir "opt/$(basename "$layer")"; mount --bind "$layer" "opt/$(basename "$layer")"
  mount -o remount,bind,ro,nosuid,nodev "opt/$(basename "$layer")"
done
mount --bind "$4" var/lang/bin/node; mount --bind "$5" var/runtime/bootstrap.mjs
mount -t tmpfs -o size=${SCRATCH_MIB}m,mode=1777 scratch tmp
mount -o remount,ro "$1"
shift 6
exec chroot --userspec=${USER}:${USER} . /usr/bin/env -i "$@" /bin/sh -c 'cd /var/task && exec /var/lang/bin/node /var/runtime/bootstrap.mjs'`;

/** Starts a function as Lambda does: its environment, its file system, its protocol. */
export async function startLambda({ name, bundle, environment, layers }: LambdaSettings): Promise<Lambda> {
  const prefix = mayMount();
  if (prefix === undefined) throw new Error('no mount namespace can be made here');
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-lambda-'));
  const root = await mkdtemp(join(folder, 'root-'));
  const empty = await mkdtemp(join(folder, 'empty-'));
  // The Dockerfile gives the user a name; the managed runtime has one.
  const names = join(folder, 'passwd');
  writeFileSync(
    names,
    `${readFileSync('/etc/passwd', 'utf8')}sbx_user1051:x:${USER}:${USER}::/tmp:/sbin/nologin\n`,
  );
  const { memoryMiB, timeout } = SIZES[name];
  const functionName = environment.FAIRLEAD_INSTALLATION
    ? `${environment.FAIRLEAD_INSTALLATION}-${name}`
    : name;
  const region = environment.AWS_REGION ?? 'eu-central-1';
  const api = await startRuntimeApi(
    `arn:aws:lambda:${region}:${ACCOUNT}:function:${functionName}`,
    timeout.toMilliseconds(),
  );
  // Lambda guide, "Using Lambda environment variables", Defined runtime environment variables.
  const variables: Environment = {
    ...environment,
    _HANDLER: 'index.handler',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMiB),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef',
    AWS_LAMBDA_RUNTIME_API: api.address,
    AWS_SESSION_TOKEN: 'of-the-execution-role',
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    LAMBDA_TASK_ROOT: '/var/task',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LANG: 'en_US.UTF-8',
    LD_LIBRARY_PATH:
      '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
    NODE_PATH: '/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    TZ: ':UTC',
  };
  const child = spawn(
    prefix[0] ?? 'unshare',
    [
      ...(prefix.length === 0 ? [] : [...prefix.slice(1), 'unshare']),
      '--mount',
      '--propagation',
      'private',
      '/bin/sh',
      '-c',
      WORLD,
      'world',
      root,
      bundle,
      layers ?? empty,
      process.execPath,
      join(import.meta.dirname, 'bootstrap.mjs'),
      names,
      ...Object.entries(variables).map(([variable, value]) => `${variable}=${value ?? ''}`),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (log += part.toString()));
  const exited = new Promise<void>((resolve) =>
    child.once('close', (code, signal) => {
      api.ended(`it ended with ${code ?? signal}: ${log.slice(-2000)}`);
      resolve();
    }),
  );
  return {
    invoke: api.invoke,
    log: () => log,
    async stop() {
      // A runtime that finds nobody to ask ends.
      await api.stop();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
