import { setTimeout as sleep } from 'node:timers/promises';
import * as clients from '../lib/aws/clients.ts';
import { awsIdentity } from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { lambdaFunction } from '../lib/aws/functions.ts';
import { functionLog } from '../lib/aws/log.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { readsConfiguration, readsRecord } from '../lib/aws/probes.ts';
import { showAgain, sqsQueue } from '../lib/aws/queues.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { configReader } from '../lib/config/parameters.ts';
import { type Doorbell, doorbell, type QueueAnswer } from '../lib/messages/messages.ts';
import { orSmoke } from '../lib/messages/smoke.ts';
import { workOff } from '../lib/messages/work-off.ts';
import type { Outward } from '../lib/outward/outward.ts';
import type { ProposalHostSettings } from '../lib/proposals/hosts.ts';
import { hasGit, hasSsh } from '../lib/repository/probes.ts';
import { deliverUploads as deliver } from '../lib/uploads/delivering/deliver.ts';

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
  const again = showAgain(sqs, names.doorbellQueue);
  const log = functionLog('deliver-uploads', environment);
  const parts = {
    installation: names.installation,
    bucket: names.uploadBucket,
    table: dynamoTable(clients.dynamodb(environment), names.table),
    uploads: s3Store(s3, names.uploadBucket),
    content: s3Store(s3, names.contentBucket),
    state: s3Store(s3, names.stateBucket),
    render: lambdaFunction(clients.lambda(environment), names.renderFunction),
    secrets: secretsManager(clients.secrets(environment)),
    identity: awsIdentity(environment),
    reads: sqsQueue(sqs, names.readQueue),
    doorbell: sqsQueue(sqs, names.doorbellQueue),
    // Seldom needed, and CodeCommit's client is large.
    proposals: async (settings: ProposalHostSettings, url: string, outward: Outward | undefined) =>
      (await import('../lib/proposals/hosts.ts')).proposalHostOf(settings, url, {
        secrets: secretsManager(clients.secrets(environment)),
        now: () => new Date(),
        outward,
        environment,
      }),
    scratch: names.scratch,
    now: () => new Date(),
    pause: (milliseconds: number) => sleep(milliseconds),
    log: log.event,
    measure: log.measure,
  };

  const answerBell = async (bell: Doorbell): Promise<void> => {
    const delivery = await deliver(bell, { ...parts, config: await config() });
    log.sum({
      delivery: delivery.kind,
      ...(delivery.kind === 'delivered' ? { commits: delivery.commits } : {}),
    });
  };

  const probes = {
    configuration: readsConfiguration(config),
    record: readsRecord(parts.table),
    git: hasGit,
    ssh: hasSsh,
  };
  // A blocked repository is no failure and needs no second bell: the sweep rings while something waits.
  return orSmoke(
    probes,
    log.calls((event): Promise<QueueAnswer> => workOff(event, doorbell, log, answerBell, again)),
  );
};

export const handler = onFirstCall(deliverUploads);
