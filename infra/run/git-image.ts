import { Annotations, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { DockerImageCode } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { GitImageChoice } from '../../lib/config/git-image.ts';
import type { FunctionCode, GitFunctionName, Packages, ZipFunctionName } from '../packages.ts';
import { builtInCodeBuild, type ImageBuild } from './image-build.ts';

export interface GitImageSettings {
  readonly choice: GitImageChoice;
  readonly packages: Packages;
  readonly production: boolean;
  readonly installation: string;
  /** What the image is made from instead of AWS's own: a mirror's, by digest. */
  readonly base: string | undefined;
}

/** `123456789012.dkr.ecr.eu-central-1.amazonaws.com/fairlead-git@sha256:…` */
const PARTS = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(.+)@(sha256:[0-9a-f]{64})$/;

/** The one image of the functions that need git, from where the configuration says. The rest are zips as they were. */
export class GitImage extends Construct implements FunctionCode {
  private readonly settings: GitImageSettings;
  private readonly build: ImageBuild | undefined;

  constructor(scope: Construct, id: string, settings: GitImageSettings) {
    super(scope, id);
    this.settings = settings;
    const { choice, production, base } = settings;
    this.build = choice.kind === 'codebuild' ? builtInCodeBuild(this, settings) : undefined;
    if (production && choice.kind !== 'image' && base === undefined) {
      Annotations.of(this).addWarningV2(
        'fairlead:base-image-by-tag',
        'The image of the Git functions is made from a tag, which may be another image tomorrow: name its digest in mirrors.baseImage (docs/runbook.md, "Rebuild the image")',
      );
    }
  }

  zip(name: ZipFunctionName) {
    return this.settings.packages.zip(name);
  }

  image(name: GitFunctionName): DockerImageCode {
    const { choice, packages, base } = this.settings;
    const cmd = [`${name}/index.handler`];
    switch (choice.kind) {
      case 'docker':
        return DockerImageCode.fromImageAsset(packages.imageFolder, {
          cmd,
          platform: Platform.LINUX_AMD64,
          ...(base === undefined ? {} : { buildArgs: { BASE: base } }),
        });
      case 'codebuild':
        if (this.build === undefined) throw new Error('there is no build');
        return this.build.code(cmd);
      case 'image': {
        const [, account = '', region = '', repositoryName = '', digest = ''] = PARTS.exec(choice.uri) ?? [];
        const repositoryArn = Stack.of(this).formatArn({
          service: 'ecr',
          account,
          region,
          resource: 'repository',
          resourceName: repositoryName,
        });
        const repository = Repository.fromRepositoryAttributes(this, `Image-${name}`, {
          repositoryArn,
          repositoryName,
        });
        return DockerImageCode.fromEcr(repository, { tagOrDigest: digest, cmd });
      }
    }
  }

  /** Changes with the image, also where a template does not say by itself which one it is. */
  get fingerprint(): string {
    return this.build?.sourceHash ?? '';
  }
}
