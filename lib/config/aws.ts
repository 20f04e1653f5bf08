import * as z from 'zod';
import { entries } from './entries.ts';

/**
 * What an organisation asks of everything that is provisioned in its accounts, and what it brings itself. Chosen at
 * the first deployment: IAM cannot move a role to another path, nor S3 a bucket to another name.
 */

const arn = (service: string, resource: string, example: string) =>
  z
    .string()
    .regex(
      new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:(\\d{12}|aws)?:${resource}$`),
      `an ARN such as ${example}`,
    );

const topic = arn('sns', '[A-Za-z0-9_-]{1,256}', 'arn:aws:sns:eu-central-1:111122223333:alerts');

/** A network of your own: functions stand in these subnets. */
const existingVpc = entries({
  id: z.string().regex(/^vpc-[0-9a-f]{8,17}$/, 'a VPC such as "vpc-0a1b2c3d4e5f67890"'),
  /** Two or more, in different availability zones. */
  subnets: z
    .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'a subnet such as "subnet-0a1b2c3d4e5f67890"'))
    .min(1, 'name at least one subnet'),
  /** Made where none is named. */
  securityGroup: z
    .string()
    .regex(/^sg-[0-9a-f]{8,17}$/, 'a security group such as "sg-0a1b2c3d4e5f67890"')
    .optional(),
});

export type ExistingVpc = z.output<typeof existingVpc>;

export const aws = entries({
  /**
   * A key of your own for every bucket, queue, topic, table and log group. Fairlead makes none then, and cannot write
   * its policy (docs/customer-key.md has it).
   */
  key: arn(
    'kms',
    'key/[A-Za-z0-9-]+',
    'arn:aws:kms:eu-central-1:111122223333:key/1a2b3c4d-… (a key, not an alias)',
  ).optional(),
  /** `kept` where the installation ran without `key` before: what was encrypted then can still be read. */
  ownKey: z.enum(['none', 'kept']).default('none'),
  /** Name or ARN of the managed policy that bounds every role. */
  permissionsBoundary: z
    .string()
    .regex(
      /^(arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/)?[A-Za-z0-9+=,.@_/-]{1,512}$/,
      'the name or ARN of a managed policy, such as "platform-boundary"',
    )
    .optional(),
  /** The IAM path of every role. */
  rolePath: z
    .string()
    .max(512, 'a path has at most 512 characters')
    .regex(/^\/([A-Za-z0-9+=,.@_-]+\/)*$/, 'a path begins and ends with "/", such as "/platform/"')
    .default('/'),
  /** Of the CDK bootstrap stack, where the account was bootstrapped with one of its own. */
  qualifier: z
    .string()
    .regex(/^[a-z0-9]{1,10}$/, 'a qualifier is up to ten lower-case letters and digits')
    .optional(),
  /** What is there already and is used instead of being made. */
  existing: entries({
    /** Its name. Versioned, with EventBridge switched on (docs/deploying.md). */
    uploadBucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket')
      .optional(),
    topics: entries({
      email: topic.optional(),
      pager: topic.optional(),
      chat: topic.optional(),
      operators: topic.optional(),
    }).prefault({}),
    /** For `render-release`: subnets without a way out, and a gateway endpoint to S3. */
    vpc: existingVpc.optional(),
    /** IAM's provider of token.actions.githubusercontent.com: an account has one. */
    oidcProvider: arn(
      'iam',
      'oidc-provider/token\\.actions\\.githubusercontent\\.com',
      'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com',
    ).optional(),
  }).prefault({}),
});

export type AwsSettings = z.output<typeof aws>;
