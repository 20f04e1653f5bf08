import type { Reason } from '../charts/reasons.ts';
import type { Severity } from '../config/config.ts';
import type { Finding } from '../drift/verdicts.ts';
import { isCritical } from '../incidents/severity.ts';
import { formatReference } from '../objects/objects.ts';
import { formatAuthor } from './by-whom.ts';
import { attributionOf, namesOf, namespaceOf, ownersOf, type Paragraph, paragraphsOf } from './grouping.ts';
import { VERBS } from './headline.ts';
import { oneLine, shortLine } from './plain.ts';
import { shownValue } from './shown-values.ts';
import { formatTime } from './times.ts';

/** One thing of a body's list: it is shown whole, or left out and counted. */
export interface Block {
  readonly text: string;
  /** What it counts as where it is left out. */
  readonly weight: number;
}

/** A value beyond this is read in the report. Bytes of UTF-8. */
const VALUE_BYTES = 1024;
const WORDS_BYTES = 1024;
const EXCERPT_LINES = 20;

/** Findings as paragraphs, numbered: each thing once, however many objects it is in. */
export const findingBlocks = (
  findings: readonly Finding[],
  { scope, severity }: { readonly scope: string; readonly severity: Severity },
): readonly Block[] =>
  paragraphsOf(findings).map((paragraph, index) => ({
    text: paragraphText(paragraph, index, namespaceOf(scope), severity),
    weight: paragraph.findings.length,
  }));

function paragraphText(
  paragraph: Paragraph,
  index: number,
  namespace: string | undefined,
  severity: Severity,
): string {
  const { first, objects, findings } = paragraph;
  const isWhole = first.path.length === 0;
  const grave = severity === 'critical' && findings.some(isCritical) ? ' (critical)' : '';
  const what = objects === 1 ? formatReference(first.object, namespace) : `${objects} x ${first.object.kind}`;
  const hasValues = !isWhole || first.desired !== undefined || first.live !== undefined;
  const like = valuesDiffer(paragraph) ? ' (of the first)' : '';
  const attribution = attributionOf(paragraph);
  const owners = ownersOf(paragraph);
  return [
    shortLine(`${index + 1}. ${what} ${VERBS[first.verdict]}${grave}`, WORDS_BYTES),
    ...(objects === 1 ? [] : [`   ${shortLine(namesOf(paragraph, namespace), WORDS_BYTES)}`]),
    ...(objects > 1 || owners === undefined ? [] : [`   ${shortLine(owners, WORDS_BYTES)}`]),
    ...(isWhole ? [] : [`   ${shortLine(first.at, WORDS_BYTES)}`]),
    ...(first.secret && !isWhole
      ? [`   ${shownValue(first, first.verdict === 'missing' ? 'desired' : 'live')}`]
      : []),
    ...(hasValues && !(first.secret && !isWhole)
      ? [
          `   Git:     ${shortLine(shownValue(first, 'desired'), VALUE_BYTES)}${like}`,
          `   cluster: ${shortLine(shownValue(first, 'live'), VALUE_BYTES)}${like}`,
        ]
      : []),
    ...(paragraph.cause === 'admission' ? ['   rewritten at admission: by a webhook or a policy'] : []),
    ...(attribution === undefined || (paragraph.cause === 'admission' && attribution.by === undefined)
      ? []
      : [`   ${shortLine(authorOf(attribution), WORDS_BYTES)}`]),
    ...(first.note === undefined ? [] : [`   ${shortLine(first.note, WORDS_BYTES)}`]),
    ...(first.rule === undefined
      ? []
      : [`   ${shortLine(`rule ${first.rule.number} of drift.yaml: ${first.rule.reason}`, WORDS_BYTES)}`]),
  ].join('\n');
}

function valuesDiffer({ first, findings }: Paragraph): boolean {
  const values = (finding: Finding): string =>
    `${shownValue(finding, 'desired')}\n${shownValue(finding, 'live')}`;
  return findings.some((finding) => values(finding) !== values(first));
}

function authorOf({ likely, since, by }: NonNullable<Finding['attribution']>): string {
  if (by !== undefined) return `${formatAuthor(by)}, ${by.verb} at ${formatTime(by.at)}`;
  return since === undefined ? likely : `${likely}, ${formatTime(since)} or before`;
}

/** Reasons of one upload, numbered. */
export const reasonBlocks = (reasons: readonly Reason[]): readonly Block[] =>
  reasons.map((reason, index) => ({ text: reasonText(reason, `${index + 1}. `), weight: 1 }));

function reasonText(
  { code, message, place: where, whatToDo: advice, excerpt }: Reason,
  number: string,
): string {
  const file =
    where?.file === undefined ? '' : `${where.file}${where.line === undefined ? '' : `:${where.line}`}`;
  return [
    oneLine(`${number}${message}`),
    ...(file === '' && where?.pointer === undefined
      ? []
      : [`   ${shortLine([file, where?.pointer].filter(Boolean).join(' '), WORDS_BYTES)}`]),
    ...(excerpt === undefined ? [] : linesOf(excerpt).map((line) => `   | ${line}`)),
    `   ${oneLine(advice)}`,
    `   (${code})`,
  ].join('\n');
}

/** Text of several lines, as such: each of them made harmless. */
export const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .slice(0, EXCERPT_LINES)
    .map((line) => shortLine(line, WORDS_BYTES));

/** The first few, one a line, and how many there are more. */
export function listed(texts: readonly string[], shown: number, more = 0): readonly string[] {
  const left = Math.max(0, texts.length - shown) + more;
  return [
    ...texts.slice(0, shown).map((text) => shortLine(text, WORDS_BYTES)),
    ...(left > 0 ? [`and ${left} more`] : []),
  ];
}
