import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** `npm start` as a process, and what it said. */
export interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Until what it said matches. @throws if it ends before */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code once it has ended. */
  ended(): Promise<number | null>;
}

export function start(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): Started {
  const child = spawn(process.execPath, [join(ROOT, 'local', 'start.ts'), ...argv], {
    cwd: ROOT,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const wake = new Set<() => void>();
  const more = (part: Buffer) => {
    text += part.toString('utf8');
    for (const each of wake) each();
  };
  child.stdout.on('data', more);
  child.stderr.on('data', more);
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    child,
    output: () => text,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(text);
          if (found === null) return;
          wake.delete(look);
          resolve(found);
        };
        wake.add(look);
        look();
        closed.then(() => reject(new Error(`it ended without having said ${pattern}:\n${text}`)), reject);
      }),
    ended: async () => (await closed)[0],
  };
}

/** Processes whose command line names a folder: what a stopped installation must not leave. */
export async function processesOn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(folder)) found.push(line.replaceAll('\0', ' '));
  }
  return found;
}
