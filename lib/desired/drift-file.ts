import { isMap, isScalar, isSeq, type Node, Scalar } from 'yaml';
import { type DriftRule, type DriftRules, RULE_LIMITS, type RuleProblem } from '../drift/rules/rule.ts';
import { fieldOf, type RuleFields, SELECTORS } from '../drift/rules/rule-fields.ts';
import { readSyntax } from '../objects/yaml-syntax.ts';

/**
 * `drift.yaml` as text → its rules, and all that is wrong with it, each with line and key. A rule with something wrong
 * in it is left out: it silences nothing, and the others hold. Every value is the text that is written, so that no
 * reading of YAML (`on`, `0644`, a date) changes what it means.
 */
export function readRules(text: string): DriftRules {
  if (Buffer.byteLength(text) > RULE_LIMITS.file)
    return broken(1, `the file has more than ${RULE_LIMITS.file / 1024} KiB, and none of its rules holds`);
  const { documents, lineAt, refused } = readSyntax(text);
  if (refused !== undefined) return broken(lineAt(refused.at), refused.message);
  const reading = new Reading(lineAt);
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined)
      return broken(lineAt(error.pos[0]), `no YAML: ${error.message.split('\n')[0] ?? error.message}`);
  }
  const [document, second] = documents.filter(({ contents }) => !isNothing(contents));
  if (document === undefined) return { rules: [], problems: [] };
  if (second !== undefined)
    reading.problem(second.contents, '(the whole)', 'one document a file: what follows "---" does nothing');
  reading.file(document.contents);
  return { rules: reading.rules, problems: reading.problems.slice(0, RULE_LIMITS.problems) };
}

const broken = (line: number, message: string): DriftRules => ({
  rules: [],
  problems: [{ line, key: '(the whole)', message }],
});

const isNothing = (node: unknown): boolean =>
  node === null || node === undefined || (isScalar(node) && (node.source ?? '') === '');

class Reading {
  readonly rules: DriftRule[] = [];
  readonly problems: RuleProblem[] = [];
  readonly #lineAt: (offset: number | undefined) => number;

  constructor(lineAt: (offset: number | undefined) => number) {
    this.#lineAt = lineAt;
  }

  problem(node: unknown, key: string, message: string): void {
    this.problems.push({ line: this.#lineOf(node), key, message });
  }

  file(contents: unknown): void {
    const entries = this.#entries(contents, '');
    if (entries === undefined) return;
    for (const [key, { node, keyNode }] of entries) {
      if (key !== 'rules')
        this.problem(keyNode, key, 'is unknown here: the file has "rules" and nothing else');
      else if (isSeq(node)) this.#all(node.items);
      else if (!isNothing(node)) this.problem(node, 'rules', 'is a list of rules, each beginning with "- "');
    }
  }

  #all(items: readonly unknown[]): void {
    const most = RULE_LIMITS.rules;
    if (items.length > most)
      this.problem(items[most], `rules[${most}]`, `a file has at most ${most} rules: the first ${most} hold`);
    for (const [index, item] of items.slice(0, most).entries()) {
      const before = this.problems.length;
      const rule = this.#rule(item, index);
      if (rule !== undefined && this.problems.length === before) this.rules.push(rule);
    }
  }

  #rule(item: unknown, index: number): DriftRule | undefined {
    const where = `rules[${index}]`;
    const entries = this.#entries(item, where);
    if (entries === undefined) return undefined;
    const fields: RuleFields = {};
    for (const [key, { node, keyNode }] of entries) {
      const value = this.#text(node, keyNode, `${where}.${key}`);
      if (value === undefined) continue;
      const wrong = fieldOf(fields, key, value);
      if (wrong !== undefined)
        this.problem(wrong.at === 'key' ? keyNode : node, `${where}.${key}`, wrong.message);
    }
    if (!entries.has('reason'))
      this.problem(item, `${where}.reason`, 'is missing: say why, for whoever reads this next');
    if (!SELECTORS.some((name) => entries.has(name)))
      this.problem(item, where, `selects everything: name at least one of ${SELECTORS.join(', ')}`);
    const { reason } = fields;
    return reason === undefined
      ? undefined
      : { number: index + 1, line: this.#lineOf(item), ...fields, reason };
  }

  /** The plain text of a value, as it is written. */
  #text(node: unknown, keyNode: unknown, key: string): string | undefined {
    if (isNothing(node) && !(isScalar(node) && node.type !== Scalar.PLAIN)) {
      this.problem(keyNode, key, 'has no value');
      return undefined;
    }
    if (!isScalar(node) || node.tag !== undefined || node.anchor !== undefined) {
      this.problem(node, key, 'is plain text, without lists, anchors, aliases or tags');
      return undefined;
    }
    const text = node.source ?? String(node.value);
    if (text.length <= Math.max(RULE_LIMITS.value, key.endsWith('.path') ? RULE_LIMITS.path : 0)) return text;
    this.problem(node, key, `is too long: at most ${RULE_LIMITS.value} characters`);
    return undefined;
  }

  #entries(node: unknown, where: string): ReadonlyMap<string, Entry> | undefined {
    if (!isMap(node)) {
      const what =
        where === '' ? 'the file holds "rules:" and below it a list' : 'a rule has keys and values';
      this.problem(node, where || '(the whole)', what);
      return undefined;
    }
    const entries = new Map<string, Entry>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? (key.source ?? String(key.value)) : '';
      const at = where === '' ? name : `${where}.${name}`;
      if (entries.has(name)) this.problem(key, at, 'stands here twice');
      entries.set(name, { node: value, keyNode: key });
    }
    return entries;
  }

  #lineOf(node: unknown): number {
    return this.#lineAt((node as Node | null)?.range?.[0]);
  }
}

interface Entry {
  readonly node: unknown;
  readonly keyNode: unknown;
}
