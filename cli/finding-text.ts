import { oneLine } from '../lib/alerts/plain.ts';
import { shownValue } from '../lib/alerts/shown-values.ts';
import type { Attribution, Finding } from '../lib/drift/verdicts.ts';

/** Characters of one value: a whole file in a ConfigMap is for `fairlead diff`. */
const VALUE = 300;

/** A finding in lines of plain text: where, what Git has and what the cluster, who likely, what a rule says. */
export function findingText(finding: Finding): readonly string[] {
  const lines = [headOf(finding)];
  if (finding.secret) lines.push('  (a Secret: the value is not shown)');
  else if (finding.at !== '') {
    lines.push(`  Git:     ${cutValue(finding, 'desired')}`, `  cluster: ${cutValue(finding, 'live')}`);
  }
  if (finding.attribution !== undefined) lines.push(`  ${likely(finding.attribution)}`);
  const { rule } = finding;
  if (rule?.severity !== undefined) lines.push(`  ${rule.severity} by drift.yaml: ${oneLine(rule.reason)}`);
  return lines;
}

const headOf = ({ at, verdict, note }: Finding): string => {
  const said = note === undefined ? '' : ` (${oneLine(note)})`;
  return `${at === '' ? '' : `${oneLine(at)}  `}${verdict}${said}`;
};

/** Who likely did it, and when at the latest. */
export const likely = ({ likely: said, since }: Attribution): string =>
  `${oneLine(said)}${since === undefined ? '' : `, at the latest ${oneLine(since)}`}`;

function cutValue(finding: Finding, side: 'desired' | 'live'): string {
  const text = oneLine(shownValue(finding, side));
  return text.length <= VALUE ? text : `${text.slice(0, VALUE)}… (${text.length} characters)`;
}
