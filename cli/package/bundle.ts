import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..');

/** Some dependencies are CommonJS and call require, which an ES module has not. */
const REQUIRE =
  "import{createRequire as fairleadRequire}from'node:module';const require=fairleadRequire(import.meta.url);";

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
    banner: { js: REQUIRE },
  });
  // The page's own files, beside the code that serves them (page/server.ts).
  await cp(join(ROOT, 'page', 'static'), join(folder, 'static'), { recursive: true });
  return metafile;
}

/** What an app that uses the construct brings itself: there must be one of each in it. */
export const PEERS = [
  'aws-cdk-lib',
  'constructs',
  '@aws-cdk/lambda-layer-kubectl-v35',
  '@cdklabs/deploy-time-build',
] as const;

/**
 * Bundles the construct into `folder/index.cjs`: CommonJS, which every Node and every way to run TypeScript takes from
 * `import` and from `require` alike.
 * @returns what went in, for the notices
 */
export async function bundleConstruct(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { index: 'cli/package/construct.ts' },
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: `node${OLDEST_NODE}`,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: PEERS.flatMap((name) => [name, `${name}/*`]),
    inject: ['cli/package/older-node.ts'],
    define: { 'import.meta.dirname': '__dirname' },
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
  });
  return metafile;
}
