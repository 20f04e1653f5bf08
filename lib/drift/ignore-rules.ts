import {
  groupOf,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  partOf,
} from '../objects/objects.ts';

/** What the deployer was told to leave alone: a difference there is a note. Only what Git declares counts. */
export interface IgnoreRule {
  /** Absent: any. `*` and `.*` match anything; other patterns are compared as they are. */
  readonly group?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  /** JSON pointers; the empty one is the whole object. */
  readonly pointers: readonly string[];
  /** Differences that one of these field managers owns. */
  readonly managers: readonly string[];
  readonly why: string;
}

const FLUX = 'HelmRelease.spec.driftDetection.ignore';
const ARGO = 'Application.spec.ignoreDifferences';

/** The rules of the HelmRelease and the Application that deploy a release, among what Git declares. */
export function ignoreRules(
  declared: Iterable<KubernetesObject>,
  release: { readonly namespace: string; readonly name: string },
): readonly IgnoreRule[] {
  const rules: IgnoreRule[] = [];
  for (const { apiVersion, kind, metadata, spec } of declared) {
    if (!isJsonObject(spec)) continue;
    if (kind === 'HelmRelease' && groupOf(apiVersion) === 'helm.toolkit.fluxcd.io') {
      const name = spec.releaseName ?? metadata.name;
      const namespace = spec.targetNamespace ?? metadata.namespace;
      if (name !== release.name || namespace !== release.namespace) continue;
      rules.push(...list(partOf(spec.driftDetection).ignore).map(fromFlux));
    }
    if (kind === 'Application' && groupOf(apiVersion) === 'argoproj.io') {
      const name = partOf(partOf(spec.source).helm).releaseName ?? metadata.name;
      if (name !== release.name || partOf(spec.destination).namespace !== release.namespace) continue;
      rules.push(...list(spec.ignoreDifferences).map(fromArgo));
    }
  }
  return rules;
}

const fromFlux = (rule: JsonObject): IgnoreRule => ({
  ...selection(partOf(rule.target)),
  pointers: strings(rule.paths),
  managers: [],
  why: FLUX,
});

const fromArgo = (rule: JsonObject): IgnoreRule => ({
  ...selection(rule),
  pointers: [...strings(rule.jsonPointers), ...strings(rule.jqPathExpressions).flatMap(pointerOfJq)],
  managers: strings(rule.managedFieldsManagers),
  why: ARGO,
});

/** A plain path (`.spec.replicas`); what selects or computes is not understood, and ignores nothing. */
const pointerOfJq = (expression: string): string[] =>
  /^(\.[A-Za-z_]\w*)+$/.test(expression) ? [expression.replaceAll('.', '/')] : [];

/** Annotations (or, for Flux's drift detection, labels) by which an object in Git asks to be left alone. */
const OPT_OUTS: readonly (readonly [name: string, values: readonly string[]])[] = [
  ['helm.toolkit.fluxcd.io/driftDetection', ['disabled']],
  ['kustomize.toolkit.fluxcd.io/reconcile', ['disabled']],
  ['kustomize.toolkit.fluxcd.io/ssa', ['Ignore', 'IfNotPresent']],
];

/** Why the deployer leaves this object alone, or undefined. */
export function optOutOf({ metadata }: KubernetesObject): string | undefined {
  for (const [name, values] of OPT_OUTS) {
    const value = metadata.annotations?.[name] ?? metadata.labels?.[name];
    if (value !== undefined && values.includes(value)) return `left alone, as Git asks: ${name}: ${value}`;
  }
  return undefined;
}

/** The rules that concern an object. */
export const rulesFor = (rules: readonly IgnoreRule[], { apiVersion, kind, metadata }: KubernetesObject) =>
  rules.filter(
    (rule) =>
      isSelected(rule.group, groupOf(apiVersion)) &&
      isSelected(rule.kind, kind) &&
      isSelected(rule.name, metadata.name) &&
      isSelected(rule.namespace, metadata.namespace ?? ''),
  );

/** Why a difference at `pointer` is ignored, or undefined. */
export function ignoredBy(
  rules: readonly IgnoreRule[],
  pointer: string,
  managers: readonly string[],
): string | undefined {
  const covers = (rule: IgnoreRule) =>
    rule.pointers.some((place) => place === '' || pointer === place || pointer.startsWith(`${place}/`)) ||
    managers.some((manager) => rule.managers.includes(manager));
  const rule = rules.find(covers);
  return rule === undefined ? undefined : `${pointer} is ignored, as ${rule.why} says`;
}

const isSelected = (wanted: string | undefined, value: string): boolean =>
  wanted === undefined || wanted === '*' || wanted === '.*' || wanted === value;

function selection(from: JsonObject): Pick<IgnoreRule, 'group' | 'kind' | 'name' | 'namespace'> {
  const chosen: Record<string, string> = {};
  for (const field of ['group', 'kind', 'name', 'namespace']) {
    const value = from[field];
    if (typeof value === 'string' && value !== '') chosen[field] = value;
  }
  return chosen;
}

const list = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];
const strings = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
