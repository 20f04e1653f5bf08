import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..');

/** The oldest Node that the package runs on: what that lacks, cli/package/older-node.ts brings. */
export const OLDEST_NODE = 20;

/**
 * Bundles the command line into `folder`: `main.mjs` and a file a command, each with all that it needs, so that the
 * package has no dependencies and nothing is fetched or built when it is installed. Names stay as they are written: a
 * stack trace must say something.
 * @returns what went in, for the notices
 */
export async function bundle(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    // The second is the program of its own worker: bundled, it must be no part of the first.
    entryPoints: ['cli/package/main.ts', 'lib/charts/files/limited.ts'],
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: `node${OLDEST_NODE}`,
    format: 'esm',
    mainFields: ['module', 'main'],
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
    inject: ['cli/package/older-node.ts'],
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    // Some dependencies are CommonJS and call require, which an ES module has not.
    banner: {
      js: "import{createRequire as fairleadRequire}from'node:module';const require=fairleadRequire(import.meta.url);",
    },
  });
  // The page's own files, beside the code that serves them (page/server.ts).
  await cp(join(ROOT, 'page', 'static'), join(folder, 'static'), { recursive: true });
  return metafile;
}
