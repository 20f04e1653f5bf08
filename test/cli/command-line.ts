import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { OLDEST_NODE } from '../../cli/package/bundle.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface Running {
  readonly child: ChildProcess;
  /** Until what it said on stderr matches. */
  says(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ran>;
}

/** What a CI system that runs these tests says of its own job. */
const NO_CI = Object.fromEntries(
  [
    ...['GITHUB_SHA', 'GITHUB_RUN_ID', 'GITHUB_ACTOR', 'CI_COMMIT_SHA', 'CI_JOB_URL', 'GITLAB_USER_LOGIN'],
    ...['GIT_COMMIT', 'BUILD_URL'],
  ].map((name) => [name, undefined]),
);

/** `npx fairlead …` as a process of its own. */
export function running(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  stdin: 'ignore' | 'pipe' = 'ignore',
): Running {
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'fairlead.mjs'), ...argv], {
    env: { ...process.env, ...NO_CI, ...environment },
    stdio: [stdin, 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const wake = new Set<() => void>();
  child.stdout?.on('data', (part: Buffer) => {
    output.stdout += part.toString('utf8');
  });
  child.stderr?.on('data', (part: Buffer) => {
    output.stderr += part.toString('utf8');
    for (const each of wake) each();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  return {
    child,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(output.stderr)) return;
          wake.delete(look);
          resolve();
        };
        wake.add(look);
        look();
        ended.then(
          () => reject(new Error(`it ended without having said ${pattern}: ${output.stderr}`)),
          reject,
        );
      }),
  };
}

export const fairlead = (argv: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  running(argv, environment).ended;

/** Every Node on the PATH, the oldest that the package is for and the newest alike; by version. */
export async function nodes(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const files = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  for (const file of [process.execPath, ...files]) {
    if (!existsSync(file)) continue;
    const { stdout } = await promisify(execFile)(file, ['--version']);
    const version = stdout.trim();
    if (Number(/^v(\d+)/.exec(version)?.[1]) >= OLDEST_NODE && !found.has(version)) found.set(version, file);
  }
  return found;
}
