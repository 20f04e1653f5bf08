import { type Json, type JsonObject, type KubernetesObject, partOf } from '../../objects/objects.ts';
import type { ChartFile, OutsideChart, ValuesFile } from '../declaration.ts';
import { at, list, text } from '../json-reading.ts';
import { treePath } from '../tree-path.ts';
import { type FindDeclared, type FluxHere, placeOfSource } from './sources.ts';

/** Where the chart of a HelmRelease comes from. */
export type FluxChart =
  | { readonly kind: 'in-git'; readonly chart: string; readonly chartValues: readonly ValuesFile[] }
  | { readonly kind: 'outside'; readonly chart: OutsideChart; readonly chartValues: readonly ChartFile[] }
  /** In words for people. */
  | { readonly kind: 'unresolved'; readonly reason: string };

const unresolved = (reason: string): FluxChart => ({ kind: 'unresolved', reason });

/** `chart.spec` or `chartRef` of a HelmRelease (fluxcd/helm-controller, api/v2/helmrelease_types.go). */
export function chartOf(spec: JsonObject, namespace: string, here: FluxHere, find: FindDeclared): FluxChart {
  const reference = at(spec, 'chartRef');
  if (reference === undefined) {
    const template = at(spec, 'chart', 'spec');
    if (template === undefined) return unresolved('the HelmRelease has neither spec.chart nor spec.chartRef');
    return chartIn(template, namespace, here, find, 'spec.chart.spec');
  }
  const kind = text(reference.kind) ?? '';
  const name = text(reference.name) ?? '';
  const place = text(reference.namespace) ?? namespace;
  const object = find(kind, place, name);
  if (object === undefined)
    return unresolved(`the chart comes from ${kind}/${name} in ${place}, which Git does not declare`);
  switch (kind) {
    case 'OCIRepository':
      return { kind: 'outside', chart: ofOciRepository(object, place), chartValues: [] };
    case 'HelmChart':
      return chartIn(partOf(object.spec), place, here, find, `spec of HelmChart/${name}`);
    default:
      return unresolved(`the chart comes from ${kind}/${name}, which Fairlead does not read`);
  }
}

function chartIn(
  template: JsonObject,
  namespace: string,
  here: FluxHere,
  find: FindDeclared,
  field: string,
): FluxChart {
  const source = at(template, 'sourceRef');
  const kind = text(source?.kind) ?? 'source without kind';
  const name = text(source?.name) ?? '';
  const place = text(source?.namespace) ?? namespace;
  const chart = text(template.chart) ?? '';
  const ifMissing = template.ignoreMissingValuesFiles === true ? 'skip' : 'unknown';
  if (kind === 'HelmRepository') {
    const object = find(kind, place, name);
    if (object === undefined)
      return unresolved(
        `the chart comes from HelmRepository/${name} in ${place}, which Git does not declare`,
      );
    const chartValues: ChartFile[] = [];
    for (const file of valuesFilesOf(template)) {
      const path = treePath(text(file) ?? '');
      if (path === undefined || path === '')
        return unresolved(
          `${field}.valuesFiles names "${text(file) ?? ''}", which is no path inside the chart`,
        );
      chartValues.push({ kind: 'chart-file', path, ifMissing });
    }
    const version = text(template.version) ?? '*';
    return { kind: 'outside', chart: ofHelmRepository(object, place, chart, version), chartValues };
  }
  const where = placeOfSource({ kind, namespace: place, name }, here, find);
  if (where.kind === 'elsewhere') return unresolved(`the chart: ${where.reason}`);
  const path = treePath(chart);
  if (path === undefined || path === '')
    return unresolved(`${field}.chart "${chart}" is no path inside the repository`);
  // Relative to the source's root (fluxcd/source-controller, internal/helm/chart/builder_local.go, mergeFileValues).
  const chartValues: ValuesFile[] = [];
  for (const file of valuesFilesOf(template)) {
    const values = treePath(text(file) ?? '');
    if (values === undefined || values === '')
      return unresolved(
        `${field}.valuesFiles names "${text(file) ?? ''}", which is no path inside the repository`,
      );
    chartValues.push({ kind: 'file', path: values, ifMissing });
  }
  return { kind: 'in-git', chart: path, chartValues };
}

/** The beta versions have one more, which goes before the others (api/v1beta2/helmchart_types.go, GetValuesFiles). */
const valuesFilesOf = ({ valuesFile, valuesFiles }: JsonObject): readonly Json[] => [
  ...(text(valuesFile) === undefined ? [] : [text(valuesFile) ?? '']),
  ...list(valuesFiles),
];

/** fluxcd/source-controller, api/v1/helmrepository_types.go. */
function ofHelmRepository(
  { spec }: KubernetesObject,
  namespace: string,
  name: string,
  version: string,
): OutsideChart {
  const { url, type } = partOf(spec);
  const address = (text(url) ?? '').replace(/\/+$/, '');
  const secret = secretOf(partOf(spec), namespace);
  return type === 'oci' || address.startsWith('oci://')
    ? { kind: 'oci', url: `${address}/${name}`, reference: { kind: 'version', version }, ...secret }
    : { kind: 'helm-repository', url: address, name, version, ...secret };
}

/** fluxcd/source-controller, api/v1/ocirepository_types.go: a digest before a range before a tag. */
function ofOciRepository({ spec }: KubernetesObject, namespace: string): OutsideChart {
  const ref = at(partOf(spec), 'ref');
  const [digest, version, tag] = [text(ref?.digest), text(ref?.semver), text(ref?.tag)];
  const reference =
    digest !== undefined
      ? { kind: 'digest' as const, digest }
      : version !== undefined
        ? { kind: 'version' as const, version }
        : { kind: 'tag' as const, tag: tag ?? 'latest' };
  const url = text(partOf(spec).url) ?? '';
  return { kind: 'oci', url, reference, ...secretOf(partOf(spec), namespace) };
}

function secretOf(spec: JsonObject, namespace: string): { readonly secret?: string } {
  const name = text(at(spec, 'secretRef')?.name);
  return name === undefined ? {} : { secret: `${namespace}/${name}` };
}
