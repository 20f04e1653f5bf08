import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** `npx fairlead …` as a process of its own. */
export async function fairlead(argv: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'fairlead.mjs'), ...argv], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => {
    output.stdout += part.toString('utf8');
  });
  child.stderr.on('data', (part: Buffer) => {
    output.stderr += part.toString('utf8');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}
