import * as z from 'zod';
import { entries } from './entries.ts';

/**
 * An image by its digest, so that what was looked at is what runs; Lambda takes images from Amazon ECR alone, of its
 * own region (Lambda guide, "Create a Lambda function using a container image").
 */
const BY_DIGEST =
  /^\d{12}\.dkr\.ecr\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?\/[a-z0-9]+([._/-][a-z0-9]+)*@sha256:[0-9a-f]{64}$/;

/** Where the container image of the two functions that need git comes from. */
export const gitImage = z.discriminatedUnion('kind', [
  /** Built where `cdk deploy` runs, by Docker or what `CDK_DOCKER` names (finch), and pushed to the CDK's repository. */
  entries({ kind: z.literal('docker') }),
  /** Built in your account by CodeBuild while it deploys: no Docker is needed where `cdk deploy` runs. */
  entries({ kind: z.literal('codebuild') }),
  /** Built by yourselves from `infra/image`, in a repository of the installation's region. */
  entries({
    kind: z.literal('image'),
    uri: z
      .string()
      .regex(
        BY_DIGEST,
        'an image in Amazon ECR by its digest: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/fairlead-git@sha256:…',
      ),
  }),
]);

export type GitImageChoice = z.output<typeof gitImage>;
