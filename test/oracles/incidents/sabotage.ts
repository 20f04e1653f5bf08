import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type * as Run from './run.ts';
import { SABOTAGES, type SabotageName } from './sabotages.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** The runs over code that has the fault; the files stay as they are. */
export async function withSabotage<Answer>(
  name: SabotageName,
  use: (run: Pick<typeof Run, 'runAll'>) => Promise<Answer>,
): Promise<Answer> {
  // Where packages are found from: they are not sabotaged, nor read twice.
  const folder = await mkdtemp(join(ROOT, 'node_modules', '.fairlead-incidents-'));
  try {
    const outfile = join(folder, 'run.mjs');
    await build({
      absWorkingDir: ROOT,
      entryPoints: ['test/oracles/incidents/run.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      packages: 'external',
      logLevel: 'error',
      plugins: [sabotaging(name)],
    });
    return await use((await import(pathToFileURL(outfile).href)) as typeof Run);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sabotaging(name: SabotageName): Plugin {
  const { file, from, to } = SABOTAGES[name];
  return {
    name: 'sabotage',
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`${file.replaceAll('.', '\\.')}$`) }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (text.split(from).length !== 2)
          throw new Error(`sabotage ${name}: ${file} has changed; nothing was sabotaged`);
        return { contents: text.replace(from, () => to), loader: 'ts' };
      });
    },
  };
}
