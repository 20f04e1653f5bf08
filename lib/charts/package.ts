import type { FileTree } from '../content/tree.ts';
import type { Reason } from './reasons.ts';

/** What a Chart.yaml says of its chart, as far as delivery needs it. */
export interface ChartMetadata {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: 'v1' | 'v2';
  readonly appVersion?: string;
  readonly description?: string;
}

export type OpenedPackage =
  /** `tree`: the chart's files, paths relative to the chart's folder. */
  | { readonly kind: 'opened'; readonly tree: FileTree; readonly chart: ChartMetadata }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

/**
 * Opens a chart package, hostile until proven otherwise: in memory, within the limits of delivery.md "Opening a
 * package", all reasons together.
 * @param fileName the last segment of the key, `<chart>-<version>.tgz`
 */
export async function openPackage(_bytes: Buffer, _fileName: string): Promise<OpenedPackage> {
  throw new Error('not yet');
}
