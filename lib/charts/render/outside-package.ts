import type { Digest, FileEntry, FileTree } from '../../content/tree.ts';
import { formatJson } from '../../objects/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';
import { tooComplex } from '../files/file-checks.ts';
import { limited } from '../files/limited.ts';
import { fullBudget, readArchive } from '../package/archive.ts';
import { type Reason, reason } from '../reasons.ts';
import type { ChartFile, RenderRequest, RenderSubject } from '../render-request.ts';

export type OpenedChart =
  | {
      readonly kind: 'opened';
      readonly tree: FileTree;
      /** Those that are left: a file that is missing and may be is left out. */
      readonly values: readonly (Digest | ChartFile)[];
    }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

const VALUES_FILE = 'values.yaml';

/** The chart as helm is given it; a package from outside is opened here, where there is nothing to be had. */
export async function openedChart(
  { form, chartValues = [], values }: Extract<RenderSubject, { kind: 'release' }>,
  stored: FileTree,
  deployer: RenderRequest['deployer'],
): Promise<OpenedChart> {
  if (form !== 'package') return { kind: 'opened', tree: stored, values };
  const [[, file] = [undefined, undefined]] = stored;
  const { reasons, contents } = await readArchive(file?.data ?? Buffer.alloc(0), fullBudget(), 'outside');
  if (contents === undefined || reasons.length > 0) return { kind: 'refused', reasons };

  const missing = [...chartValues, ...values].flatMap((each) =>
    typeof each !== 'string' && each.ifMissing === 'fail' && !contents.tree.has(each.chartFile)
      ? [reason('chart-values-missing', { path: each.chartFile })]
      : [],
  );
  if (missing.length > 0) return { kind: 'refused', reasons: missing };
  const tree = new Map(contents.tree);
  // Argo CD unpacks and renders a folder, in which helm heeds it; Flux renders the package, in which it does not.
  if (deployer === 'flux') tree.delete('.helmignore');
  const merged = await mergedValues(chartValues, tree);
  if (merged.kind === 'refused') return merged;
  if (merged.values !== undefined) tree.set(VALUES_FILE, merged.values);
  return {
    kind: 'opened',
    tree,
    values: values.filter((each) => typeof each === 'string' || tree.has(each.chartFile)),
  };
}

type Merged =
  | { readonly kind: 'merged'; readonly values?: FileEntry }
  | Extract<OpenedChart, { kind: 'refused' }>;

/** fluxcd/source-controller, internal/helm/chart/builder_remote.go, mergeChartValues. */
async function mergedValues(files: readonly ChartFile[], tree: FileTree): Promise<Merged> {
  if (files.length === 0) return { kind: 'merged' };
  let merged: JsonObject = {};
  for (const { chartFile: file } of files) {
    const data = tree.get(file)?.data;
    if (data === undefined) continue;
    const read = await limited('readValues', { text: data.toString('utf8'), file });
    if (read.kind === 'too-complex') return { kind: 'refused', reasons: [tooComplex(file)] };
    const { values, reasons } = read.result;
    if (!isJsonObject(values)) return { kind: 'refused', reasons };
    merged = laidOver(merged, values);
  }
  return { kind: 'merged', values: { mode: 0o644, data: Buffer.from(formatJson(merged)) } };
}

/** Maps into each other, anything else replaced (fluxcd/pkg/chartutil, MergeMaps). */
function laidOver(into: JsonObject, from: JsonObject): JsonObject {
  const merged = new Map<string, Json>(Object.entries(into));
  for (const [key, value] of Object.entries(from)) {
    const before = merged.get(key);
    merged.set(key, isJsonObject(before) && isJsonObject(value) ? laidOver(before, value) : value);
  }
  return Object.fromEntries(merged);
}
