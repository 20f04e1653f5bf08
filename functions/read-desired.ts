import { join } from 'node:path';
import { describeCluster } from '../lib/aws/eks.ts';
import { clients, type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { lambdaFunction } from '../lib/aws/functions.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { writeCheckConfig } from '../lib/checks/check-config.ts';
import { capabilitiesOf, readProfile } from '../lib/cluster/profile.ts';
import { configReader } from '../lib/config/parameters.ts';
import { remoteRender } from '../lib/desired/remote-render.ts';
import { requestCheck } from '../lib/desired/request-check.ts';
import { type QueueAnswer, queueEvent, readRequest } from '../lib/messages/messages.ts';
import { openClone } from '../lib/repository/clone.ts';
import { credentialOf } from '../lib/repository/credentials.ts';

/** Reads what a target's branch declares, and asks for a check of it. */
export const readDesired = (environment: Environment) => {
  const names = requireVariables(
    environment,
    'table',
    'contentBucket',
    'stateBucket',
    'checkQueue',
    'doorbellQueue',
    'renderFunction',
    'configPath',
    'scratch',
  );
  const config = configReader(ssmParameters(clients.ssm(environment)), names.configPath);
  const secrets = secretsManager(clients.secrets(environment));
  const s3 = clients.s3(environment);
  const sqs = clients.sqs(environment);
  const state = s3Store(s3, names.stateBucket);
  const parts = {
    content: s3Store(s3, names.contentBucket),
    state,
    table: dynamoTable(clients.dynamodb(environment), names.table),
    checks: sqsQueue(sqs, names.checkQueue),
    doorbells: sqsQueue(sqs, names.doorbellQueue),
    render: remoteRender(lambdaFunction(clients.lambda(environment), names.renderFunction)),
    now: () => new Date(),
  };

  const read = async (body: string): Promise<void> => {
    const request = readRequest.parse(JSON.parse(body));
    const current = await config();
    const target = current.targets.find(({ name }) => name === request.target);
    const repository = current.repositories.find(({ name }) => name === target?.repository);
    // A target that was taken out of the configuration meanwhile: nothing is left to read.
    if (target === undefined || repository === undefined) return;

    const { cluster } = target;
    const endpoint =
      cluster?.kind === 'eks'
        ? await describeCluster(clients.eks(environment, cluster.region), cluster.name)
        : undefined;
    await writeCheckConfig(state, current, target.name, endpoint);
    const clone = await openClone({
      url: repository.url,
      branch: target.branch,
      credential: await credentialOf(repository.readCredential, secrets),
      folder: join(names.scratch, 'clones', `${repository.name}-${encodeURIComponent(target.branch)}.git`),
    });
    const capabilities = capabilitiesOf(await readProfile(state, target.name), target);
    await requestCheck(target, { ...parts, clone, capabilities, repositoryUrl: repository.url });
  };

  return async (event: unknown): Promise<QueueAnswer> => {
    const failures: { itemIdentifier: string }[] = [];
    for (const { messageId, body } of queueEvent.parse(event).Records) {
      try {
        await read(body);
      } catch (error) {
        console.error(JSON.stringify({ level: 'ERROR', function: 'read-desired', message: String(error) }));
        failures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures: failures };
  };
};

export const handler = onFirstCall(readDesired);
