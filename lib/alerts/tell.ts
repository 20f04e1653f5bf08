import type { Item, Table } from '../aws/table.ts';
import type { Observation } from '../checks/observation.ts';
import { formatScope } from '../checks/observation.ts';
import type { Deployer, Target } from '../config/config.ts';
import { rootOf, WHOLE_REPOSITORY } from '../config/root.ts';
import type { DecisionContext } from '../incidents/incident.ts';
import { close, type Decision, decide } from '../incidents/incidents.ts';
import type { Alert } from './alert.ts';
import {
  INCIDENTS_SCHEMA,
  incidentClasses,
  incidentItem,
  incidentsOfTarget,
  type KnownIncidents,
  readIncidents,
  SEEN,
} from './incident-items.ts';
import { withUntold } from './outbox.ts';

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
}

export const tellContextOf = ({
  installation,
  repository,
  target,
}: {
  readonly installation: string;
  readonly repository: { readonly url: string };
  readonly target: Target;
}): TellContext => ({
  installation,
  repository: repository.url,
  root: rootOf(target) || WHOLE_REPOSITORY,
  deployer: target.deployer,
  rolloutDeadlineMinutes: target.rolloutDeadlineMinutes,
  ...(target.deployer === 'argocd' ? { argocdNamespace: target.argocdNamespace } : {}),
  ...(target.driftOnly ? { layout: 'foreign' as const } : {}),
});

/** Two checks meet now and then; more than this in a row is no coincidence. */
const ATTEMPTS = 10;

/**
 * Decides what an observation changes and writes it together with the alerts that follow, one item a scope and class.
 * Who loses a conditional write reads again and decides again; an observation older than what is known is dropped.
 * Returns the alerts that this call wrote.
 * @throws if the table stays contended; nothing is lost, the next check decides again
 */
export async function tellObservation(
  table: Table,
  observation: Observation,
  context: TellContext,
): Promise<readonly Alert[]> {
  const told: Alert[] = [];
  let history: DecisionContext['history'] | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await readIncidents(table, observation.target);
    if (isOlder(observation, known.seen)) return told;
    history ??= wasChecked(known.seen) ? 'checked-before' : 'first-check';
    if ((await putSeen(table, observation, known.seen)) === 'conflict') continue;

    const outcome = await tellScopes(table, observation, known, { ...context, history });
    told.push(...outcome.told);
    if (outcome.kind === 'told') return told;
  }
  throw new Error(`incidents of target ${observation.target}: lost ${ATTEMPTS} conditional writes in a row`);
}

/** Sequences of desired states begin at 1: below it, only that nothing could be read was ever seen. */
const wasChecked = (seen: Item | undefined): boolean => seen !== undefined && seen.sequence !== 0;

/** By the sequence of the desired state; of the same one, by the time of the check. */
const isOlder = ({ sequence, at }: Observation, seen: Item | undefined): boolean => {
  if (typeof seen?.sequence !== 'number' || typeof seen.at !== 'string') return false;
  return seen.sequence > sequence || (seen.sequence === sequence && seen.at > at);
};

function putSeen(table: Table, { target, sequence, at }: Observation, before: Item | undefined) {
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

async function tellScopes(
  table: Table,
  observation: Observation,
  known: KnownIncidents,
  context: TellContext & Pick<DecisionContext, 'history'>,
): Promise<{ readonly kind: 'told' | 'conflict'; readonly told: readonly Alert[] }> {
  const told: Alert[] = [];
  for (const [scope, decision] of decisions(observation, known, context)) {
    for (const kind of incidentClasses) {
      const after = decision.after[kind];
      // Decisions give back the same object where nothing changes: then nothing is written.
      if (after === undefined || after === known.scopes.get(scope)?.[kind]) continue;
      const before = known.item(scope, kind);
      const item = incidentItem(before, observation.target, scope, kind, after, observation.at);
      const alerts = decision.alerts[kind];
      const outcome = await table.put(withUntold(item, alerts, observation.at), before?.version ?? 'absent');
      if (outcome === 'conflict') return { kind: 'conflict', told };
      told.push(...alerts);
    }
  }
  return { kind: 'told', told };
}

function* decisions(
  { target, commit, at, scopes }: Observation,
  known: KnownIncidents,
  context: TellContext & Pick<DecisionContext, 'history'>,
): Generator<readonly [scope: string, decision: Decision]> {
  const contextOf = (scope: string): DecisionContext => ({ ...context, target, commit, at, scope });
  const declared = new Set<string>();
  for (const seen of scopes) {
    const scope = formatScope(seen.scope);
    declared.add(scope);
    yield [scope, decide(known.scopes.get(scope) ?? {}, seen, contextOf(scope))];
  }
  // Where the target or its manifests could not be judged, what is missing here has not gone: nobody could look.
  if (scopes.some(({ scope, state }) => isWhole(scope) && state.kind === 'unknown')) return;
  for (const [scope, incidents] of known.scopes) {
    if (!declared.has(scope)) yield [scope, close(incidents, contextOf(scope))];
  }
}

const isWhole = ({ kind }: Observation['scopes'][number]['scope']): boolean =>
  kind === 'target' || kind === 'manifests';
