import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { configReader } from '../lib/config/parameters.ts';
import { type Swept, sweepEvent, sweep as sweepOnce } from '../lib/uploads/sweep.ts';

/** Goes round by the clock: event `{"schema":1,"sweep":"minutes"}` or `"hours"`. */
export const sweep = (environment: Environment) => {
  const names = requireVariables(
    environment,
    'table',
    'uploadBucket',
    'receiveQueue',
    'doorbellQueue',
    'readQueue',
    'configPath',
  );
  const config = configReader(ssmParameters(clients.ssm(environment)), names.configPath);
  const sqs = clients.sqs(environment);
  const parts = {
    bucket: names.uploadBucket,
    table: dynamoTable(clients.dynamodb(environment), names.table),
    uploads: s3Store(clients.s3(environment), names.uploadBucket),
    received: sqsQueue(sqs, names.receiveQueue),
    doorbell: sqsQueue(sqs, names.doorbellQueue),
    reads: sqsQueue(sqs, names.readQueue),
    now: () => new Date(),
  };
  return async (event: unknown): Promise<Swept> =>
    sweepOnce(sweepEvent.parse(event), { ...parts, config: await config() });
};

export const handler = onFirstCall(sweep);
