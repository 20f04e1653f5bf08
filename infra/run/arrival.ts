import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FairleadFunction } from './function.ts';
import { WorkQueue } from './queue.ts';

/** One rule for the bucket: each new object version becomes a message to `receive-upload`. */
export class ReceivedUploads extends Construct {
  readonly work: WorkQueue;

  constructor(
    scope: Construct,
    id: string,
    settings: {
      readonly bucket: IBucket;
      readonly worker: FairleadFunction;
      readonly undelivered: IQueue;
    },
  ) {
    super(scope, id);
    this.work = new WorkQueue(this, 'Receive', {
      variable: 'receiveQueue',
      worker: settings.worker,
      order: 'any',
      batchSize: 1,
      maxConcurrency: 10,
      maxReceiveCount: 100,
    });
    new Rule(this, 'Rule', {
      description: 'New object versions in the upload bucket',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [settings.bucket.bucketName] } },
      },
      targets: [new SqsQueue(this.work.queue, { deadLetterQueue: settings.undelivered })],
    });
  }
}
