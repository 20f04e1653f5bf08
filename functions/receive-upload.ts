import { stsOfRegion } from '../lib/aws/caller-identity.ts';
import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { functionLog } from '../lib/aws/log.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { readsConfiguration, readsRecord } from '../lib/aws/probes.ts';
import { showAgain, sqsQueue } from '../lib/aws/queues.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { configReader } from '../lib/config/parameters.ts';
import { type QueueAnswer, type UploadMessage, uploadMessage } from '../lib/messages/messages.ts';
import { orSmoke } from '../lib/messages/smoke.ts';
import { workOff } from '../lib/messages/work-off.ts';
import { receiveUpload as receive } from '../lib/uploads/receiving/receive.ts';

/** Takes uploaded object versions as S3 tells them, or again, as people ask: opens and checks each, and rings the bell of its branch. */
export const receiveUpload = (environment: Environment) => {
  const names = requireVariables(
    environment,
    'installation',
    'table',
    'uploadBucket',
    'contentBucket',
    'receiveQueue',
    'doorbellQueue',
    'configPath',
  );
  const config = configReader(ssmParameters(clients.ssm(environment)), names.configPath);
  const s3 = clients.s3(environment);
  const sqs = clients.sqs(environment);
  const again = showAgain(sqs, names.receiveQueue);
  const log = functionLog('receive-upload', environment);
  const parts = {
    installation: names.installation,
    bucket: names.uploadBucket,
    table: dynamoTable(clients.dynamodb(environment), names.table),
    uploads: s3Store(s3, names.uploadBucket),
    content: s3Store(s3, names.contentBucket),
    doorbell: sqsQueue(sqs, names.doorbellQueue),
    sts: stsOfRegion(environment),
    now: () => new Date(),
    log: log.event,
    measure: log.measure,
  };

  const receiveOne = async (message: UploadMessage): Promise<void> => {
    log.event('received', { state: await receive(message, { ...parts, config: await config() }) });
  };

  const probes = { configuration: readsConfiguration(config), record: readsRecord(parts.table) };
  return orSmoke(
    probes,
    log.calls((event): Promise<QueueAnswer> => workOff(event, uploadMessage, log, receiveOne, again)),
  );
};

export const handler = onFirstCall(receiveUpload);
