import type { Alert } from '../alerts/alert.ts';
import { readIncidents } from '../alerts/incident-items.ts';
import { readNewestReports } from '../alerts/report.ts';
import { CALLS_AT_ONCE, eachAtOnce } from '../at-once/at-once.ts';
import type { ListedStore } from '../aws/objects.ts';
import type { Table } from '../aws/table.ts';
import { maskedFinding } from '../drift/masked-finding.ts';
import type { Finding } from '../drift/verdicts.ts';
import { formatReference } from '../objects/objects.ts';
import type { ClusterEntry, Difference } from './entry.ts';

/** Incidents of one scope and class that are looked at, the newest first. A listing each, and an object an alert. */
const OPENINGS = 40;
/** The newest alerts of one incident. */
const REPORTS = 20;
const CHANGES = 10;
const VALUE_CHARACTERS = 200;

export interface ClusterEvents {
  /** In no order. */
  readonly entries: readonly ClusterEntry[];
  /** `partial`: there were more incidents than are looked at. */
  readonly reach: 'whole' | 'partial';
}

interface Place {
  readonly installation: string;
  readonly target: string;
  /** Absent: of the whole target. */
  readonly scope: string | undefined;
}

/**
 * What the checks told of a scope: the reports of its incidents, whose numbers stand in the table, so that nothing has
 * to be searched. What many scopes were told as one is theirs, too.
 */
export async function readClusterEvents(
  { table, state }: { readonly table: Table; readonly state: ListedStore },
  { installation, target, scope }: Place,
  since: Date | undefined,
): Promise<ClusterEvents> {
  const { scopes, burst, groups } = await readIncidents(table, target);
  const lines: { readonly name: string; readonly opening: number }[] = [];
  for (const [name, known] of scopes) {
    if (scope !== undefined && name !== scope) continue;
    for (const kind of ['drift', 'stalled', 'unknown'] as const)
      lines.push({ name: `${name}/${kind}`, opening: known[kind]?.opening ?? 0 });
  }
  if (burst !== undefined) lines.push({ name: 'target/drift', opening: burst.opening });
  for (const [reason, group] of groups)
    lines.push({ name: `target/unknown-${reason}`, opening: group.opening });

  let reach: ClusterEvents['reach'] = 'whole';
  const told = await eachAtOnce(lines, CALLS_AT_ONCE, async ({ name, opening }) => {
    const alerts: Alert[] = [];
    for (let number = opening; number > 0; number--) {
      if (opening - number >= OPENINGS) {
        reach = 'partial';
        break;
      }
      const incident = `${installation}/${target}/${name}/${number}`;
      const { reports } = await readNewestReports(state, { target, incident }, REPORTS);
      alerts.push(...reports.map(({ alert }) => alert));
      const newest = reports.at(-1)?.alert.at;
      // Incidents follow one another: those before it are older still.
      if (since !== undefined && newest !== undefined && new Date(newest) < since) break;
    }
    return alerts;
  });
  const mine = told
    .flat()
    .filter((alert) => scope === undefined || alert.scope === scope || membersOf(alert).includes(scope));
  return { entries: mine.map(entryOf), reach };
}

function membersOf(alert: Alert): readonly string[] {
  if (!('members' in alert) || alert.members === undefined) return [];
  return alert.members.map((member) => (typeof member === 'string' ? member : member.scope));
}

function entryOf(alert: Alert): ClusterEntry {
  const findings = 'findings' in alert ? alert.findings : [];
  const more = findings.length - CHANGES + ('more' in alert ? (alert.more ?? 0) : 0);
  return {
    kind: 'cluster',
    ...{ at: alert.at, scope: alert.scope, severity: alert.severity, incident: alert.incident },
    event: alert.kind,
    ...('commit' in alert ? { commit: alert.commit } : {}),
    ...('since' in alert ? { since: alert.since } : {}),
    ...(findings.length === 0 ? {} : { changes: findings.slice(0, CHANGES).map(differenceOf) }),
    ...(more > 0 ? { more } : {}),
    ...reasonOf(alert),
  };
}

function reasonOf(alert: Alert): { readonly reason?: string } {
  if ('reason' in alert) return { reason: alert.reason };
  if ('deployerSays' in alert && alert.deployerSays !== undefined) return { reason: alert.deployerSays };
  return alert.because === undefined ? {} : { reason: alert.because };
}

function differenceOf(given: Finding): Difference {
  const { object, at, verdict, secret, desired, live, attribution } = maskedFinding(given);
  const by = attribution?.by?.name ?? attribution?.likely;
  return {
    place: `${formatReference(object, undefined)}${at === '' ? '' : ` ${at}`}`,
    verdict,
    ...(secret || desired === undefined ? {} : { from: shortJson(desired) }),
    ...(secret || live === undefined ? {} : { to: shortJson(live) }),
    ...(by === undefined ? {} : { by }),
  };
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= VALUE_CHARACTERS ? text : `${text.slice(0, VALUE_CHARACTERS)}…`;
}
