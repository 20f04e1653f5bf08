import { clients, type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { configReader } from '../lib/config/parameters.ts';
import { objectCreated, type QueueAnswer, queueEvent } from '../lib/messages/messages.ts';
import { parseJson } from '../lib/objects/json.ts';
import { operatorLog } from '../lib/uploads/log.ts';
import { receiveUpload as receive } from '../lib/uploads/receive.ts';

/** Takes uploaded object versions as S3 tells them: opens and checks each, and rings the bell of its branch. */
export const receiveUpload = (environment: Environment) => {
  const names = requireVariables(
    environment,
    'installation',
    'table',
    'uploadBucket',
    'contentBucket',
    'doorbellQueue',
    'configPath',
  );
  const config = configReader(ssmParameters(clients.ssm(environment)), names.configPath);
  const s3 = clients.s3(environment);
  const log = operatorLog('receive-upload', environment);
  const parts = {
    installation: names.installation,
    bucket: names.uploadBucket,
    table: dynamoTable(clients.dynamodb(environment), names.table),
    uploads: s3Store(s3, names.uploadBucket),
    content: s3Store(s3, names.contentBucket),
    doorbell: sqsQueue(clients.sqs(environment), names.doorbellQueue),
    now: () => new Date(),
    log: log.event,
  };

  return async (event: unknown): Promise<QueueAnswer> => {
    const failures: { itemIdentifier: string }[] = [];
    for (const { messageId, body } of queueEvent.parse(event).Records) {
      try {
        await receive(objectCreated.parse(parseJson(body)), { ...parts, config: await config() });
      } catch (error) {
        log.failure('upload not received', error);
        failures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures: failures };
  };
};

export const handler = onFirstCall(receiveUpload);
