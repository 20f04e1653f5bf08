import { ContainerImageBuild } from '@cdklabs/deploy-time-build';
import { RemovalPolicy } from 'aws-cdk-lib';
import { Repository, RepositoryEncryption, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { DockerImageCode } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { GitImageSettings } from './git-image.ts';

export interface ImageBuild {
  code(cmd: string[]): DockerImageCode;
  readonly sourceHash: string;
}

/** Images that are no longer deployed, for a way back. */
const IMAGES_KEPT = 10;

/** Built by CodeBuild while the stack deploys, from the same folder, into a repository of ours that scans it. */
export function builtInCodeBuild(scope: Construct, settings: GitImageSettings): ImageBuild {
  const { packages, production, installation, base } = settings;
  const repository = new Repository(scope, 'Repository', {
    repositoryName: `${installation}-git`,
    imageScanOnPush: true,
    // The same sources are built again where their base is newer, under the same tag.
    imageTagMutability: TagMutability.MUTABLE,
    encryption: RepositoryEncryption.AES_256,
    lifecycleRules: [{ maxImageCount: IMAGES_KEPT }],
    ...(production
      ? { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE }
      : { removalPolicy: RemovalPolicy.DESTROY, emptyOnDelete: true }),
  });
  const build = new ContainerImageBuild(scope, 'Build', {
    directory: packages.imageFolder,
    platform: Platform.LINUX_AMD64,
    repository,
    ...(base === undefined ? {} : { buildArgs: { BASE: base } }),
  });
  const source = build.node.findChild('Source') as unknown as { readonly assetHash: string };
  return {
    code: (cmd) => build.toLambdaDockerImageCode({ cmd }),
    sourceHash: source.assetHash,
  };
}
