import { Duration } from 'aws-cdk-lib';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { FairleadFunction } from './function.ts';
import { exported, privateBucket, type StorageSettings } from './storage.ts';

/** Older versions of an upload are history: what was delivered lies in Git and in the content store. */
const OLD_VERSIONS_KEPT = Duration.days(90);

/** The bucket that people and pipelines upload to. It tells EventBridge of each new version. */
export class Uploads extends Construct {
  readonly bucket: Bucket;
  private readonly arn: string;
  readonly bucketName: string;

  constructor(scope: Construct, id: string, settings: StorageSettings) {
    super(scope, id);
    this.bucket = privateBucket(this, 'Bucket', {
      ...settings,
      lifecycle: [{ noncurrentVersionExpiration: OLD_VERSIONS_KEPT }],
    });
    // By the resource itself: the switch of the higher construct brings a function of its own to do this.
    const resource = this.bucket.node.defaultChild as CfnBucket;
    resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    this.arn = exported(this, this.bucket.bucketArn);
    this.bucketName = exported(this, this.bucket.bucketName);
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
