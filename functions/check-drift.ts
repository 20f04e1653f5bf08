import { tellObservation } from '../lib/alerts/tell.ts';
import { clients, type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { runCheck } from '../lib/checks/run-check.ts';
import { openapiCache } from '../lib/cluster/openapi.ts';
import { rootOf } from '../lib/config/config.ts';
import { type CheckRequest, checkRequest, type QueueAnswer, queueEvent } from '../lib/messages/messages.ts';

/** Reads clusters, and has nothing else: no Git, no helm, no secret. */
export const checkDrift = (environment: Environment) => {
  const variables = requireVariables(environment, 'table', 'stateBucket');
  const s3 = clients.s3(environment);
  const state = s3Store(s3, variables.stateBucket);
  const table = dynamoTable(clients.dynamodb(environment), variables.table);
  const parts = {
    state,
    table,
    openapi: openapiCache(state),
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await s3.config.credentials();
      return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    },
    now: () => new Date(),
  };

  return async (event: unknown): Promise<QueueAnswer> => {
    const batchItemFailures: QueueAnswer['batchItemFailures'] = [];
    for (const { messageId, body } of queueEvent.parse(event).Records) {
      try {
        await check(body);
      } catch (error) {
        console.error(
          JSON.stringify({ level: 'ERROR', message: 'check failed', messageId, error: `${error}` }),
        );
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  };

  async function check(body: string): Promise<void> {
    const request = requestOf(body);
    if (request === undefined) {
      // It would be as malformed the next time: acknowledged, not retried.
      console.error(JSON.stringify({ level: 'ERROR', message: 'not a check request: dropped' }));
      return;
    }
    const outcome = await runCheck(request, parts);
    if (outcome.kind === 'dropped') {
      console.log(
        JSON.stringify({ level: 'INFO', message: `dropped: ${outcome.reason}`, target: request.target }),
      );
      return;
    }
    const { target, repository, installation } = outcome.config;
    await tellObservation(table, outcome.observation, {
      installation,
      repository: repository.url,
      root: rootOf(target),
      deployer: target.deployer,
      rolloutDeadlineMinutes: target.rolloutDeadlineMinutes,
      ...(target.deployer === 'argocd' ? { argocdNamespace: target.argocdNamespace } : {}),
    });
  }
};

function requestOf(body: string): CheckRequest | undefined {
  try {
    return checkRequest.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

export const handler = onFirstCall(checkDrift);
