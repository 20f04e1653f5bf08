import { isAlias, isMap, isScalar, isSeq, type Node, Scalar, visit } from 'yaml';
import { resolveKey } from '../../objects/yaml-scalars.ts';
import { readSyntax } from '../../objects/yaml-syntax.ts';
import { type Reason, reason } from '../reasons.ts';

/** Aliases (`*name`) in one file. */
const ALIASES = 200;
/** Values that a file may come to when its aliases are followed. */
const EXPANDED = 200_000;
/** Reasons of one file: more help nobody. */
const REASONS_SHOWN = 20;

/** Tags that mean the same to every reader. */
const PLAIN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

/** What only the syntax tree shows: duplicate keys, tags, too many aliases. Invalid YAML gives none of them. */
export function checkYamlStructure(text: string, file: string): Reason[] {
  const { documents, lineAt } = readSyntax(text);
  if (documents.some(({ errors }) => errors.length > 0)) return [];
  const reasons: Reason[] = [];
  const placeOf = (node: unknown) => ({
    file,
    line: lineAt((node as Node).range?.[0]),
  });
  let aliases = 0;
  for (const document of documents) {
    const anchors = new Map<string, number>();
    if (expandedSize(document.contents, anchors) > EXPANDED && anchors.size > 0)
      reasons.push(reason('yaml-aliases-multiply', { limit: EXPANDED }, placeOf(document.contents ?? {})));
    visit(document, (_key, node) => {
      if (reasons.length >= REASONS_SHOWN) return visit.BREAK;
      if (isAlias(node) && ++aliases === ALIASES + 1)
        reasons.push(reason('yaml-aliases', { limit: ALIASES }, placeOf(node)));
      const tag = (node as { tag?: string } | null)?.tag;
      if (!isAlias(node) && tag !== undefined && !PLAIN_TAGS.has(tag) && tag !== '!')
        reasons.push(
          reason(
            'yaml-ambiguous',
            { what: `the tag ${tag.replace('tag:yaml.org,2002:', '!!')}` },
            placeOf(node),
          ),
        );
      if (isMap(node)) {
        const seen = new Set<string>();
        for (const { key } of node.items) {
          // As each of the two readers spells the key: `y` and `true` are one key to one of them.
          const spellings = spellingsOf(key);
          const twice = spellings.find((spelling) => seen.has(spelling));
          if (twice !== undefined)
            reasons.push(reason('yaml-duplicate-key', { key: twice }, placeOf(key ?? node)));
          for (const spelling of spellings) seen.add(spelling);
        }
      }
      return undefined;
    });
  }
  return reasons.slice(0, REASONS_SHOWN);
}

/** Values of a node when its aliases are followed, counted without following them: an anchor stands before its aliases. */
function expandedSize(node: unknown, anchors: Map<string, number>): number {
  if (isAlias(node)) return anchors.get(node.source) ?? 1;
  let size = 1;
  if (isMap(node))
    for (const { key, value } of node.items)
      size += expandedSize(key, anchors) + expandedSize(value, anchors);
  else if (isSeq(node)) for (const item of node.items) size += expandedSize(item, anchors);
  const { anchor } = (node ?? {}) as { anchor?: string };
  // An alias inside its own anchor is refused when it is read.
  if (anchor !== undefined) anchors.set(anchor, size);
  return size;
}

/** Files of which nothing more is read: following their aliases is the attack. */
export const isMultiplied = (reasons: readonly Reason[]): boolean =>
  reasons.some(({ code }) => code === 'yaml-aliases-multiply');

function spellingsOf(key: unknown): string[] {
  if (!isScalar(key)) return [];
  const text = String(key.value ?? '');
  if (key.type !== Scalar.PLAIN || key.tag !== undefined) return [text];
  try {
    // kustomize takes a key as it is written, or not at all.
    return [...new Set([resolveKey(text, 'kubernetes'), text])];
  } catch {
    return [text];
  }
}
