import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from '../objects/objects.ts';
import { FLUX_NAMES } from '../repository/layout.ts';
import {
  type ReleaseDeclaration,
  type ReleaseSource,
  unresolved,
  type ValuesFile,
  type ValuesSource,
} from './declaration.ts';
import { at, isEmpty, list, text } from './json-reading.ts';
import { treePath } from './tree-path.ts';

/** Finds a ConfigMap that the same commit declares. */
export type FindConfigMap = (namespace: string, name: string) => KubernetesObject | undefined;

export const isHelmRelease = ({ apiVersion, kind }: KubernetesObject): boolean =>
  kind === 'HelmRelease' && apiVersion.startsWith('helm.toolkit.fluxcd.io/');

/**
 * A Flux HelmRelease, read as helm-controller reads it (fluxcd/helm-controller, api/v2/helmrelease_types.go; names:
 * GetReleaseName and GetReleaseNamespace; values: `valuesFrom` in order, then `values`).
 */
export function readHelmRelease(object: KubernetesObject, findConfigMap: FindConfigMap): ReleaseDeclaration {
  const spec = isJsonObject(object.spec) ? object.spec : {};
  const own = object.metadata.namespace ?? 'default';
  const targetNamespace = text(spec.targetNamespace);
  const prefix = targetNamespace === undefined ? '' : `${targetNamespace}-`;
  return {
    namespace: targetNamespace ?? own,
    name: text(spec.releaseName) ?? `${prefix}${object.metadata.name}`,
    deployedBy: object,
    suspended: spec.suspend === true,
    source: sourceOf(spec, own, findConfigMap),
  };
}

/** GitRepositories that are this one: the target's own, and the one that `flux bootstrap` makes. */
const OWN_SOURCES: readonly string[] = [FLUX_NAMES.gitRepository, 'flux-system'];

/** What shapes the objects in ways that are not rendered here yet. */
const NOT_RENDERED = ['postRenderers', 'commonMetadata', 'kubeConfig', 'chartRef'] as const;

function sourceOf(spec: JsonObject, namespace: string, findConfigMap: FindConfigMap): ReleaseSource {
  const shaping = NOT_RENDERED.find((name) => spec[name] !== undefined && !isEmpty(spec[name]));
  if (shaping !== undefined)
    return unresolved(`the HelmRelease has spec.${shaping}, which Fairlead does not render`);
  const chart = at(spec, 'chart', 'spec');
  const kind = text(at(chart, 'sourceRef')?.kind);
  if (kind !== 'GitRepository') {
    return unresolved(
      `the chart comes from a ${kind ?? 'source that is not named'}, not from this repository`,
    );
  }
  const source = text(at(chart, 'sourceRef')?.name) ?? '';
  if (!OWN_SOURCES.includes(source)) {
    return unresolved(`the chart comes from GitRepository/${source}, which need not be this repository`);
  }
  const path = treePath(text(chart?.chart) ?? '');
  if (path === undefined || path === '') {
    return unresolved(`spec.chart.spec.chart "${text(chart?.chart) ?? ''}" is no path inside the repository`);
  }
  const chartValues = valuesFilesOf(chart);
  if (!Array.isArray(chartValues)) return unresolved(chartValues);
  const values: ValuesSource[] = [];
  for (const [index, reference] of list(spec.valuesFrom).entries()) {
    const found = valuesFrom(reference, namespace, findConfigMap);
    if (typeof found === 'string') return unresolved(`spec.valuesFrom[${index}]: ${found}`);
    values.push(...found);
  }
  if (isJsonObject(spec.values)) values.push({ kind: 'inline', values: spec.values });
  return { kind: 'in-git', chart: path, chartValues, values };
}

/** Relative to the source's root (fluxcd/source-controller, internal/helm/chart/builder_local.go, mergeFileValues). */
function valuesFilesOf(chart: JsonObject | undefined): ValuesFile[] | string {
  const ifMissing = chart?.ignoreMissingValuesFiles === true ? 'skip' : 'unknown';
  const files: ValuesFile[] = [];
  for (const file of list(chart?.valuesFiles)) {
    const path = treePath(text(file) ?? '');
    if (path === undefined || path === '')
      return `spec.chart.spec.valuesFiles names "${text(file) ?? ''}", which is no path inside the repository`;
    files.push({ kind: 'file', path, ifMissing });
  }
  return files;
}

/** The values, none for an optional reference to nothing, or why they cannot be told. */
function valuesFrom(
  reference: Json,
  namespace: string,
  findConfigMap: FindConfigMap,
): ValuesSource[] | string {
  if (!isJsonObject(reference)) return 'is no reference';
  const kind = text(reference.kind);
  const name = text(reference.name) ?? '';
  if (kind !== 'ConfigMap') return `${kind ?? 'a reference without kind'}/${name} is in the cluster only`;
  if (text(reference.targetPath) !== undefined)
    return `ConfigMap/${name} goes to a targetPath, which Fairlead does not render`;
  const map = findConfigMap(namespace, name);
  if (map === undefined) return `ConfigMap/${name} in ${namespace} is not declared below apply/`;
  const key = text(reference.valuesKey) ?? 'values.yaml';
  const value = isJsonObject(map.data) ? map.data[key] : undefined;
  if (typeof value === 'string') return [{ kind: 'text', text: value }];
  return reference.optional === true ? [] : `ConfigMap/${name} has no key "${key}"`;
}
