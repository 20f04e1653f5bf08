import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { backupOf } from '../lib/config/backup.ts';
import type { Config } from '../lib/config/config.ts';
import { hasOwnKey } from './customer-key.ts';
import { acknowledge } from './review/acknowledge.ts';
import { Backups } from './state/backups.ts';
import { Content, State } from './state/content.ts';
import { emptied, removalPolicy } from './state/storage.ts';
import { RecordTable } from './state/table.ts';
import { TableVault } from './state/table-vault.ts';
import { Uploads } from './state/upload.ts';

const ACCESS_LOG_KEPT = Duration.days(365);
/** Nobody overwrites a log but who wants to hide something. */
const OVERWRITTEN_LOG_KEPT = Duration.days(30);

/** What must outlive every deployment: buckets, the record, their key. */
export class StateStack extends Stack {
  /** Who asked the buckets for what. */
  readonly accessLog: Bucket;
  readonly uploads: Uploads;
  readonly content: Content;
  readonly state: State;
  readonly record: RecordTable;
  /** Of the repositories, where they are backed up. */
  readonly backups: Backups | undefined;

  constructor(scope: Construct, id: string, { config, ...props }: StackProps & { readonly config: Config }) {
    super(scope, id, props);
    const { production, aws } = config;
    this.accessLog = new Bucket(this, 'AccessLog', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [{ expiration: ACCESS_LOG_KEPT, noncurrentVersionExpiration: OVERWRITTEN_LOG_KEPT }],
      removalPolicy: removalPolicy(production),
      ...emptied(production),
    });
    acknowledge(
      this.accessLog,
      'AwsSolutions-S1',
      'It holds the access logs; logging itself would never end',
    );

    const ownKey = hasOwnKey(aws)
      ? new Key(this, 'Key', {
          description: `Fairlead: content and state of ${this.stackName}`,
          enableKeyRotation: true,
          removalPolicy: removalPolicy(production),
          // What is to go goes as soon as KMS lets it.
          ...(production ? {} : { pendingWindow: Duration.days(7) }),
        })
      : undefined;
    const storage = { production, accessLog: this.accessLog as IBucket };
    this.uploads = new Uploads(this, 'Uploads', { ...storage, existing: aws.existing.uploadBucket });
    this.content = new Content(this, 'Content', { ...storage, ownKey });
    this.state = new State(this, 'State', { ...storage, ownKey });
    this.record = new RecordTable(this, 'Record', { production });
    const backup = backupOf(config);
    this.backups =
      backup === undefined ? undefined : new Backups(this, 'Backups', { ...storage, ...backup, ownKey });
    if (backup?.tableVault === true)
      new TableVault(this, 'TableVault', {
        ...backup,
        installation: config.installation,
        production,
        table: this.record.table,
        // A vault that is given another key is another vault.
        key: ownKey ?? aws.key,
        tableKey: aws.key,
      });
    new CfnOutput(this, 'UploadBucket', {
      description: 'Upload to this bucket',
      value: this.uploads.bucket.bucketName,
    });
  }
}
