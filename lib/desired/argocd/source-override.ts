import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';
import { parseYamlDocuments } from '../../objects/yaml.ts';

/** Files beside what is rendered that change the Application's source; the image updater writes them. */
export const overrideFiles = (application: string): readonly string[] => [
  '.argocd-source.yaml',
  `.argocd-source-${application}.yaml`,
];

/** Fields that such a file cannot change. */
const FIXED = ['repoURL', 'path', 'chart', 'targetRevision'] as const;

/**
 * The source with the files' content merged into it, one after the other (argo-cd, reposerver/repository/repository.go,
 * mergeSourceParameters: an RFC 7386 merge patch).
 * @returns in words for people, what is wrong with a file
 */
export function overridden(
  source: JsonObject,
  files: readonly { readonly path: string; readonly text: string }[],
): JsonObject | string {
  let merged = source;
  for (const { path, text } of files) {
    const parsed = parseYamlDocuments(text, 'kubernetes');
    if (parsed.kind === 'invalid') return `${path}:${parsed.line} cannot be read as YAML: ${parsed.message}`;
    const value = parsed.documents[0]?.value ?? {};
    if (!isJsonObject(value)) return `${path} is no mapping`;
    const patched = patchedWith(merged, value);
    if (!isJsonObject(patched)) return `${path} is no mapping`;
    const kept = Object.entries(source).filter(([name]) => (FIXED as readonly string[]).includes(name));
    const changed = Object.entries(patched).filter(([name]) => !(FIXED as readonly string[]).includes(name));
    merged = Object.fromEntries([...changed, ...kept]);
  }
  return merged;
}

function patchedWith(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result = new Map<string, Json>(Object.entries(isJsonObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, patchedWith(result.get(name), value));
  }
  return Object.fromEntries(result);
}
