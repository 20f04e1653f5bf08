import { readStandings } from '../alerts/standing.ts';
import { audiencesPath, fromAudienceParameters, type TopicName } from '../alerts/subscribed.ts';
import { eachAtOnce } from '../at-once/at-once.ts';
import type { Subscription } from '../aws/account/account.ts';
import { answerIn, type Read, reading } from '../aws/account/reading.ts';
import * as clients from '../aws/clients.ts';
import { dynamoTable } from '../aws/table.ts';
import { ADDRESSES, versionParameter } from '../config/addresses.ts';
import type { EksCluster } from '../config/clusters.ts';
import { deadLettersPath, readDeadLetterQueues } from '../dead-letters/queues.ts';
import { judgeAccessEntry } from './access-entry.ts';
import { clustersOf } from './account-checks.ts';
import { type Check, type Diagnosis, judged, skipped } from './diagnosis.ts';
import { AFTER, type Patient } from './patient.ts';
import { judgeAlarms, judgeDeadLetters, judgeStack, judgeVerdictAge } from './standing.ts';
import { judgeSubscriptions } from './subscriptions.ts';
import { judgeDeployed } from './versions.ts';

/** By lifecycle (infra/fairlead.ts). */
const STACKS = ['state', 'targets', 'run', 'checks'] as const;
/** As much of a VPC's id as names the function that checks from it (infra/clusters/checkers.ts). */
const TAIL = -9;
const AT_ONCE = 4;

/** What only a deployed installation can be asked; before that, each says that it comes later. */
export function deployedChecks(patient: Patient): readonly Check[] {
  const { deployed, account, config, version } = patient;
  const { installation } = config;
  const later = (name: string, look: Check['look']): Check => ({
    name,
    look:
      deployed.kind === 'deployed'
        ? look
        : async () => [skipped('here', deployed.kind === 'not-deployed' ? AFTER : deployed.why)],
  });
  return [
    later('stacks', async () =>
      (
        await eachAtOnce(STACKS, AT_ONCE, async (name) =>
          judgeStack(`${installation}-${name}`, await account.stack(`${installation}-${name}`)),
        )
      ).flat(),
    ),
    later('version', async () => {
      const read = await account.parameter(versionParameter(installation));
      return judged(
        'Fairlead',
        read,
        (found) => [judgeDeployed(version, found)],
        () => [judgeDeployed(version, undefined)],
      );
    }),
    later('access-entries', async () =>
      (await eachAtOnce(clustersOf(patient), AT_ONCE, (cluster) => lookAtEntry(patient, cluster))).flat(),
    ),
    later('subscriptions', () => lookAtSubscriptions(patient)),
    later('dead-letters', () => lookAtDeadLetters(patient)),
    later('alarms', async () => judgeAlarms(await account.ringing(`${installation}-`))),
    later('verdicts', () => lookAtVerdicts(patient)),
  ];
}

async function lookAtEntry(
  { account, config, targets }: Patient,
  cluster: EksCluster,
): Promise<readonly Diagnosis[]> {
  const { name, region, access, vpc, role } = cluster;
  const place = { name, region };
  const where = `EKS cluster ${name} in ${region}`;
  if (role !== undefined)
    return [skipped(where, `it is in the account of ${role}, where its access entry is that account's`)];
  const called = vpc === undefined ? 'check-drift' : `check-${vpc.id.slice(TAIL)}`;
  const found = await account.deployedFunction(`${config.installation}-${called}`);
  const namespaces = targets
    .filter((target) => target.cluster?.kind === 'eks' && target.cluster.name === name)
    .flatMap((target) => target.namespaces);
  return judged(
    where,
    found,
    // Of functions that are there the role is known; what it is called says nothing of when it was made.
    () => [],
    () => [skipped(where, `there is no function ${config.installation}-${called}`)],
  ).concat(
    found.kind === 'read'
      ? judgeAccessEntry(
          {
            place,
            roleArn: found.value.roleArn,
            access,
            namespaces: [...new Set(namespaces)],
            roleCreatedAt: answerIn(
              await account.roleCreatedAt(
                found.value.roleArn.slice(found.value.roleArn.lastIndexOf('/') + 1),
              ),
            ),
          },
          await account.accessEntry(place, found.value.roleArn),
        )
      : [],
  );
}

/** Why what a look begins with could not be read; nothing where there is none of it. */
const unread = (where: string, read: Read<unknown>): readonly Diagnosis[] =>
  judged(
    where,
    read,
    () => [],
    () => [],
  );

async function lookAtSubscriptions({ account, config }: Patient): Promise<readonly Diagnosis[]> {
  const { installation } = config;
  const where = 'audiences';
  const parameters = await account.parametersBelow(audiencesPath(installation));
  if (parameters.kind !== 'read') return unread(where, parameters);
  const subscribed = fromAudienceParameters(parameters.value);
  if (subscribed === undefined)
    return [skipped(where, 'what is deployed does not say who is subscribed: it is of another version')];
  const topics = await eachAtOnce(Object.entries(subscribed.topics), AT_ONCE, async ([name, arn]) => [
    name,
    await account.subscriptions(arn),
  ]);
  return judgeSubscriptions({
    installation,
    subscribed,
    topics: Object.fromEntries(topics) as Record<TopicName, Read<readonly Subscription[]>>,
    channels: config.audiences.flatMap(({ form, name }) =>
      form === 'slack' || form === 'teams' ? [name] : [],
    ),
  });
}

async function lookAtDeadLetters({
  account,
  config: { installation },
}: Patient): Promise<readonly Diagnosis[]> {
  const where = 'dead-letter queues';
  const parameters = await account.parametersBelow(deadLettersPath(installation));
  if (parameters.kind !== 'read') return unread(where, parameters);
  const queues = readDeadLetterQueues(parameters.value);
  if (queues.length === 0)
    return [skipped(where, 'what is deployed does not name them: it is of another version')];
  const found = await eachAtOnce(queues, AT_ONCE, async ({ name, url }) =>
    judgeDeadLetters(installation, name, await account.waiting(url)),
  );
  return found.flat();
}

async function lookAtVerdicts({
  deployed,
  config,
  targets,
  environment,
  now,
}: Patient): Promise<readonly Diagnosis[]> {
  const name = deployed.kind === 'deployed' ? deployed.addresses.get(ADDRESSES.table) : undefined;
  if (name === undefined) return [skipped('verdicts', 'the name of the table is not known')];
  const table = dynamoTable(clients.dynamodb(environment), name);
  const read = await reading('dynamodb:Query', () =>
    readStandings(table, { installation: config.installation, targets: [...targets] }, now()),
  );
  return judged(
    'verdicts',
    read,
    (standings) =>
      standings.map((standing) =>
        judgeVerdictAge({
          ...standing,
          checkEveryMinutes:
            targets.find((target) => target.name === standing.target)?.checkEveryMinutes ?? 0,
        }),
      ),
    () => [skipped('verdicts', 'there is no such table')],
  );
}
