import { join } from 'node:path';
import { Code, type DockerImageCode } from 'aws-cdk-lib/aws-lambda';

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
export const GIT_FUNCTIONS = ['deliver-uploads', 'read-desired', 'back-up-repositories'] as const;

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

/**
 * Functions that were bundled into this folder, as CDK assets. An asset's hash is that of its content, so the same
 * sources always give the same templates.
 */
export const packagesIn = (folder: string): Packages => ({
  zip: (name) => Code.fromAsset(join(folder, name)),
  imageFolder: join(folder, 'image'),
});
