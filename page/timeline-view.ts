import type { Alert } from '../lib/alerts/alert.ts';
import { reportCommand } from '../lib/alerts/commands.ts';
import { namespaceOf } from '../lib/alerts/grouping.ts';
import { headlineOf } from '../lib/alerts/headline.ts';
import { oneLine } from '../lib/alerts/plain.ts';
import type { Timeline, TimelineEntry } from '../lib/alerts/timeline.ts';
import { remediesOf } from '../lib/alerts/what-to-do.ts';
import type { Finding } from '../lib/drift/verdicts.ts';
import { findingView } from './finding-view.ts';
import type { AlertView, MemberView, TimelineView } from './state.ts';

/** Alerts of one incident that the page shows; somebody who keeps editing makes many. */
export const ALERTS_SHOWN = 50;
/** Findings of one alert. */
const FINDINGS = 200;

/** The newest first: what is now goes before how it came. */
export function timelineView(key: string, { entries, older }: Timeline): TimelineView {
  const alerts = entries
    .toReversed()
    .map((entry, index) => alertView(entry, index === 0 ? 'newest' : 'older'));
  const newest = entries.at(-1);
  const command = newest && reportCommand(newest.alert);
  return {
    key,
    ...(command === undefined ? {} : { command }),
    alerts,
    ...(older === 0 ? {} : { older }),
  };
}

/** What can be done is said of how things are now alone. */
function alertView({ alert, told }: TimelineEntry, age: 'newest' | 'older'): AlertView {
  const all = 'findings' in alert ? alert.findings : [];
  const findings = all.slice(0, FINDINGS);
  const view = (finding: Finding) => {
    const { notes, ...rest } = findingView(finding, namespaceOf(alert.scope));
    const { scope } = finding;
    return { ...rest, notes: scope === undefined ? notes : [`of ${oneLine(scope)}`, ...notes] };
  };
  const members = membersOf(alert);
  const says = saysOf(alert);
  return {
    sequence: alert.sequence,
    at: alert.at,
    kind: alert.kind,
    severity: alert.severity,
    headline: oneLine(headlineOf(alert)),
    told,
    ...(alert.quiet === undefined
      ? {}
      : { quiet: { until: alert.quiet.until, reason: oneLine(alert.quiet.reason) } }),
    ...(says === undefined ? {} : { says: linesOf(says) }),
    ...('rule' in alert && alert.rule !== undefined ? { rule: linesOf(alert.rule) } : {}),
    unready: 'unready' in alert ? alert.unready.map(oneLine) : [],
    members,
    moreMembers: 'left' in alert ? Math.max(0, (alert.left ?? 0) - members.length) : 0,
    findings: findings.map(view),
    more: all.length - findings.length + ('findings' in alert ? (alert.more ?? 0) : 0),
    ...(alert.kind === 'drift-changed' ? { fresh: alert.fresh } : {}),
    gone: alert.kind === 'drift-changed' ? alert.gone.slice(0, FINDINGS).map(view) : [],
    ...('commit' in alert && alert.commit !== '' ? { commit: alert.commit } : {}),
    ...('chart' in alert && alert.chart !== undefined
      ? { chart: oneLine(`${alert.chart.name} ${alert.chart.version}`) }
      : {}),
    remedies:
      age === 'newest'
        ? remediesOf(alert).map(({ title, text, commands, paste = [] }) => ({ title, text, commands, paste }))
        : [],
  };
}

const linesOf = (text: string): string => text.split('\n').map(oneLine).join('\n');

function saysOf(alert: Alert): string | undefined {
  if ('deployerSays' in alert && alert.deployerSays !== undefined) return alert.deployerSays;
  if ('reason' in alert) return alert.reason;
  return 'reasons' in alert ? alert.reasons.map(({ message }) => message).join('\n') : undefined;
}

function membersOf(alert: Alert): readonly MemberView[] {
  if (!('members' in alert) || alert.members === undefined) return [];
  return alert.members.map((member) =>
    typeof member === 'string'
      ? { scope: oneLine(member) }
      : { scope: oneLine(member.scope), findings: member.findings, severity: member.severity },
  );
}
