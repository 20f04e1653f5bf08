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
import type { Config } from '../lib/config/config.ts';
import { acknowledge } from './acknowledge.ts';
import { Content, State } from './content.ts';
import { hasOwnKey } from './customer-key.ts';
import { removalPolicy } from './storage.ts';
import { RecordTable } from './table.ts';
import { Uploads } from './upload.ts';
import { Uploaders } from './uploaders.ts';

const ACCESS_LOG_KEPT = Duration.days(365);

/** What must outlive every deployment: buckets, the record, their key. */
export class StateStack extends Stack {
  /** Who asked the buckets for what. */
  readonly accessLog: Bucket;
  readonly uploads: Uploads;
  readonly content: Content;
  readonly state: State;
  readonly record: RecordTable;

  constructor(scope: Construct, id: string, { config, ...props }: StackProps & { readonly config: Config }) {
    super(scope, id, props);
    const { production, aws } = config;
    this.accessLog = new Bucket(this, 'AccessLog', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      lifecycleRules: [{ expiration: ACCESS_LOG_KEPT }],
      removalPolicy: removalPolicy(production),
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
        })
      : undefined;
    const storage = { production, accessLog: this.accessLog as IBucket };
    const { uploadBucket: existing, oidcProvider } = aws.existing;
    this.uploads = new Uploads(this, 'Uploads', { ...storage, existing });
    this.content = new Content(this, 'Content', { ...storage, ownKey });
    this.state = new State(this, 'State', { ...storage, ownKey });
    this.record = new RecordTable(this, 'Record', { production });
    new Uploaders(this, 'Uploaders', {
      ...config,
      uploads: this.uploads,
      tableArn: this.record.table.tableArn,
      key: aws.key,
      oidcProvider,
    });
    new CfnOutput(this, 'UploadBucket', {
      description: 'Upload to this bucket',
      value: this.uploads.bucket.bucketName,
    });
  }
}
