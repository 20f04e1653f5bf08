import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { SABOTAGES, type SabotageName } from './sabotage.ts';

/** The functions that are run, and killed, as processes of their own. */
export const WORKERS = ['receive-upload', 'deliver-uploads', 'sweep'] as const;
export type WorkerName = (typeof WORKERS)[number];

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CREATORS: Record<WorkerName, string> = {
  'receive-upload': 'receiveUpload',
  'deliver-uploads': 'deliverUploads',
  sweep: 'sweep',
};

/** Bundles each function with the worker around it, as it is bundled for Lambda: a process starts in a fifth of a second. */
export async function bundleWorkers(folder: string, sabotage?: SabotageName): Promise<void> {
  for (const name of WORKERS) {
    await build({
      absWorkingDir: ROOT,
      stdin: {
        contents: `import { ${CREATORS[name]} as create } from './functions/${name}.ts';
import { serve } from './test/oracles/faults/worker.ts';
serve(create);`,
        resolveDir: ROOT,
        loader: 'ts',
      },
      outfile: bundleFile(folder, name),
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      mainFields: ['module', 'main'],
      logLevel: 'error',
      banner: {
        js: "import{createRequire as fairleadRequire}from'node:module';const require=fairleadRequire(import.meta.url);",
      },
      plugins: sabotage === undefined ? [] : [sabotaging(sabotage)],
    });
  }
}

export const bundleFile = (folder: string, name: WorkerName): string => join(folder, `${name}.mjs`);

/** Changes the code on its way into the bundle; the files stay as they are. */
function sabotaging(name: SabotageName): Plugin {
  const { file, from, to } = SABOTAGES[name];
  return {
    name: 'sabotage',
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`${file.replaceAll('.', '\\.')}$`) }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!text.includes(from))
          throw new Error(`sabotage ${name}: ${file} has changed; nothing was sabotaged`);
        return { contents: text.replace(from, to), loader: 'ts' };
      });
    },
  };
}
