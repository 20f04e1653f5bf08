import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

/** How a process ended, and what it took. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
  /** The largest resident size it had; 0 for what is not Node. */
  readonly peakMegabytes: number;
}

const PEAK = join(import.meta.dirname, 'peak.mjs');

/** From start to end, with all output read, as a person in a terminal would wait for it. */
export async function ran(
  command: string,
  argv: readonly string[],
  { input, path }: { readonly input?: string; readonly path?: string } = {},
): Promise<Ran> {
  const started = performance.now();
  const child = spawn(command, argv, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    ...(path === undefined
      ? {}
      : { env: { ...process.env, PATH: `${path}${delimiter}${process.env.PATH}` } }),
  });
  const [stdout, stderr, peak] = [1, 2, 3].map((at) => {
    const chunks: Buffer[] = [];
    child.stdio[at]?.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString('utf8');
  });
  child.stdin?.on('error', () => undefined).end(input ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (ended) => resolve(ended ?? -1));
  });
  return {
    code,
    stdout: stdout?.() ?? '',
    stderr: stderr?.() ?? '',
    milliseconds: performance.now() - started,
    peakMegabytes: Math.round(Number(peak?.() || 0) / 1024),
  };
}

/** The same of one of our programs, with its peak memory. @param path a folder where it finds helm */
export const ranNode = (file: string, argv: readonly string[], path: string): Promise<Ran> =>
  ran(process.execPath, ['--import', PEAK, file, ...argv], { path });
