import type { Item, Table } from '../aws/table.ts';
import type { BurstIncident, GroupIncident, IncidentClass, Incidents, Phase } from '../incidents/incident.ts';
import type { ItemWrite } from '../incidents/target.ts';
import { formatJson, parseJson } from '../objects/json.ts';
import { stateAsNow } from './incident-as-now.ts';

/**
 * How incidents lie in the table: `incident#<target>` / `<scope>#<class>`, one item each, and beside them `seen`, the
 * newest observation that was told. The state is JSON text, for the reasons of the outbox.
 *
 * | sort key | what it is |
 * |---|---|
 * | `shop/web#drift` | one scope's incidents of a class, or whose member it is |
 * | `target#drift` | many scopes that began to differ at once |
 * | `target#unknown-<digest>` | many scopes that cannot be judged for one reason |
 * | `phase` | what the first check found, and its summaries |
 * | `seen` | the newest observation that was told |
 * | `snooze#<scope>` | `snoozes.ts` |
 */
export const INCIDENTS_SCHEMA = 1;
export const SEEN = 'seen';
const PHASE = 'phase';
const CLASSES = ['drift', 'stalled', 'unknown'] as const satisfies readonly IncidentClass[];
/** The scope that stands for the target itself. */
const TARGET = 'target';
const GROUP = 'unknown-';

export const incidentsOfTarget = (target: string): string => `incident#${target}`;
const sortKey = (scope: string, kind: string): string => `${scope}#${kind}`;

/** The incidents of one target as they are in the table now. */
export interface KnownIncidents {
  /** By sort key: everything of the partition. */
  readonly items: ReadonlyMap<string, Item>;
  readonly seen: Item | undefined;
  /** By scope (`shop/web`). */
  readonly scopes: ReadonlyMap<string, Incidents>;
  readonly phase: Phase | undefined;
  readonly burst: BurstIncident | undefined;
  /** By the digest of their reason. */
  readonly groups: ReadonlyMap<string, GroupIncident>;
  /** The item that a scope's class lies in. */
  item(scope: string, kind: IncidentClass): Item | undefined;
}

export async function readIncidents(table: Table, target: string): Promise<KnownIncidents> {
  const items = new Map<string, Item>();
  const scopes = new Map<string, Incidents>();
  const groups = new Map<string, GroupIncident>();
  let phase: Phase | undefined;
  let burst: BurstIncident | undefined;
  for await (const item of table.query(incidentsOfTarget(target))) {
    items.set(item.sk, item);
    if (typeof item.state !== 'string') continue;
    const end = item.sk.lastIndexOf('#');
    const [scope, name] = end < 0 ? ['', item.sk] : [item.sk.slice(0, end), item.sk.slice(end + 1)];
    const kind = CLASSES.find((one) => one === name);
    if (name === PHASE && end < 0) phase = stateOf(item.state);
    else if (scope === TARGET && name === 'drift') burst = stateOf(item.state);
    else if (scope === TARGET && name.startsWith(GROUP))
      groups.set(name.slice(GROUP.length), stateOf(item.state));
    else if (kind !== undefined && end >= 0)
      scopes.set(scope, { ...scopes.get(scope), [kind]: stateAsNow(item, item.state) });
  }
  return {
    items,
    seen: items.get(SEEN),
    scopes,
    phase,
    burst,
    groups,
    item: (scope, kind) => items.get(sortKey(scope, kind)),
  };
}

/** Our own items, which no release before this one wrote: what they hold was typed when it was written. */
const stateOf = <State>(text: string): State => parseJson(text) as unknown as State;

/** One scope's incident of a class, for who only reads. */
export async function readIncident<Kind extends IncidentClass>(
  table: Pick<Table, 'get'>,
  target: string,
  scope: string,
  kind: Kind,
): Promise<Incidents[Kind]> {
  const item = await table.get({ pk: incidentsOfTarget(target), sk: sortKey(scope, kind) });
  return typeof item?.state === 'string' ? stateAsNow<Kind>(item, item.state) : undefined;
}

/** Where a decision is written to. */
export function sortKeyOf(write: ItemWrite): string {
  switch (write.item) {
    case 'incident':
      return sortKey(write.scope, write.class);
    case 'burst':
      return sortKey(TARGET, 'drift');
    case 'group':
      return sortKey(TARGET, GROUP + write.reason);
    case 'phase':
      return PHASE;
  }
}

/** The item with a new state, one version on; what it has not told yet stays in it. */
export function incidentItem(
  before: Item | undefined,
  target: string,
  sk: string,
  state: ItemWrite['state'],
  at: string,
): Item {
  return {
    ...before,
    pk: incidentsOfTarget(target),
    sk,
    schema: INCIDENTS_SCHEMA,
    version: (before?.version ?? 0) + 1,
    kind: state.kind,
    state: formatJson(state),
    changedAt: at,
  };
}

export const incidentClasses = CLASSES;
