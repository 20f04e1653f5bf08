import { stringify } from 'yaml';
import { oneLine } from '../lib/alerts/plain.ts';
import type { RenderedObject } from '../lib/charts/render-request.ts';
import { formatPath } from '../lib/drift/path.ts';
import type { Finding } from '../lib/drift/verdicts.ts';
import { formatReference, identityOf, type KubernetesObject, referenceOf } from '../lib/objects/objects.ts';
import { declaredAndLive } from './declared-and-live.ts';
import { likely } from './finding-text.ts';
import { type DiffLine, diffLines, withContext } from './line-diff.ts';
import { type Paint, plain } from './progress.ts';

/** Lines of one difference, and characters of one line: a whole file in a ConfigMap is not read in a terminal. */
const HUNK_LINES = 120;
const LINE = 300;

/**
 * Findings as a unified diff, an object after the other: `-` is Git, `+` the cluster, what stands around is Git's; above
 * each difference who likely made it. Only findings: what the platform fills in differs in neither.
 * @param inNamespace of the release: not repeated
 */
export function formatDiff(
  findings: readonly Finding[],
  objects: readonly RenderedObject[],
  inNamespace: string | undefined,
  paint: Paint = plain,
): string {
  const declared = new Map(objects.map((each) => [identityOf(referenceOf(each.object)), each]));
  const byObject = new Map<string, Finding[]>();
  for (const finding of findings) {
    const identity = identityOf(finding.object);
    byObject.set(identity, [...(byObject.get(identity) ?? []), finding]);
  }
  return [...byObject]
    .map(([identity, some]) => objectLines(some, declared.get(identity), inNamespace, paint).join('\n'))
    .join('\n\n');
}

function objectLines(
  findings: readonly Finding[],
  rendered: RenderedObject | undefined,
  inNamespace: string | undefined,
  paint: Paint,
): readonly string[] {
  const [first] = findings;
  if (first === undefined) return [];
  const name = oneLine(formatReference(first.object, inNamespace));
  const source = rendered === undefined ? '' : `  (${oneLine(rendered.source)})`;
  const lines = [paint(`--- Git      ${name}${source}`, 'bold'), paint(`+++ cluster  ${name}`, 'bold')];
  // An object that is not declared is shown by what it is called.
  const object: KubernetesObject = rendered?.object ?? {
    apiVersion: first.object.apiVersion,
    kind: first.object.kind,
    metadata: {
      name: first.object.name,
      ...(first.object.namespace === undefined ? {} : { namespace: first.object.namespace }),
    },
  };
  for (const group of together(findings)) lines.push(...groupLines(group, object, paint));
  return lines;
}

/** What one writer did in one place is one difference. */
function together(findings: readonly Finding[]): readonly (readonly Finding[])[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = JSON.stringify([commentsOf(finding), placeOf(finding)]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

const placeOf = ({ path }: Finding): string => formatPath(path.slice(0, -1));

const commentsOf = ({ verdict, note, attribution, path }: Finding): readonly string[] => [
  ...(path.length === 0 ? [WHOLE[verdict]] : []),
  ...(note === undefined ? [] : [oneLine(note)]),
  ...(attribution === undefined ? [] : [likely(attribution)]),
];

const WHOLE: Readonly<Record<Finding['verdict'], string>> = {
  missing: 'declared, and not in the cluster',
  extra: 'in the cluster, and not declared any more',
  changed: 'changed',
  added: 'added',
};

function groupLines(findings: readonly Finding[], object: KubernetesObject, paint: Paint): readonly string[] {
  const [first] = findings;
  if (first === undefined) return [];
  const where = first.path.length === 0 ? 'the whole object' : oneLine(placeOf(first)) || 'top level';
  const lines = [
    ...commentsOf(first).map((line) => paint(`# ${line}`, 'dim')),
    paint(`@@ ${where} @@`, 'yellow'),
  ];
  const hunk = hunkOf(findings, object);
  const shown = hunk.slice(0, HUNK_LINES);
  for (const line of shown) lines.push(line === undefined ? paint('…', 'dim') : painted(line, paint));
  if (hunk.length > shown.length) lines.push(paint(`… ${hunk.length - shown.length} more lines`, 'dim'));
  // What differs has no text: a mark of the object, such as its record of writers.
  if (shown.length === 0) lines.push(...findings.map(({ at, verdict }) => `  ${oneLine(at)}  ${verdict}`));
  return lines;
}

function hunkOf(findings: readonly Finding[], object: KubernetesObject): readonly (DiffLine | undefined)[] {
  const [{ verdict } = { verdict: undefined }] = findings;
  const isWhole = findings.some(({ path }) => path.length === 0);
  const { declared, live } = declaredAndLive(object, isWhole ? [] : findings);
  if (isWhole && verdict !== 'missing' && verdict !== 'extra') return [];
  const from = isWhole && verdict === 'extra' ? [] : yamlLines(declared);
  const to = isWhole && verdict === 'missing' ? [] : yamlLines(live);
  return withContext(diffLines(from, to));
}

/** Texts of several lines as such, so that a changed line of a file in a ConfigMap is one changed line. */
const yamlLines = (value: unknown): readonly string[] =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd().split('\n');

const MARKS = { same: ' ', gone: '-', new: '+' } as const;

function painted({ kind, text }: DiffLine, paint: Paint): string {
  const line = oneLine(text);
  const cut = line.length <= LINE ? line : `${line.slice(0, LINE)}… (${line.length} characters)`;
  const marked = `${MARKS[kind]} ${cut}`;
  switch (kind) {
    case 'same':
      return marked;
    case 'gone':
      return paint(marked, 'red');
    case 'new':
      return paint(marked, 'green');
  }
}
