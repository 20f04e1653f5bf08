import { Document, isMap, isSeq, parseDocument, YAMLSeq } from 'yaml';
import type { WrittenRule } from '../drift/rules/baseline.ts';

const HEAD = ` What drift checks of this target leave alone (fairlead: docs/drift.md). Each rule has a reason and should expire.`;

/**
 * The text of `drift.yaml` with rules added at its end: what people wrote, comments included, stays as it is written.
 * @param before the file as it is, read without a problem by `readRules`; empty for a new one
 */
export function withRules(before: string, added: readonly WrittenRule[]): string {
  const document: Document = parseDocument(before, { schema: 'failsafe', keepSourceTokens: true });
  if (document.contents === null || !isMap(document.contents)) {
    document.contents = document.createNode({ rules: [] }) as typeof document.contents;
    document.commentBefore ??= HEAD;
  }
  const known = document.get('rules');
  const rules = isSeq(known) ? known : new YAMLSeq();
  if (rules !== known) document.set('rules', rules);
  // `[]` grows into a list of lines.
  rules.flow = false;
  for (const rule of added) rules.add(document.createNode(Object.fromEntries(rule)));
  return document.toString({ lineWidth: 0 });
}

/** Rules as entries of `rules`, ready to paste. */
export const rulesText = (rules: readonly WrittenRule[]): string =>
  new Document(rules.map((rule) => Object.fromEntries(rule))).toString({ lineWidth: 0 });
