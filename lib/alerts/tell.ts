import type { Item, Table } from '../aws/table.ts';
import type { Observation } from '../checks/observation.ts';
import { formatScope } from '../checks/observation.ts';
import type { Deployer, FirstCheck, SeverityRule, Target } from '../config/config.ts';
import { rootOf, WHOLE_REPOSITORY } from '../config/root.ts';
import { severityBy } from '../incidents/severity.ts';
import { decideTarget, type ItemWrite, type TargetContext } from '../incidents/target.ts';
import type { Alert, Quiet } from './alert.ts';
import {
  INCIDENTS_SCHEMA,
  incidentItem,
  incidentsOfTarget,
  type KnownIncidents,
  readIncidents,
  SEEN,
  sortKeyOf,
} from './incident-items.ts';
import { withUntold } from './outbox.ts';
import { snoozeIn } from './snoozes.ts';
import { withTakeBack } from './take-back.ts';

/** What telling needs to know of the target beside what was seen. */
export interface TellContext {
  readonly installation: string;
  /** Address of the repository, without credentials. */
  readonly repository: string;
  readonly root: string;
  readonly deployer: Deployer;
  readonly argocdNamespace?: string;
  /** Of a target that Fairlead only checks. */
  readonly layout?: 'foreign';
  readonly rolloutDeadlineMinutes: number;
  readonly firstCheck: FirstCheck;
  readonly remindAfterHours: number;
  /** What the configuration says of findings. */
  readonly severity: readonly SeverityRule[];
}

export const tellContextOf = ({
  installation,
  repository,
  target,
  severity,
}: {
  readonly installation: string;
  readonly severity: readonly SeverityRule[];
  readonly repository: { readonly url: string };
  readonly target: Target;
}): TellContext => ({
  installation,
  repository: repository.url,
  root: rootOf(target) || WHOLE_REPOSITORY,
  deployer: target.deployer,
  rolloutDeadlineMinutes: target.rolloutDeadlineMinutes,
  firstCheck: target.firstCheck,
  remindAfterHours: target.remindAfterHours,
  severity,
  ...(target.deployer === 'argocd' ? { argocdNamespace: target.argocdNamespace } : {}),
  ...(target.driftOnly ? { layout: 'foreign' as const } : {}),
});

/** Two checks meet now and then; more than this in a row is no coincidence. */
const ATTEMPTS = 10;
/** A check whose clock is farther ahead of ours does not say how long anything has lasted. */
const AHEAD_MINUTES = 10;
/** And one that was ahead by more than this does not say either what is older than what it saw. */
const WRONG_MINUTES = 60;

/**
 * Decides what an observation changes and writes it together with the alerts that follow, one item a scope and class.
 * Who loses a conditional write reads again and decides again; an observation older than what is known is dropped.
 * Returns the alerts that this call wrote.
 * @param now our own clock, asked each time that something is held against it
 * @throws if the table stays contended; nothing is lost, the next check decides again
 */
export async function tellObservation(
  table: Table,
  observation: Observation,
  context: TellContext,
  now: () => Date,
): Promise<readonly Alert[]> {
  const { target, commit, at } = observation;
  const seen = {
    commit,
    at,
    scopes: observation.scopes.map((each) => ({ scope: formatScope(each.scope), seen: each })),
  };
  return await tellDecided(table, target, at, async (known) => {
    if (isOlder(observation, known.seen, now())) return 'nothing';
    if ((await putSeen(table, observation, known.seen)) === 'conflict') return 'conflict';
    const deciding = decidingContext(target, at, context, now());
    const writes = decideTarget({ ...known, snoozes: snoozesOf(known) }, seen, deciding);
    return withTakeBack(table, target, writes);
  });
}

/** What lib/incidents needs, of what telling knows. */
export function decidingContext(target: string, at: string, context: TellContext, now: Date): TargetContext {
  const { severity, ...rest } = context;
  return {
    ...rest,
    target,
    clock: isAhead(at, now, AHEAD_MINUTES) ? 'ahead' : 'trusted',
    severityOf: severityBy(severity),
  };
}

/**
 * Reads, decides, and writes item by item in the order decided; begins anew where somebody else has written meanwhile.
 * @throws if the table stays contended
 */
export async function tellDecided(
  table: Table,
  target: string,
  at: string,
  decide: (known: KnownIncidents) => Promise<readonly ItemWrite[] | 'nothing' | 'conflict'>,
): Promise<readonly Alert[]> {
  const told: Alert[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await readIncidents(table, target);
    const writes = await decide(known);
    if (writes === 'nothing') return told;
    if (writes !== 'conflict' && (await putAll(table, target, at, known, writes, told)) === 'written')
      return told;
  }
  throw new Error(`incidents of target ${target}: lost ${ATTEMPTS} conditional writes in a row`);
}

async function putAll(
  table: Table,
  target: string,
  at: string,
  known: KnownIncidents,
  writes: readonly ItemWrite[],
  told: Alert[],
): Promise<'written' | 'conflict'> {
  for (const write of writes) {
    const sk = sortKeyOf(write);
    const before = known.items.get(sk);
    const item = incidentItem(before, target, sk, write.state, at);
    const outcome = await table.put(withUntold(item, write.alerts, at), before?.version ?? 'absent');
    if (outcome === 'conflict') return 'conflict';
    told.push(...write.alerts);
  }
  return 'written';
}

export function snoozesOf({ items }: KnownIncidents): ReadonlyMap<string, Quiet> {
  const snoozes = new Map<string, Quiet>();
  for (const item of items.values()) {
    const found = snoozeIn(item);
    if (found === undefined) continue;
    const { until, reason } = found.snooze;
    snoozes.set(found.scope, { until, reason });
  }
  return snoozes;
}

/**
 * By the sequence of the desired state; of the same one, by the time of the check. A clock that was far ahead, and was
 * set right, must not keep what is seen since from people until its time has come.
 */
const isOlder = ({ sequence, at }: Observation, seen: Item | undefined, now: Date): boolean => {
  if (typeof seen?.sequence !== 'number' || typeof seen.at !== 'string') return false;
  if (seen.sequence !== sequence) return seen.sequence > sequence;
  return seen.at > at && !isAhead(seen.at, now, WRONG_MINUTES);
};

const isAhead = (at: string, now: Date, minutes: number): boolean =>
  Date.parse(at) - now.getTime() > minutes * 60_000;

/** Written before anything is told, so that who began with what was known before is told of it by a conflict. */
export function putSeen(
  table: Table,
  { target, sequence, at }: Pick<Observation, 'target' | 'sequence' | 'at'>,
  before: Item | undefined,
) {
  const item = {
    pk: incidentsOfTarget(target),
    sk: SEEN,
    schema: INCIDENTS_SCHEMA,
    version: (before?.version ?? 0) + 1,
    sequence,
    at,
  };
  return table.put(item, before?.version ?? 'absent');
}
