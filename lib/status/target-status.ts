import {
  GRAVEST_FIRST,
  type ListedIncident,
  readTargetIncidents,
  type TargetIncidents,
  WHOLE_TARGET,
} from '../alerts/incident-list.ts';
import type { Item, Table } from '../aws/table.ts';
import type { CheckConfig } from '../checks/check-config.ts';
import { readRemembered } from '../checks/memory.ts';
import { readVerdicts, type VerdictItem } from '../checks/verdict-items.ts';
import type { Severity } from '../config/config.ts';
import { type StandingFreeze, standingFreezes } from './freezes.ts';
import type { WaitingUpload } from './waiting-uploads.ts';

/** What a check said last. `not-checked`: none has; `off`: the configuration names no cluster. */
export type Judged = VerdictItem['verdict'] | 'not-checked' | 'off';

export interface OpenIncidents {
  readonly count: number;
  readonly gravest: Severity;
  /** ISO: of the one that is open longest. */
  readonly since?: string;
}

export interface ReleaseStatus {
  /** `shop/web`, `manifests`, `rules`. */
  readonly scope: string;
  readonly chart?: { readonly name: string; readonly version: string };
  readonly verdict: Judged;
  /** ISO. */
  readonly checkedAt?: string;
  /** The commit that was judged. */
  readonly commit?: string;
  /** The commit that was seen applied. */
  readonly applied?: string;
  readonly findings: number;
  readonly unready: number;
  /** Why it could not be judged, or what the deployer says. */
  readonly reason?: string;
  readonly incidents?: OpenIncidents;
  readonly waiting: readonly WaitingUpload[];
  readonly freeze?: StandingFreeze;
}

export interface TargetStatus {
  readonly target: string;
  readonly installation: string;
  readonly repository: string;
  readonly branch: string;
  readonly deployer: CheckConfig['target']['deployer'];
  /** The worst of its scopes. */
  readonly verdict: Judged;
  /** How many releases have which verdict. */
  readonly releases: Readonly<Partial<Record<Judged, number>>>;
  /** ISO: the newest check of the target. */
  readonly checkedAt?: string;
  /** `stale`: no check has been for so long that what the last one said is no longer known. */
  readonly freshness: 'fresh' | 'stale' | 'never-checked' | 'not-checked-at-all';
  /** The newest commit that was read. */
  readonly commit?: string;
  /** Why the target as a whole could not be judged. */
  readonly reason?: string;
  readonly incidents?: OpenIncidents;
  /** A repository that takes nothing: since when (ISO). */
  readonly blockedSince?: string;
  readonly waiting: readonly WaitingUpload[];
  readonly freezes: readonly StandingFreeze[];
  /** By name; `manifests` and `rules` last. */
  readonly scopes: readonly ReleaseStatus[];
}

/**
 * How a target stands: three queries of the table (what checks have left, incidents, freezes), each of as many pages as
 * there are megabytes. 100 releases are one page each.
 * @param waiting of all targets
 */
export async function readTargetStatus(
  table: Pick<Table, 'query'>,
  { installation, target, repository }: CheckConfig,
  waiting: readonly WaitingUpload[],
  now: Date,
): Promise<TargetStatus> {
  const [partition, incidents, freezes] = await Promise.all([
    partitionOf(table, `target#${target.name}`),
    readTargetIncidents(table, { installation, target: target.name }, now),
    standingFreezes(table, target.name),
  ]);
  const verdicts = await readVerdicts(partition, target.name);
  const mine = waiting.filter((upload) => upload.target === target.name);
  const own = verdicts?.target;
  const appliedAt = async (scope: string): Promise<string | undefined> =>
    (await readRemembered(partition, target.name, scope))?.applied?.commit;
  const seen: Seen = { appliedAt, incidents, waiting: mine, freezes };
  const names = scopesIn(verdicts?.scopes.keys() ?? [], mine, freezes);
  const scopes = await Promise.all(
    names.map((scope) => scopeStatus(scope, verdicts?.scopes.get(scope), seen)),
  );
  const blocked = incidents.incidents.find((one) => one.class === 'delivery' && one.state === 'open');
  const open = openOf(incidents.incidents);
  return {
    ...{ target: target.name, installation, repository: repository.name, branch: target.branch },
    deployer: target.deployer,
    verdict: worstOf(own, scopes),
    releases: counted(scopes.filter(({ scope }) => scope.includes('/'))),
    freshness: freshnessOf(own, target.checkEveryMinutes, now),
    ...(own === undefined ? {} : { checkedAt: own.at }),
    ...(partition.commit === undefined ? {} : { commit: partition.commit }),
    ...(own?.reason === undefined ? {} : { reason: own.reason }),
    ...(open === undefined ? {} : { incidents: open }),
    ...(blocked?.since === undefined ? {} : { blockedSince: blocked.since }),
    ...{ waiting: mine, freezes, scopes },
  };
}

/** A partition that is read once, and asked as if it were the table. */
interface Partition extends Pick<Table, 'get' | 'query'> {
  readonly commit: string | undefined;
}

async function partitionOf(table: Pick<Table, 'query'>, pk: string): Promise<Partition> {
  const items = new Map<string, Item>();
  for await (const item of table.query(pk)) items.set(item.sk, item);
  const commit = items.get('desired')?.commit;
  return {
    commit: typeof commit === 'string' ? commit : undefined,
    get: async ({ sk }) => items.get(sk),
    async *query(_pk, prefix = '') {
      for (const item of items.values()) if (item.sk.startsWith(prefix)) yield item;
    },
  };
}

interface Seen {
  readonly appliedAt: (scope: string) => Promise<string | undefined>;
  readonly incidents: TargetIncidents;
  readonly waiting: readonly WaitingUpload[];
  readonly freezes: readonly StandingFreeze[];
}

/** Releases that were judged, and those that wait for their first commit or are frozen. */
function scopesIn(
  judged: Iterable<string>,
  waiting: readonly WaitingUpload[],
  freezes: readonly StandingFreeze[],
): readonly string[] {
  const names = new Set([
    ...judged,
    ...waiting.map(({ scope }) => scope),
    ...freezes.map(({ scope }) => scope),
  ]);
  names.delete(WHOLE_TARGET);
  const isRelease = (name: string): number => (name.includes('/') ? 0 : 1);
  return [...names].sort((a, b) => isRelease(a) - isRelease(b) || (a < b ? -1 : 1));
}

async function scopeStatus(
  scope: string,
  verdict: VerdictItem | undefined,
  seen: Seen,
): Promise<ReleaseStatus> {
  const applied = await seen.appliedAt(scope);
  const open = openOf(seen.incidents.incidents.filter((one) => one.scope === scope));
  const freeze =
    seen.freezes.find((one) => one.scope === scope) ?? seen.freezes.find((one) => one.scope === WHOLE_TARGET);
  const reason = verdict?.unjudged ?? verdict?.reason;
  return {
    scope,
    verdict: verdict?.verdict ?? 'not-checked',
    ...(verdict === undefined ? {} : { checkedAt: verdict.at, commit: verdict.commit }),
    ...(verdict?.chart === undefined ? {} : { chart: verdict.chart }),
    ...(applied === undefined ? {} : { applied }),
    findings: verdict?.findings ?? 0,
    unready: verdict?.unready ?? 0,
    ...(reason === undefined ? {} : { reason }),
    ...(open === undefined ? {} : { incidents: open }),
    waiting: seen.waiting.filter((upload) => upload.scope === scope),
    ...(freeze === undefined || scope === 'rules' ? {} : { freeze }),
  };
}

function openOf(incidents: readonly ListedIncident[]): OpenIncidents | undefined {
  const open = incidents.filter(({ state }) => state === 'open');
  if (open.length === 0) return undefined;
  const gravest = GRAVEST_FIRST.find((each) => open.some(({ severity }) => severity === each)) ?? 'warning';
  const [since] = open.flatMap((one) => one.since ?? []).sort();
  return { count: open.length, gravest, ...(since === undefined ? {} : { since }) };
}

/** The first that there is decides. */
const WORST_FIRST = [
  'drift',
  'unknown',
  'rollout',
  'not-checked',
  'in-sync',
] as const satisfies readonly Judged[];

function worstOf(own: VerdictItem | undefined, scopes: readonly ReleaseStatus[]): Judged {
  if (own === undefined) return 'not-checked';
  if (own.checks === 'none') return 'off';
  const found = new Set<Judged>([own.verdict, ...scopes.map(({ verdict }) => verdict)]);
  return WORST_FIRST.find((each) => found.has(each)) ?? 'not-checked';
}

function counted(releases: readonly ReleaseStatus[]): Partial<Record<Judged, number>> {
  const counts: Partial<Record<Judged, number>> = {};
  for (const { verdict } of releases) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

/** A check may be late by one that was missed, and by what a long one takes. */
const MISSED = 2;
const LATE_MINUTES = 5;

function freshnessOf(
  own: VerdictItem | undefined,
  everyMinutes: number,
  now: Date,
): TargetStatus['freshness'] {
  if (own === undefined) return 'never-checked';
  if (own.checks === 'none') return 'not-checked-at-all';
  const age = now.getTime() - Date.parse(own.at);
  return age > (MISSED * everyMinutes + LATE_MINUTES) * 60_000 ? 'stale' : 'fresh';
}

/** What is to be told of a target first. `unsure`: nothing is known to be wrong, and not all is known. */
export type Health = 'wrong' | 'unsure' | 'well';

/** Drift, an open incident that is more than information, or a repository that takes nothing is wrong. */
export function healthOf({ verdict, incidents, blockedSince, freshness }: TargetStatus): Health {
  const isTold = incidents !== undefined && incidents.gravest !== 'info';
  if (verdict === 'drift' || isTold || blockedSince !== undefined) return 'wrong';
  const isSure = freshness === 'fresh' || freshness === 'not-checked-at-all';
  return verdict === 'unknown' || !isSure ? 'unsure' : 'well';
}
