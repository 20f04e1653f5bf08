import { RE2JS } from 're2js';
import { groupOf, type Json, type JsonObject, type KubernetesObject, partOf } from '../../objects/objects.ts';
import { type DeployerRule, listOf, stringsOf } from './deployer-rule.ts';
import { parseLabelSelector } from './label-selector.ts';
import { reachOfPointer } from './reach.ts';

/** A longer pattern selects nothing that a short one could not. */
const PATTERN = 512;

/**
 * `HelmRelease.spec.driftDetection.ignore` (fluxcd/helm-controller, api/v2/helmrelease_types.go, IgnoreRule) and
 * `Kustomization.spec.ignore` (fluxcd/kustomize-controller since 1.9, api/v1/kustomization_types.go, IgnoreRule):
 * paths as JSON pointers, the empty one for the whole object, and a target.
 */
export const fluxRules = (rules: Json | undefined, from: string): readonly DeployerRule[] =>
  listOf(rules).map((rule, index) => fluxRule(rule, `${from}[${index}]`));

function fluxRule(rule: JsonObject, from: string): DeployerRule {
  const unread: string[] = [];
  const target = targetOf(partOf(rule.target), unread);
  const places = stringsOf(rule.paths).flatMap((pointer) => {
    const reach = reachOfPointer(pointer);
    if (reach !== undefined) return [reach];
    unread.push(`path ${JSON.stringify(pointer)}`);
    return [];
  });
  return { selects: target, places, managers: [], from, unread };
}

/**
 * The selector (fluxcd/pkg, ssa/jsondiff/selector.go, after kustomize's): Go's regular expressions, anchored at both
 * ends, for group, version, kind, name and namespace; label selectors for labels and annotations. An empty field
 * selects all. What cannot be read selects nothing, where Flux itself would fail.
 */
function targetOf(target: JsonObject, unread: string[]): DeployerRule['selects'] {
  const tests: ((object: KubernetesObject) => boolean)[] = [];
  for (const [field, textOf] of FIELDS) {
    const pattern = target[field];
    if (typeof pattern !== 'string' || pattern === '') continue;
    const compiled = compile(pattern);
    if (compiled === undefined) unread.push(`target.${field} ${JSON.stringify(pattern)}`);
    tests.push((object) => compiled?.matches(textOf(object)) ?? false);
  }
  for (const [field, part] of SELECTORS) {
    const text = target[field];
    if (typeof text !== 'string' || text === '') continue;
    const selects = parseLabelSelector(text);
    if (selects === undefined) unread.push(`target.${field} ${JSON.stringify(text)}`);
    tests.push(({ metadata }) => selects?.(metadata[part] ?? {}) ?? false);
  }
  return (object) => tests.every((test) => test(object));
}

const FIELDS: readonly (readonly [string, (object: KubernetesObject) => string])[] = [
  ['group', ({ apiVersion }) => groupOf(apiVersion)],
  ['version', ({ apiVersion }) => apiVersion.slice(apiVersion.indexOf('/') + 1)],
  ['kind', ({ kind }) => kind],
  ['name', ({ metadata }) => metadata.name],
  ['namespace', ({ metadata }) => metadata.namespace ?? ''],
];

const SELECTORS = [
  ['labelSelector', 'labels'],
  ['annotationSelector', 'annotations'],
] as const;

/** Go's syntax, in linear time. `matches` is anchored at both ends. */
function compile(pattern: string): RE2JS | undefined {
  if (pattern.length > PATTERN) return undefined;
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}
