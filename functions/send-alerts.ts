import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Alert } from '../lib/alerts/alert.ts';
import { type FindAuditLog, withAuthors } from '../lib/alerts/by-whom.ts';
import { type Channel, channelsOf, type Places, unread } from '../lib/alerts/channels.ts';
import { nameOf } from '../lib/alerts/outbox.ts';
import { type Failure, type Round, type Telling, tellItem } from '../lib/alerts/publish.ts';
import { reportKey } from '../lib/alerts/report.ts';
import { webhookSender } from '../lib/alerts/webhook.ts';
import { cloudWatchAuditLog } from '../lib/aws/audit-log.ts';
import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables, VARIABLES } from '../lib/aws/environment.ts';
import { eventBridgeBus } from '../lib/aws/events.ts';
import { functionLog } from '../lib/aws/log.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { readsRecord } from '../lib/aws/probes.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { dynamoTable, type ItemKey } from '../lib/aws/table.ts';
import { snsTopic } from '../lib/aws/topics.ts';
import { readAuditLogPlaces } from '../lib/config/audit-log.ts';
import { fromWebhookParameters } from '../lib/config/parameters.ts';
import { orSmoke } from '../lib/messages/smoke.ts';

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

/** Milliseconds of a call in which telling begins; a step after that still ends before the function does. */
const CALL = 45_000;
/** Of a call, for webhooks: what others are slow at is not to keep the alerts of the next call from people. */
const WEBHOOKS = 10_000;

/** Those of the configuration; where it cannot be read, one that fails for all of them, so that they keep what is theirs. */
function webhooksOf(environment: Environment): () => Promise<Places['webhooks'] | Channel> {
  const path = environment[VARIABLES.webhooksPath];
  if (!path) return async () => [];
  const parameters = ssmParameters(clients.ssm(environment));
  const secrets = secretsManager(clients.secrets(environment));
  let reading: Promise<Places['webhooks']> | undefined;
  return async () => {
    reading ??= parameters.below(path).then((found) =>
      fromWebhookParameters(found, path).map((webhook) => ({
        webhook,
        sender: webhookSender(webhook, { secrets, now: () => new Date() }),
      })),
    );
    try {
      return await reading;
    } catch (error) {
      reading = undefined;
      return unread(error);
    }
  };
}

/** Tells the alerts of the items that a stream event names. */
export const sendAlerts = (environment: Environment) => {
  const names = requireVariables(
    environment,
    'installation',
    'table',
    'stateBucket',
    'emailTopic',
    'pagerTopic',
    'chatTopic',
    'eventBus',
  );
  const table = dynamoTable(clients.dynamodb(environment), names.table);
  const sns = clients.sns(environment);
  const places = {
    state: s3Store(clients.s3(environment), names.stateBucket),
    email: snsTopic(sns, names.emailTopic),
    pager: snsTopic(sns, names.pagerTopic),
    chat: snsTopic(sns, names.chatTopic),
    bus: eventBridgeBus(clients.events(environment), names.eventBus),
    origin: originOf(names.pagerTopic),
  };
  const webhooks = webhooksOf(environment);
  const log = functionLog('send-alerts', environment);
  const find = auditLogs(environment);
  const enrich = (alert: Alert) =>
    withAuthors(alert, find, (error) =>
      log.failure('the audit log did not answer', error, { target: alert.target }),
    );

  const probes = { record: readsRecord(table), webhooks: readsWebhooks };
  const call = log.calls(async (event: unknown): Promise<void> => {
    const began = Date.now();
    const found = await webhooks();
    const channels =
      'name' in found
        ? [...channelsOf({ ...places, webhooks: [] }), found]
        : channelsOf({ ...places, webhooks: found });
    const theirs = channels.flatMap(({ name, whose }) => (whose === 'theirs' ? [name] : []));
    const round: Round = {
      id: randomUUID(),
      now: () => new Date(),
      endsAt: began + CALL,
      passed: new Set(theirs),
      silent: new Set(),
      enrich,
    };
    const keys = keysIn(event);
    let failures = await tellAll(keys, channels, round);
    if (theirs.length > 0) {
      const { passed: _, ...last } = round;
      failures += await tellAll(keys, channels, {
        ...last,
        endsAt: Math.min(Date.now() + WEBHOOKS, round.endsAt),
      });
    }
    // Lambda writes of what is thrown the message alone, and its alarm tells. Then the stream tries the batch again.
    if (failures > 0) throw new Error(`${failures} items could not be told`);
  });
  return orSmoke(probes, (event): Promise<void> => call(event));

  async function readsWebhooks(): Promise<string> {
    const found = await webhooks();
    if ('name' in found)
      throw new Error(`the parameters below ${environment[VARIABLES.webhooksPath]} cannot be read`);
    return `webhooks: ${found.length}`;
  }

  /** How many items could not be told for a reason of ours. One of them must not keep the others from people. */
  async function tellAll(
    keys: readonly ItemKey[],
    channels: readonly Channel[],
    round: Round,
  ): Promise<number> {
    let failed = 0;
    for (const key of keys) {
      try {
        const { told, failures } = await tellItem(table, key, channels, round);
        if (told.length > 0) log.measure('AlertsTold', told.length);
        if (failures.length > 0) log.measure('AlertTriesFailed', failures.length);
        for (const one of byAlert(told)) log.event('alert told', one);
        for (const failure of failures) say(key, failure);
        if (failures.some(({ whose }) => whose === 'ours')) failed += 1;
      } catch (error) {
        failed += 1;
        log.failure('alerts not told: they come again', error, { ...key });
      }
    }
    return failed;
  }

  function say(key: ItemKey, { channel, alert, error, since, givenUp }: Failure): void {
    const about = { ...key, channel, ...namesOf(alert), since };
    log.failure('an alert not told: it comes again', error, about);
    if (givenUp.length === 0) return;
    log.failure('alerts given up: this channel took nothing for too long', error, {
      ...key,
      channel,
      alerts: givenUp.map(({ incident, sequence }) => `${incident}/${sequence}`),
      reports: givenUp.map(reportKey),
    });
    log.measure('AlertsGivenUp', givenUp.length);
  }
};

/** What an alert is found by: its incident, and what it is about. */
const namesOf = (alert: Alert) => ({
  incident: alert.incident,
  sequence: alert.sequence,
  kind: alert.kind,
  target: alert.target,
  scope: alert.scope,
  ...('commit' in alert ? { commit: alert.commit } : {}),
  ...('upload' in alert ? { uploads: [alert.upload] } : 'uploads' in alert ? { uploads: alert.uploads } : {}),
});

/** A line an alert, which names who was told. */
const byAlert = (told: Telling['told']) =>
  [...Map.groupBy(told, ({ alert }) => nameOf(alert)).values()].flatMap((some) =>
    some[0] === undefined
      ? []
      : [{ ...namesOf(some[0].alert), channels: some.map(({ channel }) => channel) }],
  );

const keysIn = (event: unknown): readonly ItemKey[] => {
  const keys = streamEvent
    .parse(event)
    .Records.map(({ dynamodb: { Keys } }) => ({ pk: Keys.pk.S, sk: Keys.sk.S }));
  return [...new Map(keys.map((key) => [`${key.pk}\n${key.sk}`, key])).values()];
};

export const handler = onFirstCall(sendAlerts);
