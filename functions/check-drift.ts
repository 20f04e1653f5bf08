import { tellContextOf, tellObservation } from '../lib/alerts/tell.ts';
import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { functionLog } from '../lib/aws/log.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { readsRecord, readsStore } from '../lib/aws/probes.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { runCheck } from '../lib/checks/run-check.ts';
import { reachByRole } from '../lib/cluster/in-another-account.ts';
import { openapiCache } from '../lib/cluster/openapi.ts';
import { type CheckRequest, checkRequest, type QueueAnswer } from '../lib/messages/messages.ts';
import { orSmoke } from '../lib/messages/smoke.ts';
import { workOff } from '../lib/messages/work-off.ts';

/** A line names so many of the incidents that a check tells of: what is told of each is in the log of `send-alerts`. */
const NAMED_INCIDENTS = 50;

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
    reachByRole: reachByRole(environment),
    now: () => new Date(),
  };

  const log = functionLog('check-drift', environment);

  // Its configuration is a part of the state bucket.
  const probes = { state: readsStore(state, 'config/'), record: readsRecord(table) };
  return orSmoke(
    probes,
    log.calls((event): Promise<QueueAnswer> => workOff(event, checkRequest, log, check)),
  );

  async function check(request: CheckRequest): Promise<void> {
    const outcome = await runCheck(request, parts);
    if (outcome.kind === 'dropped') {
      log.event('check dropped', { why: outcome.reason });
      return;
    }
    const { observation } = outcome;
    const told = await tellObservation(table, observation, tellContextOf(outcome.config), parts.now);
    log.measure('ChecksFinished', 1);
    log.event('checked', {
      sequence: request.sequence,
      scopes: countedBy(observation.scopes, ({ state }) => state.kind),
      alerts: countedBy(told, ({ kind }) => kind),
      incidents: told.map(({ incident }) => incident).slice(0, NAMED_INCIDENTS),
    });
  }
};

/** How many of each kind. */
const countedBy = <Item>(items: readonly Item[], kindOf: (item: Item) => string): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(items, kindOf)].map(([kind, some]) => [kind, some.length]));

export const handler = onFirstCall(checkDrift);
