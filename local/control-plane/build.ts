import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Got, Order } from './download.ts';

/**
 * The control plane from its sources, by Go and its module proxy alone. Each folder of build/ is a module of our own
 * that pins what it builds: `k8s.io/kubernetes` itself cannot be `go install`ed, since its go.mod replaces the
 * staging modules.
 */
export const MODULES = join(import.meta.dirname, 'build');
const NEEDED_GO = [1, 25] as const;
const TICK_MS = 10_000;
const ERROR_TAIL = 1500;

export interface Part {
  /** The executable's name. */
  readonly name: string;
  /** Folder of build/. */
  readonly module: string;
  readonly package: string;
  /** Seconds that a first build takes on two cores. */
  readonly estimate: number;
}

/** What `npm start` and the tests need, and what makes a control plane behave as in production. */
const PARTS: readonly Part[] = [
  { name: 'etcd', module: 'etcd', package: 'go.etcd.io/etcd/server/v3', estimate: 30 },
  {
    name: 'kube-apiserver',
    module: 'control-plane',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    estimate: 180,
  },
  {
    name: 'kube-controller-manager',
    module: 'control-plane',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    estimate: 40,
  },
];

/** Beyond that, for comparisons with a cluster in which Pods run. */
export const MORE_PARTS: readonly Part[] = [
  {
    name: 'kube-scheduler',
    module: 'control-plane',
    package: 'k8s.io/kubernetes/cmd/kube-scheduler',
    estimate: 30,
  },
  { name: 'kwok', module: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok', estimate: 50 },
];

/** Builds into `folder`; all of it or nothing. */
export async function buildBinaries(order: Order, parts: readonly Part[] = PARTS): Promise<Got> {
  const { version, folder, onProgress, signal } = order;
  const go = await goVersion();
  if (go === undefined) return { kind: 'not-got', reason: 'Go is not installed, so they cannot be built' };
  if (go[0] < NEEDED_GO[0] || (go[0] === NEEDED_GO[0] && go[1] < NEEDED_GO[1])) {
    return {
      kind: 'not-got',
      reason: `Go is ${go.join('.')}; a build needs ${NEEDED_GO.join('.')} or newer`,
    };
  }
  await mkdir(dirname(folder), { recursive: true });
  const aside = await mkdtemp(`${folder}-`);
  try {
    // In a copy: Go may complete go.sum for this platform.
    await cp(MODULES, join(aside, 'modules'), { recursive: true });
    const into = join(aside, 'binaries');
    for (const [index, part] of parts.entries()) {
      const label = `building ${part.name} (${index + 1} of ${parts.length}, about ${part.estimate} s)`;
      onProgress(label);
      const started = Date.now();
      const ticking = setInterval(
        () => onProgress(`${label}: ${Math.round((Date.now() - started) / 1000)} s`),
        TICK_MS,
      );
      const failed = await build(
        part,
        version,
        join(aside, 'modules', moduleOf(part, version)),
        join(into, part.name),
        signal,
      );
      clearInterval(ticking);
      if (failed !== undefined)
        return { kind: 'not-got', reason: `go build of ${part.name} failed: ${failed}` };
    }
    await mkdir(dirname(folder), { recursive: true });
    await rename(into, folder).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      for (const { name } of parts) await rename(join(into, name), join(folder, name));
    });
    return { kind: 'got' };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** The newest server's module has the plain name; another minor's carries it: `control-plane-1.33`. */
function moduleOf({ module }: Part, version: string): string {
  const named = `${module}-${version.split('.', 2).join('.')}`;
  return existsSync(join(MODULES, named)) ? named : module;
}

/** Undefined when it was built, else the end of what Go said. */
function build(
  part: Part,
  version: string,
  folder: string,
  output: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const [major, minor] = version.split('.');
  const named = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
  const linker = [
    '-s -w',
    named('gitVersion', `v${version}`),
    named('gitMajor', major ?? ''),
    named('gitMinor', minor ?? ''),
  ];
  return new Promise((resolve) => {
    const child = spawn(
      'go',
      ['build', '-mod=mod', '-trimpath', '-ldflags', linker.join(' '), '-o', output, part.package],
      {
        cwd: folder,
        env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
        stdio: ['ignore', 'ignore', 'pipe'],
        ...(signal === undefined ? {} : { signal }),
      },
    );
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-ERROR_TAIL);
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : said.trim() || `exit code ${code}`));
  });
}

async function goVersion(): Promise<[number, number] | undefined> {
  try {
    const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION']);
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? [];
    return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
  } catch {
    return undefined;
  }
}
