import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync, type Metafile } from 'esbuild';
import {
  GIT_FUNCTIONS,
  type GitFunctionName,
  type Packages,
  packagesIn,
  ZIP_FUNCTIONS,
  type ZipFunctionName,
} from './packages.ts';

const ROOT = join(import.meta.dirname, '..');
/** Loads what is used of it alone. */
const HTTP = './infra/http-builtin.cjs';
const DOCKERFILE = join(import.meta.dirname, 'image', 'Dockerfile');

/**
 * What is in no bundle and lies beside those that need it, as its makers published it: under the LGPL (3, section 4d)
 * whoever has our functions may put another version in its place. It is loaded when it is needed and not before.
 */
export const BESIDE = {
  name: 'openpgp',
  folder: 'node_modules/openpgp',
  file: 'node_modules/openpgp/dist/node/openpgp.mjs',
  as: './openpgp.mjs',
} as const;

/** Bundles all functions into this folder, and gives them as they are there. */
export function bundledPackages(folder: string): Packages {
  bundleAll(folder);
  return packagesIn(folder);
}

/** @returns what went in, for the notices of who hands it on */
export function bundleAll(folder: string): readonly Metafile[] {
  const image = join(folder, 'image');
  mkdirSync(image, { recursive: true });
  copyFileSync(DOCKERFILE, join(image, 'Dockerfile'));
  return [
    ...ZIP_FUNCTIONS.map((name) => bundle(name, join(folder, name))),
    ...GIT_FUNCTIONS.map((name) => bundle(name, join(image, name))),
  ];
}

/**
 * One file, everything in it but what lies beside it: nothing is resolved at a cold start, and what is deployed is what
 * was tested.
 */
export function bundle(name: ZipFunctionName | GitFunctionName, folder: string): Metafile {
  const { metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [`functions/${name}.ts`],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    alias: { [BESIDE.name]: BESIDE.as, http: HTTP, 'node:http': HTTP },
    external: [BESIDE.as],
    minifySyntax: true,
    minifyWhitespace: true,
    // A third of the size. Errors and classes keep the names that logs and answers show.
    minifyIdentifiers: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    // Some dependencies are CommonJS and call require, which an ES module has not.
    banner: {
      js: "import{createRequire as fairleadRequire}from'node:module';const require=fairleadRequire(import.meta.url);",
    },
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  if (imported.includes(BESIDE.as)) copyFileSync(join(ROOT, BESIDE.file), join(folder, BESIDE.as));
  return metafile;
}
