import { Duration } from 'aws-cdk-lib';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { VARIABLES } from '../../lib/aws/environment.ts';
import type { FairleadFunction } from './function.ts';

const RETENTION = Duration.days(14);
/** Lambda may hold a message this many times its time-out (Lambda guide, "Using Lambda with Amazon SQS"). */
const VISIBILITY_TIMES_TIMEOUT = 6;
/**
 * A function that is cut off cannot show its message again, and in a queue by groups nothing of the group comes before
 * it: there a message is hidden for one run and a little more. Seen twice, a bell does no harm.
 */
const LONGER_THAN_RUN = Duration.minutes(1);

export interface WorkSettings {
  readonly variable: keyof typeof VARIABLES;
  /** Who works on it. */
  readonly worker: FairleadFunction;
  readonly order: 'any' | 'by-group';
  readonly batchSize: number;
  readonly maxConcurrency: number;
  /** The record counts attempts, not the queue: a message is given up late. */
  readonly maxReceiveCount: number;
}

/** A queue with its worker and its dead letters. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  private readonly worker: FairleadFunction;
  private readonly variable: keyof typeof VARIABLES;

  constructor(scope: Construct, id: string, settings: WorkSettings) {
    super(scope, id);
    this.worker = settings.worker;
    this.variable = settings.variable;
    const fifo =
      settings.order === 'by-group'
        ? {
            fifo: true,
            deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
            fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
          }
        : {};
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      ...(settings.order === 'by-group' ? { fifo: true } : {}),
      enforceSSL: true,
      retentionPeriod: RETENTION,
    });
    this.queue = new Queue(this, 'Queue', {
      ...fifo,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: hiddenFor(settings),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: settings.maxReceiveCount },
    });
    settings.worker.allow({
      actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      resources: [this.queue.queueArn],
    });
    const mapping = new CfnEventSourceMapping(this, 'Work', {
      functionName: settings.worker.lambda.functionName,
      eventSourceArn: this.queue.queueArn,
      batchSize: settings.batchSize,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: settings.maxConcurrency },
    });
    // Made before its role may read, a mapping fails.
    mapping.node.addDependency(settings.worker.role);
  }

  /** What its worker could not do it shows again soon: the queue itself hides a message for long. */
  shownAgainByWorker(): void {
    this.worker.knows(this.variable, this.queue.queueUrl);
    this.worker.allow({ actions: ['sqs:ChangeMessageVisibility'], resources: [this.queue.queueArn] });
  }

  rungBy(caller: FairleadFunction): void {
    caller.knows(this.variable, this.queue.queueUrl);
    caller.allow({ actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] });
  }
}

const hiddenFor = ({ order, worker: { timeout } }: WorkSettings): Duration => {
  switch (order) {
    case 'any':
      return Duration.seconds(timeout.toSeconds() * VISIBILITY_TIMES_TIMEOUT);
    case 'by-group':
      return timeout.plus(LONGER_THAN_RUN);
  }
};
