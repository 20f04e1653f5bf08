import { Duration } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { type Bucket, ObjectLockRetention } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { BackupSettings } from '../../lib/config/backup.ts';
import { throughService } from '../customer-key.ts';
import type { FairleadFunction } from '../run/function.ts';
import { exported, privateBucket, type StorageSettings } from './storage.ts';

/**
 * The bucket of the repositories' bundles: written once, and in production locked (S3 Object Lock, governance mode), so
 * that whoever holds the writer's role, or an administrator by mistake, deletes and replaces nothing before its time.
 */
export class Backups extends Construct {
  private readonly bucket: Bucket;
  private readonly arn: string;
  readonly bucketName: string;
  private readonly ownKey: string | undefined;

  constructor(
    scope: Construct,
    id: string,
    {
      keepDays,
      ownKey,
      ...storage
    }: StorageSettings & Pick<BackupSettings, 'keepDays'> & { readonly ownKey: Key | undefined },
  ) {
    super(scope, id);
    this.bucket = privateBucket(this, 'Bucket', {
      ...storage,
      ...(ownKey === undefined ? {} : { key: ownKey }),
      // Where everything is to go with its stack, a lock would keep the bucket.
      lock: storage.production ? ObjectLockRetention.governance(Duration.days(keepDays)) : 'possible',
      lifecycle: [
        { expiration: Duration.days(keepDays + 1), noncurrentVersionExpiration: Duration.days(1) },
        { expiredObjectDeleteMarker: true },
      ],
    });
    // S3 user guide, "Enforce conditional writes on Amazon S3 buckets".
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'WrittenOnce',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:PutObject'],
        resources: [this.bucket.arnForObjects('*')],
        conditions: {
          Null: { 's3:if-none-match': 'true' },
          Bool: { 's3:ObjectCreationOperation': 'true' },
        },
      }),
    );
    this.arn = exported(this, this.bucket.bucketArn);
    this.bucketName = exported(this, this.bucket.bucketName);
    this.ownKey = ownKey === undefined ? undefined : exported(this, ownKey.keyArn);
  }

  /** Puts there what it cannot get back, list or delete. */
  filledBy(writer: FairleadFunction): void {
    writer.knows('backupBucket', this.bucketName);
    writer.allow({
      actions: ['s3:PutObject'],
      resources: [`${this.arn}/*`],
      because: 'Bundles are called by repository and time; this function puts new ones there and reads none',
    });
    if (this.ownKey === undefined) return;
    writer.allow({
      actions: ['kms:GenerateDataKey'],
      resources: [this.ownKey],
      conditions: throughService(writer, 's3'),
    });
  }
}
