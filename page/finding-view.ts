import { stringify } from 'yaml';
import { oneLine } from '../lib/alerts/plain.ts';
import { formatTime } from '../lib/alerts/times.ts';
import { maskedFinding } from '../lib/drift/masked-finding.ts';
import type { Attribution, Finding } from '../lib/drift/verdicts.ts';
import { formatReference, type Json } from '../lib/objects/objects.ts';
import type { FindingView } from './state.ts';

/** Lines of one value: a whole file in a ConfigMap is for `npx fairlead diff`. */
const LINES = 60;
const LINE = 400;

/**
 * One difference as two texts beside each other, without what people may not see. What does not print is written as
 * its escape: the page shows text as text, but a character that turns its direction would still lie.
 */
export function findingView(finding: Finding, inNamespace: string | undefined): FindingView {
  const { verdict, object, at, secret, path } = finding;
  const base = {
    verdict,
    object: oneLine(formatReference(object, inNamespace)),
    at: oneLine(at),
    notes: notesOf(finding),
  };
  if (path.length === 0 && finding.desired === undefined && finding.live === undefined)
    return { ...base, values: 'whole-object' };
  if (secret) return { ...base, values: 'hidden' };
  const { desired, live } = maskedFinding(finding);
  return {
    ...base,
    values: 'shown',
    ...(desired === undefined || verdict === 'added' ? {} : { desired: textOf(desired) }),
    ...(live === undefined ? {} : { live: textOf(live) }),
  };
}

/** Texts as they are, and what could be taken for something else in quotes; what has parts as YAML. */
function textOf(value: Json): string {
  const whole =
    typeof value === 'string' && value.includes('\n')
      ? value.replace(/\n$/, '')
      : stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
  const lines = whole.split('\n');
  const shown = lines.slice(0, LINES).map((line) => cut(oneLine(line)));
  return [...shown, ...(lines.length > LINES ? [`… ${lines.length - LINES} more lines`] : [])].join('\n');
}

const cut = (line: string): string =>
  line.length <= LINE ? line : `${line.slice(0, LINE)}… (${line.length} characters)`;

function notesOf({ attribution, note, rule }: Finding): readonly string[] {
  const notes = [
    ...(attribution === undefined ? [] : [whoOf(attribution)]),
    ...(note === undefined ? [] : [note]),
    ...(rule === undefined ? [] : [`rule ${rule.number} of drift.yaml: ${rule.reason}`]),
  ];
  return notes.map(oneLine);
}

/** A person's name only where the audit log gives it. */
function whoOf({ likely, by, since }: Attribution): string {
  if (by !== undefined) {
    const as = by.actingAs === undefined ? '' : ` as ${by.actingAs}`;
    return `by ${by.name}${as}${by.agent === undefined ? '' : ` with ${by.agent}`}, ${formatTime(by.at)}`;
  }
  return `${likely}${since === undefined ? '' : `, at the latest ${formatTime(since)}`}`;
}
