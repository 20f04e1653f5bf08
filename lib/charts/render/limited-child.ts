import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Address space: helm reserves 1.3 GiB at its start. */
const ADDRESS_SPACE_MIB = 1600;
/** Writable private memory, which is what a bomb fills. */
const DATA_MIB = 256;
/** Go's collector works harder above this; by itself it does not bind. */
const GO_MEMORY_MIB = 208;
/**
 * How much the heap may grow before it collects, in percent. Starting helm allocates what it keeps: with Go's own 100
 * it collects thrice before it reads a file, a fifth of its time. Near the limit above it collects all the same.
 */
const GO_GROWTH_PERCENT = 400;
/**
 * Where helm would keep what a cluster has told it. It may write no byte (`ulimit -f`), so nothing can be kept; but in
 * trying it makes two dozen folders and files a run, which cost as much as the rest of it. Below no folder it makes none.
 */
const NO_FOLDER = '/dev/null';
/** Resident memory at which the parent kills the child, where the limits above let it pass. */
const RESIDENT_MIB = 384;
const CPU_SECONDS = 20;
/** Wall time of a child. */
export const WALL_SECONDS = 20;
const OPEN_FILES = 256;
/** Bytes that a child may answer. */
export const STDOUT_BYTES = 20 * 1024 * 1024;
const STDERR_BYTES = 64 * 1024;
const WATCH_MILLISECONDS = 50;

export const MEMORY_LIMIT = `${DATA_MIB} MiB`;

export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  /** Working directory and, with `home` in it, all of the file system that the child is told of. */
  readonly folder: string;
}

export type ChildOutcome =
  | { readonly kind: 'succeeded'; readonly stdout: string }
  | { readonly kind: 'failed'; readonly stderr: string }
  | { readonly kind: 'too-slow' }
  | { readonly kind: 'too-much-memory' }
  | { readonly kind: 'too-large' };

/**
 * What `ulimit` takes: -v, -d in KiB, -t in seconds; the same in every shell that is /bin/sh somewhere. macOS refuses
 * to limit memory (setrlimit(2) there: RLIMIT_AS below what is mapped already): on a laptop the rest must do.
 */
const LIMITS = [
  ...(process.platform === 'linux'
    ? [`ulimit -v ${ADDRESS_SPACE_MIB * 1024}`, `ulimit -d ${DATA_MIB * 1024}`]
    : []),
  `ulimit -t ${CPU_SECONDS}`,
  'ulimit -f 0',
  'ulimit -c 0',
  `ulimit -n ${OPEN_FILES}`,
  'exec "$0" "$@"',
].join(' && ');

/** A group of its own hears no Ctrl-C: what still runs when this process ends, ends with it. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const { pid } of running) killGroup(pid);
});

/**
 * Runs a program that works on hostile input: in a process group of its own that is killed whole, with resource
 * limits, an empty environment, and bounds on what it says (docs/security.md,
 * "What is checked before anything is committed").
 */
export function runLimited({ program, arguments: args, folder }: Command): Promise<ChildOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', LIMITS, program, ...args], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        HOME: `${folder}/home`,
        TMPDIR: folder,
        KUBECONFIG: '/dev/null',
        KUBECACHEDIR: NO_FOLDER,
        GOMEMLIMIT: `${GO_MEMORY_MIB}MiB`,
        GOGC: String(GO_GROWTH_PERCENT),
        GOMAXPROCS: '1',
      },
    });
    running.add(child);
    let verdict: ChildOutcome | undefined;
    const stop = (outcome: ChildOutcome) => {
      verdict ??= outcome;
      killGroup(child.pid);
    };
    const deadline = setTimeout(() => stop({ kind: 'too-slow' }), WALL_SECONDS * 1000);
    const watch = setInterval(() => {
      if (residentMib(child.pid) > RESIDENT_MIB) stop({ kind: 'too-much-memory' });
    }, WATCH_MILLISECONDS);
    const stdout = gather(STDOUT_BYTES, () => stop({ kind: 'too-large' }));
    const stderr = gather(STDERR_BYTES, () => undefined);
    child.stdout.on('data', stdout.add);
    child.stderr.on('data', stderr.add);
    const settle = () => {
      running.delete(child);
      clearTimeout(deadline);
      clearInterval(watch);
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', (code, signal) => {
      settle();
      resolve(verdict ?? outcomeOf(code, signal, stdout.text, stderr.text));
    });
  });
}

function outcomeOf(
  code: number | null,
  signal: NodeJS.Signals | null,
  stdout: () => string,
  stderr: () => string,
): ChildOutcome {
  if (code === 0) return { kind: 'succeeded', stdout: stdout() };
  if (signal === 'SIGXCPU') return { kind: 'too-slow' };
  const said = stderr();
  // Go's runtime dies of a refused mmap so, and with exit code 2.
  if (
    /^(fatal error: |runtime: )?.*(out of memory|cannot allocate memory)/m.test(said) &&
    /goroutine|runtime/.test(said)
  )
    return { kind: 'too-much-memory' };
  if (/^(runtime: goroutine stack exceeds|fatal error: stack overflow)/m.test(said))
    return { kind: 'too-much-memory' };
  if (signal === 'SIGKILL') return { kind: 'too-slow' };
  return { kind: 'failed', stderr: said };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Resident memory as Linux tells it, from memory; elsewhere the limits of the shell must do. */
function residentMib(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function gather(limit: number, onOverflow: () => void) {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add: (chunk: Buffer) => {
      const before = size;
      size += chunk.length;
      if (before < limit) chunks.push(chunk.subarray(0, limit - before));
      if (size > limit) onOverflow();
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
