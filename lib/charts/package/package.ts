import type { FileTree } from '../../content/tree.ts';
import { type Reason, reason } from '../reasons.ts';
import { fullBudget, readArchive } from './archive.ts';
import { loadChart } from './chart.ts';
import type { ChartMetadata } from './chart-file.ts';

export type { ChartMetadata } from './chart-file.ts';

export type OpenedPackage =
  /** `tree`: the chart's files, paths relative to the chart's folder. */
  | { readonly kind: 'opened'; readonly tree: FileTree; readonly chart: ChartMetadata }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

/**
 * Opens a chart package, hostile until proven otherwise: in memory, within the limits of delivery.md "Opening a
 * package", all reasons together.
 * @param fileName the last segment of the key, `<chart>-<version>.tgz`
 */
export async function openPackage(bytes: Buffer, fileName: string): Promise<OpenedPackage> {
  const budget = fullBudget();
  const { reasons: against, contents } = await readArchive(bytes, budget);
  if (contents === undefined) return { kind: 'refused', reasons: against };
  const loaded = await loadChart(contents.tree, budget);
  const metadata = loaded.chart?.metadata;
  const identity = metadata === undefined ? [] : checkIdentity(metadata, contents.folder, fileName);
  const reasons = [...against, ...loaded.reasons, ...identity];
  return reasons.length > 0 || metadata === undefined
    ? { kind: 'refused', reasons }
    : { kind: 'opened', tree: contents.tree, chart: metadata };
}

function checkIdentity({ name, version, type }: ChartMetadata, folder: string, fileName: string): Reason[] {
  const place = { file: 'Chart.yaml' };
  const reasons: Reason[] = [];
  if (`${name}-${version}.tgz` !== fileName)
    reasons.push(reason('chart-disagrees-with-name', { chart: `${name} ${version}`, file: fileName }, place));
  if (folder !== name) reasons.push(reason('chart-folder-name', { folder, chart: name }, place));
  if (type === 'library') reasons.push(reason('chart-library', {}, place));
  return reasons;
}
