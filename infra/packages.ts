import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Code, type DockerImageCode } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

/** Functions that are a plain zip on the managed runtime. */
export const ZIP_FUNCTIONS = [
  'receive-upload',
  'render-release',
  'check-drift',
  'send-alerts',
  'sweep',
  'smoke-test',
] as const;
/** Functions that need the git binary, which the managed runtime lacks: one container image, a command each. */
export const GIT_FUNCTIONS = ['deliver-uploads', 'read-desired'] as const;

export type ZipFunctionName = (typeof ZIP_FUNCTIONS)[number];
export type GitFunctionName = (typeof GIT_FUNCTIONS)[number];

/** What functions are made of. Tests of templates give an empty one. */
export interface Packages {
  zip(name: ZipFunctionName): Code;
  /** What the image of the Git functions is made of: a Dockerfile, and all that it copies. */
  readonly imageFolder: string;
}

/** The code of each function. */
export interface FunctionCode {
  zip(name: ZipFunctionName): Code;
  image(name: GitFunctionName): DockerImageCode;
}

const ROOT = join(import.meta.dirname, '..');
const DOCKERFILE = join(import.meta.dirname, 'image', 'Dockerfile');

/**
 * Bundles all functions below `folder` and gives them as CDK assets. An asset's hash is that of its content, so the
 * same sources always give the same templates.
 */
export function bundledPackages(folder: string): Packages {
  for (const name of ZIP_FUNCTIONS) bundle(name, join(folder, name));
  const context = join(folder, 'image');
  for (const name of GIT_FUNCTIONS) bundle(name, join(context, name));
  mkdirSync(context, { recursive: true });
  copyFileSync(DOCKERFILE, join(context, 'Dockerfile'));
  return {
    zip: (name) => Code.fromAsset(join(folder, name)),
    imageFolder: context,
  };
}

/** One file, everything in it: nothing is resolved at a cold start, and what is deployed is what was tested. */
export function bundle(name: ZipFunctionName | GitFunctionName, folder: string): void {
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: [`functions/${name}.ts`],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
    // Some dependencies are CommonJS and call require, which an ES module has not.
    banner: {
      js: "import{createRequire as fairleadRequire}from'node:module';const require=fairleadRequire(import.meta.url);",
    },
  });
}
