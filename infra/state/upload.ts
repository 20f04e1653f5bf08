import { Duration } from 'aws-cdk-lib';
import { Bucket, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { COMMANDS } from '../../lib/uploads/record/keys.ts';
import type { FairleadFunction } from '../run/function.ts';
import { exported, privateBucket, type StorageSettings } from './storage.ts';

/** Older versions of an upload are history: what was delivered lies in Git and in the content store. */
const OLD_VERSIONS_KEPT = Duration.days(90);
/** What a command did is in its commit and in the record; its document holds a proof that nobody needs a second time. */
const COMMANDS_KEPT = Duration.days(90);

export interface UploadsSettings extends StorageSettings {
  /**
   * The name of a bucket that is used instead of being made. Of such a one CDK can set nothing: that it is versioned,
   * tells EventBridge, is private and refuses what is not TLS, its owner sees to, and `npx fairlead doctor` looks.
   */
  readonly existing: string | undefined;
}

/** The bucket that people and pipelines upload to. It tells EventBridge of each new version. */
export class Uploads extends Construct {
  readonly bucket: IBucket;
  readonly bucketIs: 'ours' | 'existing';
  readonly bucketName: string;
  /** As another stack says it. */
  readonly arn: string;

  constructor(scope: Construct, id: string, settings: UploadsSettings) {
    super(scope, id);
    const { existing } = settings;
    if (existing !== undefined) {
      this.bucketIs = 'existing';
      this.bucket = Bucket.fromBucketName(this, 'Bucket', existing);
      this.arn = this.bucket.bucketArn;
      this.bucketName = existing;
      return;
    }
    const bucket = privateBucket(this, 'Bucket', {
      ...settings,
      lifecycle: [
        { noncurrentVersionExpiration: OLD_VERSIONS_KEPT },
        { prefix: `${COMMANDS}/`, expiration: COMMANDS_KEPT },
      ],
    });
    // By the resource itself: the switch of the higher construct brings a function of its own to do this.
    const resource = bucket.node.defaultChild as CfnBucket;
    resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    this.bucketIs = 'ours';
    this.bucket = bucket as IBucket;
    this.arn = exported(this, bucket.bucketArn);
    this.bucketName = exported(this, bucket.bucketName);
  }

  /**
   * Reads an upload by its version. Listing is what makes a missing object "not there" and not "forbidden"; a version
   * that no event told of is placed among the others of its key.
   */
  openedBy(receiver: FairleadFunction): void {
    receiver.knows('uploadBucket', this.bucketName);
    receiver.allow({
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: [`${this.arn}/*`],
      because: 'Uploads have any key; this function opens whichever arrives, and nothing else',
    });
    receiver.allow({ actions: ['s3:ListBucket', 's3:ListBucketVersions'], resources: [this.arn] });
  }

  /** Writes an upload's outcome onto it. */
  taggedBy(judge: FairleadFunction): void {
    judge.knows('uploadBucket', this.bucketName);
    judge.allow({
      actions: [
        's3:GetObjectTagging',
        's3:GetObjectVersionTagging',
        's3:PutObjectTagging',
        's3:PutObjectVersionTagging',
      ],
      resources: [`${this.arn}/*`],
      because: 'Uploads have any key, and each gets its outcome as tags; tags only, not contents',
    });
  }

  /** Compares what is there with what the record knows. */
  listedBy(sweep: FairleadFunction): void {
    sweep.knows('uploadBucket', this.bucketName);
    sweep.allow({ actions: ['s3:ListBucketVersions'], resources: [this.arn] });
  }
}
