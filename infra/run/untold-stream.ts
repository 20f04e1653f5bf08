import { Duration } from 'aws-cdk-lib';
import { CfnEventSourceMapping, FilterCriteria, FilterRule } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../review/acknowledge.ts';
import type { RecordTable } from '../state/table.ts';
import type { FairleadFunction } from './function.ts';

const ATTEMPTS = 10;

/** The table's stream, narrowed to items with alerts that nobody was told of. */
export class UntoldStream extends Construct {
  readonly deadLetters: Queue;

  constructor(
    scope: Construct,
    id: string,
    { record, worker }: { readonly record: RecordTable; readonly worker: FairleadFunction },
  ) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(
      this.deadLetters,
      'AwsSolutions-SQS3',
      'It is the dead-letter queue of a stream, not of a queue',
    );
    worker.allow({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] });
    record.streamedTo(worker);
    const mapping = new CfnEventSourceMapping(this, 'Work', {
      functionName: worker.lambda.functionName,
      eventSourceArn: record.streamArn,
      startingPosition: 'TRIM_HORIZON',
      batchSize: 10,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: ATTEMPTS,
      functionResponseTypes: ['ReportBatchItemFailures'],
      destinationConfig: { onFailure: { destination: this.deadLetters.queueArn } },
      filterCriteria: {
        filters: [
          FilterCriteria.filter({
            dynamodb: { NewImage: { untold: { S: FilterRule.exists() } } },
          }) as { pattern: string },
        ],
      },
    });
    mapping.node.addDependency(worker.role);
  }
}
