import type { Table } from '../aws/table.ts';
import type { Config, Severity } from '../config/config.ts';
import { silentMinutes } from '../incidents/age.ts';
import { type ListedIncident, readTargetIncidents } from './incident-list.ts';
import { configuredSince } from './no-longer-checked.ts';

export const LISTED_CLASSES = [
  'drift',
  'stalled',
  'unknown',
  'delivery',
] as const satisfies readonly ListedIncident['class'][];
export const SEVERITIES = ['info', 'warning', 'critical'] as const satisfies readonly Severity[];

/** How one target stands: what is open, and how old what is known of it is. */
export interface TargetStanding {
  readonly target: string;
  readonly open: Readonly<Record<ListedIncident['class'], number>>;
  readonly severities: Readonly<Record<Severity, number>>;
  /** Since the newest finished check; absent where there was none, or the target has no cluster. */
  readonly verdictAgeSeconds?: number;
  /**
   * `overdue`: no check has finished for three intervals, or since the target was configured that long ago.
   * `none`: it names no cluster, hence is not checked.
   */
  readonly verdict: 'fresh' | 'overdue' | 'none';
}

/** How every target stands, for operators: one query a target, and one for all. */
export async function readStandings(
  table: Pick<Table, 'query'>,
  { installation, targets }: Pick<Config, 'installation' | 'targets'>,
  now: Date,
): Promise<readonly TargetStanding[]> {
  const standings: TargetStanding[] = [];
  const configured = await configuredSince(table);
  for (const { name: target, cluster, checkEveryMinutes } of targets) {
    const { incidents, checkedAt } = await readTargetIncidents(table, { installation, target }, now);
    const open = incidents.filter(({ state }) => state === 'open');
    const age = checkedAt === undefined ? undefined : (now.getTime() - Date.parse(checkedAt)) / 1000;
    const since = checkedAt ?? configured.get(target);
    standings.push({
      target,
      verdict:
        cluster === undefined ? 'none' : isOverdue(since, checkEveryMinutes, now) ? 'overdue' : 'fresh',
      open: counted(LISTED_CLASSES, open, ({ class: of }) => of),
      severities: counted(SEVERITIES, open, ({ severity }) => severity ?? 'warning'),
      // The clock of whoever checked may be ahead of ours.
      ...(age === undefined || cluster === undefined
        ? {}
        : { verdictAgeSeconds: Math.max(0, Math.round(age)) }),
    });
  }
  return standings;
}

const isOverdue = (since: string | undefined, checkEveryMinutes: number, now: Date): boolean =>
  since !== undefined && now.getTime() - Date.parse(since) >= silentMinutes(checkEveryMinutes) * 60_000;

/** Every name has its number, none is missing: what is over must come down to nought in a graph. */
const counted = <Name extends string>(
  names: readonly Name[],
  open: readonly ListedIncident[],
  nameOf: (incident: ListedIncident) => Name,
): Record<Name, number> =>
  Object.fromEntries(
    names.map((name) => [name, open.filter((incident) => nameOf(incident) === name).length]),
  ) as Record<Name, number>;
