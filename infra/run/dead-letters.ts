import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type DeadLetterKind, deadLettersPath, writeDeadLetterQueue } from '../../lib/dead-letters/queues.ts';
import type { WorkQueue } from './queue.ts';

export interface DeadLettersOf {
  /** The kind, or with more after it where there are several of a kind: `checks`, `checks-vpc-1`. */
  readonly name: string;
  readonly kind: DeadLetterKind;
  readonly letters: IQueue;
  /** Where its messages came from, if from a queue. */
  readonly source?: IQueue;
}

/** Of a queue that is worked on. */
export const lettersOf = (
  kind: DeadLetterKind,
  { deadLetters, queue }: Pick<WorkQueue, 'deadLetters' | 'queue'>,
  name: string = kind,
): DeadLettersOf => ({ name, kind, letters: deadLetters, source: queue });

/** What `npx fairlead redrive` finds the dead-letter queues by. */
export class DeadLetters extends Construct {
  constructor(scope: Construct, id: string, installation: string, queues: readonly DeadLettersOf[]) {
    super(scope, id);
    for (const { name, kind, letters, source } of queues)
      new StringParameter(this, name, {
        parameterName: `${deadLettersPath(installation)}/${name}`,
        stringValue: writeDeadLetterQueue({
          kind,
          url: letters.queueUrl,
          ...(source === undefined ? {} : { source: source.queueUrl }),
        }),
      });
  }
}
