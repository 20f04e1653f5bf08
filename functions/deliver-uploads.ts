import { setTimeout as sleep } from 'node:timers/promises';
import { clients, type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { lambdaFunction } from '../lib/aws/functions.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { configReader } from '../lib/config/parameters.ts';
import { doorbell, type QueueAnswer, queueEvent } from '../lib/messages/messages.ts';
import { parseJson } from '../lib/objects/json.ts';
import { deliverUploads as deliver } from '../lib/uploads/deliver.ts';
import { operatorLog } from '../lib/uploads/log.ts';

/** Commits what waits for a repository's branch, and asks for a check of what it has changed. */
export const deliverUploads = (environment: Environment) => {
  const names = requireVariables(
    environment,
    'installation',
    'table',
    'uploadBucket',
    'contentBucket',
    'stateBucket',
    'doorbellQueue',
    'readQueue',
    'renderFunction',
    'configPath',
    'scratch',
  );
  const config = configReader(ssmParameters(clients.ssm(environment)), names.configPath);
  const s3 = clients.s3(environment);
  const sqs = clients.sqs(environment);
  const log = operatorLog('deliver-uploads', environment);
  const parts = {
    installation: names.installation,
    bucket: names.uploadBucket,
    table: dynamoTable(clients.dynamodb(environment), names.table),
    uploads: s3Store(s3, names.uploadBucket),
    content: s3Store(s3, names.contentBucket),
    state: s3Store(s3, names.stateBucket),
    render: lambdaFunction(clients.lambda(environment), names.renderFunction),
    secrets: secretsManager(clients.secrets(environment)),
    reads: sqsQueue(sqs, names.readQueue),
    doorbell: sqsQueue(sqs, names.doorbellQueue),
    scratch: names.scratch,
    now: () => new Date(),
    pause: (milliseconds: number) => sleep(milliseconds),
    log: log.event,
  };

  return async (event: unknown): Promise<QueueAnswer> => {
    const failures: { itemIdentifier: string }[] = [];
    for (const { messageId, body } of queueEvent.parse(event).Records) {
      try {
        // A blocked repository needs no second bell: the sweep rings while something waits.
        await deliver(doorbell.parse(parseJson(body)), { ...parts, config: await config() });
      } catch (error) {
        log.failure('bell not answered', error);
        failures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures: failures };
  };
};

export const handler = onFirstCall(deliverUploads);
