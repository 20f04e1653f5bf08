import { headlineOf } from '../lib/alerts/headline.ts';
import type { ListedIncident } from '../lib/alerts/incident-list.ts';
import { oneLine } from '../lib/alerts/plain.ts';
import { readReport } from '../lib/alerts/report.ts';
import { parseIncidentKey, readTimeline } from '../lib/alerts/timeline.ts';
import type { ListedStore } from '../lib/aws/objects.ts';
import type { Table } from '../lib/aws/table.ts';
import type { IncidentView, TimelineView } from './state.ts';
import { ALERTS_SHOWN, timelineView } from './timeline-view.ts';

/** Incidents that the page lists; all that are open go before those that have closed. */
const SHOWN = 100;
/** Half lines that are kept in mind: a report is written once and never changes. */
const KEPT = 500;

export interface IncidentReader {
  /** @param all in the order that they are to be shown in */
  views(all: readonly ListedIncident[]): Promise<readonly IncidentView[]>;
  timeline(key: string): Promise<TimelineView | undefined>;
}

/** Reads what is behind a list of incidents: reports in the state bucket, and nothing else. */
export function incidentReader(parts: {
  readonly state: ListedStore;
  readonly table: Pick<Table, 'query'>;
}): IncidentReader {
  const headlines = new Map<string, string>();

  async function headline({ key, target, alerts }: ListedIncident): Promise<string | undefined> {
    const name = `${key}#${alerts}`;
    const known = headlines.get(name);
    if (known !== undefined) return known;
    const report = await readReport(parts.state, { target, incident: key, sequence: alerts });
    // Not told yet, or gone with the bucket's lifecycle: the next look asks again.
    if (report === undefined) return undefined;
    const found = oneLine(headlineOf(report.alert));
    if (headlines.size >= KEPT) headlines.clear();
    headlines.set(name, found);
    return found;
  }

  return {
    views: (all) =>
      Promise.all(
        all.slice(0, SHOWN).map(async (incident) => ({ ...incident, headline: await headline(incident) })),
      ),
    async timeline(key) {
      const name = parseIncidentKey(key);
      if (name === undefined) return undefined;
      const incident = { target: name.target, incident: key };
      const read = await readTimeline(parts, incident, ALERTS_SHOWN);
      return read.entries.length === 0 ? undefined : timelineView(key, read);
    },
  };
}
