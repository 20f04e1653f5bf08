import {
  inOrder,
  type ListedIncident,
  readTargetIncidents,
  type TargetIncidents,
} from '../lib/alerts/incident-list.ts';
import { parseIncidentKey, readTimeline, type Timeline } from '../lib/alerts/timeline.ts';
import * as clients from '../lib/aws/clients.ts';
import { VARIABLES } from '../lib/aws/environment.ts';
import { type ListedStore, type ObjectStore, s3Store } from '../lib/aws/objects.ts';
import { dynamoTable, type Table } from '../lib/aws/table.ts';
import { type CheckConfig, readCheckConfig } from '../lib/checks/check-config.ts';
import { type Right, refusal } from './aws-errors.ts';
import { UsageError } from './command.ts';
import type { FoundInstallation } from './installation.ts';
import { nearest } from './nearest.ts';

/** What is read of an installation to know its incidents. */
export interface Stores {
  readonly table: Table;
  readonly tableName: string;
  readonly state: ObjectStore & ListedStore;
  readonly stateName: string;
}

/** Where `read-desired` keeps what a check has to know of each target (lib/checks/check-config.ts). */
const CONFIGS = 'config/checks/';
/** Reads at once: a request or two each. */
const AT_ONCE = 10;

/** @throws UsageError where nobody says what the table or the bucket is called */
export function storesOf({ environment, table, stateBucket, where, options }: FoundInstallation): Stores {
  const missing = [
    ...(table === undefined ? [`its table (${VARIABLES.table})`] : []),
    ...(stateBucket === undefined ? [`its state bucket (${VARIABLES.stateBucket})`] : []),
  ];
  if (table === undefined || stateBucket === undefined) {
    const again =
      where === 'local installation'
        ? 'start it again: it is of an older version'
        : options.startsWith(' --installation')
          ? 'deploy it once more: an older version did not say it'
          : 'give --installation, which finds them, or set the variables';
    throw new UsageError(`it is not known what is called ${missing.join(' and ')}: ${again}`);
  }
  return {
    table: dynamoTable(clients.dynamodb(environment), table),
    tableName: table,
    state: s3Store(clients.s3(environment), stateBucket),
    stateName: stateBucket,
  };
}

/** The names of all targets that were ever read, in their order. @throws Unavailable */
export async function targetNames({ state, stateName }: Stores): Promise<readonly string[]> {
  const names: string[] = [];
  await allowed({ action: 's3:ListBucket', on: `bucket ${stateName} (prefix ${CONFIGS})` }, async () => {
    for await (const key of state.keys(CONFIGS)) {
      const name = /^config\/checks\/([^/]+)\.json$/.exec(key)?.[1];
      if (name !== undefined) names.push(name);
    }
  });
  return names;
}

/** What the installation knows of a target. @throws UsageError if there is none of that name; Unavailable */
export async function knownTarget(stores: Stores, name: string): Promise<CheckConfig> {
  const config = await allowed(
    { action: 's3:GetObject', on: `${CONFIGS}${name}.json in bucket ${stores.stateName}` },
    () => readCheckConfig(stores.state, name),
  );
  if (config !== undefined) return config;
  const names = await targetNames(stores);
  const meant = nearest(name, names);
  throw new UsageError(
    `there is no target "${name}"${meant === undefined ? `; there are: ${names.join(', ') || 'none yet'}` : `: did you mean ${meant}?`}`,
  );
}

/** Incidents of all targets, or of one, as `inOrder` has them. @throws UsageError, Unavailable */
export async function listIncidents(
  stores: Stores,
  only: string | undefined,
  now: Date,
): Promise<readonly ListedIncident[]> {
  const names = only === undefined ? await targetNames(stores) : [only];
  const found: ListedIncident[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = await Promise.all(
      names.slice(at, at + AT_ONCE).map(async (name) => {
        const { installation } = await knownTarget(stores, name);
        return await readIncidentsOf(stores, installation, name, now);
      }),
    );
    found.push(...some.flatMap(({ incidents }) => incidents));
  }
  return found.sort(inOrder);
}

/** @throws Unavailable */
export const readIncidentsOf = (
  { table, tableName }: Stores,
  installation: string,
  target: string,
  now: Date,
): Promise<TargetIncidents> =>
  allowed({ action: 'dynamodb:Query', on: `table ${tableName} (keys incident#${target})` }, () =>
    readTargetIncidents(table, { installation, target }, now),
  );

export interface FoundIncident extends Timeline {
  /** Where the table still knows it: of older ones there are only alerts. */
  readonly incident: ListedIncident | undefined;
}

/** An incident by its key; undefined where there is none. @throws UsageError if it is no key; Unavailable */
export async function findIncident(
  stores: Stores,
  key: string,
  newest: number,
  now: Date,
): Promise<FoundIncident | undefined> {
  const name = parseIncidentKey(key);
  if (name === undefined) {
    throw new UsageError(
      `"${key}" is no incident's key: one is INSTALLATION/TARGET/SCOPE/CLASS/NUMBER, as "npx fairlead incidents" lists them`,
    );
  }
  const { installation, target } = name;
  const { incidents } = await readIncidentsOf(stores, installation, target, now);
  const timeline = await allowed(
    { action: 's3:ListBucket and s3:GetObject', on: `reports/${target}/ in bucket ${stores.stateName}` },
    () => readTimeline(stores, { target, incident: key }, newest),
  );
  const incident = incidents.find((each) => each.key === key);
  return incident === undefined && timeline.entries.length === 0 ? undefined : { incident, ...timeline };
}

/** What AWS refuses is said with the right that it needs. @throws Unavailable */
export async function allowed<Result>(right: Right, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof UsageError ? error : refusal(error, right);
  }
}
