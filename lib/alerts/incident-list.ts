import * as z from 'zod';
import type { Item, Table } from '../aws/table.ts';
import type { Severity } from '../config/config.ts';
import type { IncidentClass } from '../incidents/incident.ts';
import { parseJson } from '../objects/json.ts';
import { incidentClasses, incidentsOfTarget, SEEN } from './incident-items.ts';
import { isLasting, type Snooze, snoozeIn } from './snoozes.ts';

/** What is to be known of an incident without reading its alerts. */
export interface ListedIncident {
  readonly key: string;
  readonly target: string;
  readonly scope: string;
  readonly class: IncidentClass | 'delivery';
  readonly state: 'open' | 'closed';
  /** The gravest that people were told it with; absent of one that is closed. */
  readonly severity?: Severity;
  /** ISO: from when on it is open; absent of one that is closed, whose alerts know. */
  readonly since?: string;
  /** ISO; absent of one that is open, and where it was not kept. */
  readonly closedAt?: string;
  /** How many findings it has; absent where it is not of findings, or is closed. */
  readonly findings?: number;
  /** Of many scopes that are told as one: how many. */
  readonly members?: number;
  /** How many alerts there were, told or not yet. */
  readonly alerts: number;
  /** While it lasts: of its scope, or of the whole target. */
  readonly snooze?: Snooze;
}

export interface TargetIncidents {
  /** In the order of `inOrder`. */
  readonly incidents: readonly ListedIncident[];
  /** Those that last, by scope. */
  readonly snoozes: ReadonlyMap<string, Snooze>;
  /** Scopes that something is remembered of, and the target itself. */
  readonly scopes: readonly string[];
  /** ISO: the newest finished check that was told of; absent before the first. */
  readonly checkedAt?: string;
}

/** A snooze of it is one of every scope of the target. */
export const WHOLE_TARGET = 'target';

/** The last incident of each scope and class of a target, in one query. */
export async function readTargetIncidents(
  table: Pick<Table, 'query'>,
  { installation, target }: { readonly installation: string; readonly target: string },
  now: Date,
): Promise<TargetIncidents> {
  const items: Item[] = [];
  const snoozes = new Map<string, Snooze>();
  let checkedAt: string | undefined;
  for await (const item of table.query(incidentsOfTarget(target))) {
    if (item.sk === SEEN && typeof item.at === 'string') checkedAt = item.at;
    const found = snoozeIn(item);
    if (found === undefined) items.push(item);
    else if (isLasting(found.snooze, now)) snoozes.set(found.scope, found.snooze);
  }
  const scopes = new Set([WHOLE_TARGET]);
  const incidents = items.flatMap((item): ListedIncident[] => {
    const end = item.sk.lastIndexOf('#');
    if (end < 0) return [];
    const [scope, name] = [item.sk.slice(0, end), item.sk.slice(end + 1)];
    if (classOf(name) !== undefined) scopes.add(scope);
    const known = statusOf(name, item);
    if (known === undefined) return [];
    const { class: of, opening, ...status } = known;
    const snooze = snoozes.get(scope) ?? snoozes.get(WHOLE_TARGET);
    const key = `${installation}/${target}/${scope}/${name}/${opening}`;
    return [{ key, target, scope, class: of, ...status, ...(snooze === undefined ? {} : { snooze }) }];
  });
  return {
    incidents: incidents.sort(inOrder),
    snoozes,
    scopes: [...scopes],
    ...(checkedAt === undefined ? {} : { checkedAt }),
  };
}

const severities = z.enum(['info', 'warning', 'critical']);
const GRAVITY = { critical: 0, warning: 1, info: 2 } as const satisfies Record<Severity, number>;

/** Open ones first: the gravest, then the newest; then what has closed, the newest first. */
export function inOrder(a: ListedIncident, b: ListedIncident): number {
  if (a.state !== b.state) return a.state === 'open' ? -1 : 1;
  const grave = GRAVITY[a.severity ?? 'info'] - GRAVITY[b.severity ?? 'info'];
  if (grave !== 0) return grave;
  const [then, now] = [timeOf(a), timeOf(b)];
  if (then !== now) return then < now ? 1 : -1;
  return a.key < b.key ? -1 : 1;
}

const timeOf = ({ closedAt, since }: ListedIncident): string => closedAt ?? since ?? '';

export const GRAVEST_FIRST = ['critical', 'warning', 'info'] as const satisfies readonly Severity[];

const gravestOf = (told: readonly Severity[]): Severity =>
  told.reduce((a, b) => (GRAVITY[b] < GRAVITY[a] ? b : a), 'info');

type Status = Pick<
  ListedIncident,
  'class' | 'state' | 'severity' | 'since' | 'closedAt' | 'findings' | 'members' | 'alerts'
> & { readonly opening: number };

/** What is said of the class at the end of an item's key (incident-items.ts); one reason of many scopes has its digest. */
function classOf(name: string): IncidentClass | undefined {
  return (
    incidentClasses.find((one) => one === name) ?? (/^unknown-[\w-]+$/.test(name) ? 'unknown' : undefined)
  );
}

/** States of lib/incidents/incident.ts that are open; a `member` is told of under the key of its burst. */
const OPEN: ReadonlySet<string> = new Set(['drifting', 'stalled', 'unknown', 'burst', 'group']);
/** A rollout that went well is one alert, for machines; one that stalled before has two or more. */
const ROLLED_OUT_AT_ONCE = 1;

/** What every state has, and what those of them have that are open. Lists are counted, not looked into. */
const remembered = z.object({
  kind: z.string(),
  opening: z.number(),
  sequence: z.number(),
  since: z.string().optional(),
  told: z.union([z.array(severities), severities.transform((one) => [one])]).optional(),
  severity: severities.optional(),
  fingerprints: z.array(z.unknown()).optional(),
  listed: z.array(z.unknown()).optional(),
});

function statusOf(name: string, item: Item): Status | undefined {
  if (name === 'delivery') return deliveryStatus(item);
  const of = classOf(name);
  if (of === undefined || typeof item.state !== 'string') return undefined;
  const found = remembered.safeParse(parseJson(item.state));
  if (!found.success) return undefined;
  const { kind, opening, sequence, since, told = [], severity, fingerprints, listed } = found.data;
  const base = { class: of, opening, alerts: sequence };
  if (OPEN.has(kind)) {
    return {
      ...base,
      state: 'open',
      // In a snooze nobody may have been told yet.
      severity: gravestOf([...told, severity ?? 'warning']),
      ...(since === undefined ? {} : { since }),
      ...(fingerprints === undefined ? {} : { findings: fingerprints.length }),
      ...(listed === undefined ? {} : { members: listed.length }),
    };
  }
  // Never opened; nothing told under this number; or told under the key of a burst.
  if (opening === 0 || sequence === 0 || kind === 'member') return undefined;
  if (of === 'stalled' && sequence <= ROLLED_OUT_AT_ONCE) return undefined;
  const closedAt = typeof item.changedAt === 'string' ? { closedAt: item.changedAt } : {};
  return { ...base, state: 'closed', ...closedAt };
}

/** As lib/uploads/delivering/blocked.ts writes it. */
const delivery = z.object({
  state: z.enum(['open', 'closed']),
  opening: z.number(),
  since: z.string(),
  told: z.array(z.enum(['warning', 'critical'])).default(['warning']),
});

function deliveryStatus(item: Item): Status | undefined {
  const found = delivery.safeParse(item);
  if (!found.success) return undefined;
  const { state, opening, since, told } = found.data;
  const of = { class: 'delivery', opening } as const;
  return state === 'open'
    ? { ...of, state, severity: gravestOf(told), since, alerts: told.length }
    : { ...of, state, alerts: told.length + 1 };
}
