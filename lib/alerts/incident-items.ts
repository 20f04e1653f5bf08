import type { Item, Table } from '../aws/table.ts';
import type { IncidentClass, Incidents } from '../incidents/incident.ts';
import { formatJson, parseJson } from '../objects/json.ts';

/**
 * How incidents lie in the table: `incident#<target>` / `<scope>#<class>`, one item each, and beside them `seen`, the
 * newest observation that was told. The state is JSON text, for the reasons of the outbox.
 */
export const INCIDENTS_SCHEMA = 1;
export const SEEN = 'seen';
const CLASSES = ['drift', 'stalled', 'unknown'] as const satisfies readonly IncidentClass[];

export const incidentsOfTarget = (target: string): string => `incident#${target}`;
const sortKey = (scope: string, kind: IncidentClass): string => `${scope}#${kind}`;

/** The incidents of one target as they are in the table now. */
export interface KnownIncidents {
  readonly seen: Item | undefined;
  /** By scope (`shop/web`). */
  readonly scopes: ReadonlyMap<string, Incidents>;
  /** The item that a scope's class lies in. */
  item(scope: string, kind: IncidentClass): Item | undefined;
}

export async function readIncidents(table: Table, target: string): Promise<KnownIncidents> {
  const items = new Map<string, Item>();
  const scopes = new Map<string, Incidents>();
  for await (const item of table.query(incidentsOfTarget(target))) {
    items.set(item.sk, item);
    const end = item.sk.lastIndexOf('#');
    const kind = CLASSES.find((one) => one === item.sk.slice(end + 1));
    if (end < 0 || kind === undefined || typeof item.state !== 'string') continue;
    const scope = item.sk.slice(0, end);
    scopes.set(scope, { ...scopes.get(scope), [kind]: parseJson(item.state) });
  }
  return { seen: items.get(SEEN), scopes, item: (scope, kind) => items.get(sortKey(scope, kind)) };
}

/** One scope's incident of a class, for who only reads. */
export async function readIncident<Kind extends IncidentClass>(
  table: Pick<Table, 'get'>,
  target: string,
  scope: string,
  kind: Kind,
): Promise<Incidents[Kind]> {
  const item = await table.get({ pk: incidentsOfTarget(target), sk: sortKey(scope, kind) });
  return typeof item?.state === 'string' ? (parseJson(item.state) as unknown as Incidents[Kind]) : undefined;
}

/** The item with a new state, one version on; what it has not told yet stays in it. */
export function incidentItem(
  before: Item | undefined,
  target: string,
  scope: string,
  kind: IncidentClass,
  state: NonNullable<Incidents[IncidentClass]>,
  at: string,
): Item {
  return {
    ...before,
    pk: incidentsOfTarget(target),
    sk: sortKey(scope, kind),
    schema: INCIDENTS_SCHEMA,
    version: (before?.version ?? 0) + 1,
    kind: state.kind,
    state: formatJson(state),
    changedAt: at,
  };
}

export const incidentClasses = CLASSES;
