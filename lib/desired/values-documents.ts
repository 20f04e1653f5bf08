import type { ObjectStore } from '../aws/objects.ts';
import type { ChartFile as FileInChart } from '../charts/render-request.ts';
import { getTree, keepTree, putTree, type TreeStore } from '../content/store.ts';
import { type Digest, type FileTree, treeOfFile } from '../content/tree.ts';
import { holdsPlaceholder, withOtherPlaceholder } from '../kustomize/placeholders.ts';
import { formatJson } from '../objects/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../objects/objects.ts';
import { parseYamlDocuments } from '../objects/yaml.ts';
import type { CommitReader } from './commit-reader.ts';
import type { ChartFile, ValuesFile, ValuesSource } from './declaration.ts';
import { readFolder } from './git-trees.ts';

/** How values documents are named in the content store. */
const VALUES_FILE = 'values.yaml';

export type Resolved<Result> =
  | { readonly kind: 'resolved'; readonly result: Result }
  | { readonly kind: 'unresolved'; readonly reason: string };

export interface StoredValues {
  readonly values: readonly (Digest | FileInChart)[];
  /** With other placeholders for what is never read; absent where there are none. No deployer that has any takes files of a chart. */
  readonly others?: readonly Digest[];
}

/** The values documents in the content store, in helm's order, and those that lie in the chart. */
export async function storeValues(
  sources: readonly ValuesSource[],
  clone: CommitReader,
  commit: string,
  content: TreeStore,
): Promise<Resolved<StoredValues>> {
  const values: (Digest | FileInChart)[] = [];
  const others: Digest[] = [];
  const store = (text: string) => keepTree(content, treeOfFile(VALUES_FILE, Buffer.from(text)));
  let isSecretive = false;
  for (const source of sources) {
    if (source.kind === 'chart-file') {
      values.push(fileInChart(source));
      continue;
    }
    const text = await textOf(source, clone, commit);
    if (text.kind === 'unresolved') return text;
    if (text.result === undefined) continue;
    const stored = await store(text.result);
    const holds = holdsPlaceholder(text.result);
    isSecretive ||= holds;
    values.push(stored);
    others.push(holds ? await store(withOtherPlaceholder(text.result)) : stored);
  }
  return { kind: 'resolved', result: { values, ...(isSecretive ? { others } : {}) } };
}

/**
 * The chart with its values.yaml replaced by the merged files, as source-controller packages a chart with valuesFiles
 * (fluxcd/source-controller, internal/helm/chart/builder.go, OverwriteChartDefaultValues).
 */
export async function withChartValues(
  chart: Digest,
  files: readonly ValuesFile[],
  clone: CommitReader,
  commit: string,
  content: ObjectStore,
): Promise<Resolved<Digest>> {
  if (files.length === 0) return { kind: 'resolved', result: chart };
  let merged: JsonObject = {};
  for (const file of files) {
    const text = await textOf(file, clone, commit);
    if (text.kind === 'unresolved') return text;
    if (text.result === undefined) continue;
    const parsed = parseYamlDocuments(text.result, 'kubernetes');
    if (parsed.kind === 'invalid') {
      return {
        kind: 'unresolved',
        reason: `${file.path}:${parsed.line} cannot be read as YAML: ${parsed.message}`,
      };
    }
    const value = parsed.documents[0]?.value ?? {};
    if (!isJsonObject(value)) return { kind: 'unresolved', reason: `${file.path} is no mapping of values` };
    merged = mergeValues(merged, value);
  }
  const tree: FileTree = new Map([
    ...(await getTree(content, chart)),
    [VALUES_FILE, { mode: 0o644, data: Buffer.from(formatJson(merged)) }],
  ]);
  return { kind: 'resolved', result: await putTree(content, tree) };
}

/** As rendering is asked for it: the chart is not opened here. */
export const fileInChart = ({ path, ifMissing }: ChartFile): FileInChart => ({
  chartFile: path,
  ifMissing: ifMissing === 'skip' ? 'skip' : 'fail',
});

/** The document, undefined where it is missing and may be. */
async function textOf(
  source: Exclude<ValuesSource, ChartFile>,
  clone: CommitReader,
  commit: string,
): Promise<Resolved<string | undefined>> {
  switch (source.kind) {
    case 'text':
      return { kind: 'resolved', result: source.text };
    case 'inline':
      // JSON is YAML, and keeps integers and strings apart.
      return { kind: 'resolved', result: formatJson(source.values) };
    case 'file': {
      const text = await readFile(source.path, clone, commit);
      return text === undefined && source.ifMissing === 'unknown'
        ? { kind: 'unresolved', reason: `${source.path} is not in the commit` }
        : { kind: 'resolved', result: text };
    }
  }
}

/** A file of the commit as text, undefined if there is none (or it is none: a link). */
export async function readFile(
  path: string,
  clone: CommitReader,
  commit: string,
): Promise<string | undefined> {
  const slash = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
  const reading = await readFolder(clone, commit, folder, (found) => found === name);
  return reading.kind === 'read' ? reading.files.get(name)?.data.toString('utf8') : undefined;
}

/** Maps into each other, anything else replaced (fluxcd/pkg/chartutil, MergeMaps). */
export function mergeValues(into: JsonObject, from: JsonObject): JsonObject {
  const merged = new Map<string, Json>(Object.entries(into));
  for (const [key, value] of Object.entries(from)) {
    const before = merged.get(key);
    merged.set(key, isJsonObject(before) && isJsonObject(value) ? mergeValues(before, value) : value);
  }
  return Object.fromEntries(merged);
}
