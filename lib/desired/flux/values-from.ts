import { PLACEHOLDERS } from '../../kustomize/placeholders.ts';
import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';
import { parseYamlDocuments } from '../../objects/yaml.ts';
import type { ValuesSource } from '../declaration.ts';
import { list, text } from '../json-reading.ts';
import { mergeValues } from '../values-documents.ts';
import type { FindMap } from './maps.ts';
import { type GrowingValues, placeAt } from './target-path.ts';

export type ReleaseValues =
  | { readonly kind: 'known'; readonly values: readonly ValuesSource[] }
  /** In words for people. */
  | { readonly kind: 'unknown'; readonly reason: string };

const unknown = (reason: string): ReleaseValues => ({ kind: 'unknown', reason });

/**
 * The values of a HelmRelease: `valuesFrom` in its order, then `values` (fluxcd/pkg, chartutil/values.go,
 * ChartValuesFromReferences). A Secret is never read: what goes to a `targetPath` is a placeholder there; where the
 * whole document is in the Secret, nobody knows which values it sets.
 */
export function valuesOf(spec: JsonObject, namespace: string, findMap: FindMap): ReleaseValues {
  const own = isJsonObject(spec.values) ? spec.values : undefined;
  const parts: Part[] = [];
  for (const [index, reference] of list(spec.valuesFrom).entries()) {
    const part = partOf(reference, namespace, findMap);
    if (part === undefined) continue;
    if (typeof part === 'string') return unknown(`spec.valuesFrom[${index}]: ${part}`);
    parts.push(part);
  }
  if (parts.every(({ path }) => path === undefined)) {
    const values: ValuesSource[] = parts.map(({ text: document }) => ({ kind: 'text', text: document }));
    if (own !== undefined) values.push({ kind: 'inline', values: own });
    return { kind: 'known', values };
  }
  return merged(parts, own ?? {});
}

interface Part {
  readonly text: string;
  /** Absent: the text is a document of values. */
  readonly path?: string;
  readonly form: 'set' | 'literal';
}

/**
 * With a `targetPath`: the release's own values are in before it, and once more at the end. Mappings are shared among
 * the three as they are in Go, so that a path inside a mapping that only the own values have stays.
 */
function merged(parts: readonly Part[], spoken: JsonObject): ReleaseValues {
  const own = structuredClone(spoken);
  let values: GrowingValues = {};
  for (const { text: document, path, form } of parts) {
    if (path === undefined) {
      const parsed = parseYamlDocuments(document, 'kubernetes');
      const value = parsed.kind === 'parsed' ? (parsed.documents[0]?.value ?? {}) : undefined;
      if (!isJsonObject(value))
        return unknown('spec.valuesFrom: a document of values cannot be read as YAML');
      values = { ...mergeValues(values, value) };
      continue;
    }
    values = { ...mergeValues(values, own) };
    const problem = placeAt(values, path, document, form);
    if (problem !== undefined) return unknown(`spec.valuesFrom: ${problem}`);
  }
  return { kind: 'known', values: [{ kind: 'inline', values: mergeValues(values, own) }] };
}

/** What a reference gives; undefined for an optional one to nothing; or why it cannot be told. */
function partOf(reference: Json, namespace: string, findMap: FindMap): Part | undefined | string {
  if (!isJsonObject(reference)) return 'is no reference';
  const kind = text(reference.kind) ?? 'a reference without kind';
  const name = text(reference.name) ?? '';
  const key = text(reference.valuesKey) ?? 'values.yaml';
  const path = text(reference.targetPath);
  const optional = reference.optional === true;
  const form = reference.literal === true ? 'literal' : 'set';
  if (kind === 'Secret') {
    if (path !== undefined && !optional) return { text: PLACEHOLDERS[0], path, form };
    return path === undefined
      ? `Secret/${name} holds values, which Fairlead does not read: it cannot tell which ones they are`
      : `Secret/${name} may exist or not (optional), and Fairlead does not read Secrets`;
  }
  if (kind !== 'ConfigMap') return `${kind}/${name} holds no values`;
  const map = findMap(namespace, name);
  switch (map.kind) {
    case 'unseen':
      return `ConfigMap/${name} in ${namespace} is not declared in Git, and no check of the cluster has seen it yet`;
    case 'absent':
      return optional
        ? undefined
        : `ConfigMap/${name} in ${namespace} is neither declared in Git nor in the cluster`;
    case 'unstable':
      return `ConfigMap/${name} in ${namespace} is made of what Fairlead does not read: ${map.reason}`;
    case 'found': {
      const value = Object.hasOwn(map.data, key) ? map.data[key] : undefined;
      if (value === undefined) return optional ? undefined : `ConfigMap/${name} has no key "${key}"`;
      return { text: value, form, ...(path === undefined ? {} : { path }) };
    }
  }
}
