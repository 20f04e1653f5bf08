import type { ListedStore } from '../aws/objects.ts';
import type { Item, Table } from '../aws/table.ts';
import type { Alert } from './alert.ts';
import { incidentsOfTarget } from './incident-items.ts';
import { maskedAlert } from './masked-alert.ts';
import { untoldOf } from './outbox.ts';
import { readNewestReports } from './report.ts';

/** One alert of an incident, masked as what people get. `not-yet`: it is written, and on its way to people. */
export interface TimelineEntry {
  readonly alert: Alert;
  readonly told: 'told' | 'not-yet';
}

/** What an incident's key is made of (lib/incidents/incident.ts): a scope may hold slashes, the other parts do not. */
export interface IncidentName {
  readonly installation: string;
  readonly target: string;
  readonly scope: string;
  readonly class: string;
  readonly opening: number;
}

/** The parts of a key; undefined where it is none. */
export function parseIncidentKey(key: string): IncidentName | undefined {
  const parts = /^([^/]+)\/([^/]+)\/(.+)\/([^/]+)\/(\d{1,9})$/s.exec(key);
  if (parts === null) return undefined;
  const [, installation = '', target = '', scope = '', name = '', opening = ''] = parts;
  return { installation, target, scope, class: name, opening: Number(opening) };
}

export interface Timeline {
  /** First to last. */
  readonly entries: readonly TimelineEntry[];
  /** Those before them. */
  readonly older: number;
}

/**
 * The newest alerts of an incident in their order: the reports of those that were told, and what its item has not told
 * yet. Empty where there is no such incident, or its reports have met the bucket's lifecycle.
 */
export async function readTimeline(
  { state, table }: { readonly state: ListedStore; readonly table: Pick<Table, 'query'> },
  { target, incident }: Pick<Alert, 'target' | 'incident'>,
  newest: number,
): Promise<Timeline> {
  const bySequence = new Map<number, TimelineEntry>();
  for await (const item of table.query(incidentsOfTarget(target))) {
    for (const alert of untoldIn(item, incident))
      bySequence.set(alert.sequence, { alert: maskedAlert(alert), told: 'not-yet' });
  }
  const { reports, older } = await readNewestReports(state, { target, incident }, newest);
  for (const { alert } of reports) bySequence.set(alert.sequence, { alert, told: 'told' });
  const all = [...bySequence.values()].sort((a, b) => a.alert.sequence - b.alert.sequence);
  const entries = all.slice(-newest);
  return { entries, older: older + all.length - entries.length };
}

const untoldIn = (item: Item, incident: string): readonly Alert[] =>
  untoldOf(item).filter((alert) => alert.incident === incident);
