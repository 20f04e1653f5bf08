import * as z from 'zod';
import type { Alert } from '../lib/alerts/alert.ts';
import { type FindAuditLog, withAuthors } from '../lib/alerts/by-whom.ts';
import { tellItem } from '../lib/alerts/publish.ts';
import { cloudWatchAuditLog } from '../lib/aws/audit-log.ts';
import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables, VARIABLES } from '../lib/aws/environment.ts';
import { eventBridgeBus } from '../lib/aws/events.ts';
import { functionLog } from '../lib/aws/log.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { snsTopic } from '../lib/aws/topics.ts';
import { readAuditLogPlaces } from '../lib/config/audit-log.ts';

/** The table's stream, as far as we read it: only which items changed. They are read afresh. */
const streamEvent = z.object({
  Records: z.array(
    z.object({
      dynamodb: z.object({
        Keys: z.object({ pk: z.object({ S: z.string() }), sk: z.object({ S: z.string() }) }),
      }),
    }),
  ),
});

/** `arn:aws:sns:eu-central-1:123456789012:topic` */
const originOf = (arn: string) => {
  const [, , , region = '', account = ''] = arn.split(':');
  return { region, account };
};

/** Of the targets that read one: what `infra` allows this function, and tells it by name. */
function auditLogs(environment: Environment): FindAuditLog {
  const places = readAuditLogPlaces(environment[VARIABLES.auditLogs]);
  return async (target) => {
    const place = places.get(target);
    return place && cloudWatchAuditLog(clients.logs(environment, place.region), place.logGroup);
  };
}

/** Tells the alerts of the items that a stream event names. */
export const sendAlerts = (environment: Environment) => {
  const names = requireVariables(environment, 'table', 'emailTopic', 'pagerTopic', 'chatTopic', 'eventBus');
  const table = dynamoTable(clients.dynamodb(environment), names.table);
  const sns = clients.sns(environment);
  const topics = {
    email: snsTopic(sns, names.emailTopic),
    pager: snsTopic(sns, names.pagerTopic),
    chat: snsTopic(sns, names.chatTopic),
    bus: eventBridgeBus(clients.events(environment), names.eventBus),
    origin: originOf(names.pagerTopic),
  };
  const log = functionLog('send-alerts', environment);
  const find = auditLogs(environment);
  const channels = {
    ...topics,
    enrich: (alert: Alert) =>
      withAuthors(alert, find, (error) =>
        log.failure('the audit log did not answer', error, { target: alert.target }),
      ),
  };
  return async (event: unknown): Promise<void> => {
    const keys = new Map(
      streamEvent
        .parse(event)
        .Records.map(({ dynamodb: { Keys } }) => [
          `${Keys.pk.S}\n${Keys.sk.S}`,
          { pk: Keys.pk.S, sk: Keys.sk.S },
        ]),
    );
    let failures = 0;
    for (const key of keys.values()) {
      // One item that cannot be told must not keep the others from people.
      await tellItem(table, key, channels).catch((error: unknown) => {
        failures += 1;
        // Lambda writes of what is thrown the message alone, and the stream tries the batch again.
        log.failure('alerts not told: they come again', error, key);
      });
    }
    if (failures > 0) throw new Error(`${failures} items could not be told`);
  };
};

export const handler = onFirstCall(sendAlerts);
