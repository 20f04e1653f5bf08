import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  type LifecycleRule,
  type ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface StorageSettings {
  readonly production: boolean;
  /** Where S3 writes who asked for what. */
  readonly accessLog: IBucket;
}

/** What holds data outlives a deletion of its stack in production. */
export const removalPolicy = (production: boolean): RemovalPolicy =>
  production ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;

/** What is to go with its stack is emptied first, by a function that CDK brings and that may empty these buckets alone. */
export const emptied = (production: boolean): { readonly autoDeleteObjects?: true } =>
  production ? {} : { autoDeleteObjects: true };

/** A private bucket: no public access, TLS only, no access lists, versioned, with an access log. */
export function privateBucket(
  scope: Construct,
  id: string,
  settings: StorageSettings & {
    readonly key?: Key;
    readonly lifecycle: readonly LifecycleRule[];
    /**
     * For how long nobody deletes or replaces an object. `possible`: each is locked only if somebody says so, but the
     * bucket can be given a time later, and that is settled when it is made.
     */
    readonly lock?: ObjectLockRetention | 'possible';
  },
): Bucket {
  return new Bucket(scope, id, {
    ...(settings.key === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey: settings.key, bucketKeyEnabled: true }),
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    versioned: true,
    ...(settings.lock === undefined ? {} : { objectLockEnabled: true }),
    ...(settings.lock === undefined || settings.lock === 'possible'
      ? {}
      : { objectLockDefaultRetention: settings.lock }),
    serverAccessLogsBucket: settings.accessLog,
    serverAccessLogsPrefix: `${scope.node.id.toLowerCase()}/`,
    lifecycleRules: [
      { abortIncompleteMultipartUploadAfter: Duration.days(1), ...settings.lifecycle[0] },
      ...settings.lifecycle.slice(1),
    ],
    removalPolicy: removalPolicy(settings.production),
    ...emptied(settings.production),
  });
}

/**
 * A value of this stack for another one's policies: written as the import that it becomes, so that what is
 * acknowledged about a policy can name it.
 */
export const exported = (scope: Construct, value: string): string => Stack.of(scope).exportValue(value);
