import { isJsonObject, type Json, type JsonObject } from '../objects/objects.ts';
import { parseYamlDocuments } from '../objects/yaml.ts';

/** A kustomization file as far as it may be built here: what it says, and which files of the tree it wants. */
export type KustomizationFile =
  | {
      readonly kind: 'read';
      readonly value: JsonObject;
      readonly references: readonly KustomizationReference[];
    }
  /** In words for people; the file's name comes before it. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface KustomizationReference {
  /** `resource`: a file, or a folder with a kustomization; `folder`: only that; `file`: read as it is. */
  readonly kind: 'resource' | 'folder' | 'file';
  /** As it is written: relative to the kustomization's folder. */
  readonly path: string;
}

/** Names by which kustomize knows a kustomization file (kustomize, api/konfig, RecognizedKustomizationFileNames). */
export const KUSTOMIZATION_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

/** What names no file and starts no program (kustomize, api/types/kustomization.go). */
const HARMLESS = new Set([
  ...['apiVersion', 'kind', 'metadata', 'namespace', 'namePrefix', 'nameSuffix', 'commonLabels', 'labels'],
  ...['commonAnnotations', 'images', 'replicas', 'vars', 'sortOptions', 'generatorOptions', 'buildMetadata'],
]);
/** What runs programs, fetches charts, or is configured by files that name further files. */
const RUNS_SOMETHING = new Set([
  ...['helmCharts', 'helmChartInflationGenerator', 'helmGlobals', 'generators', 'transformers', 'validators'],
]);

/** Fields of one entry of a list, so that no file is named in a way that is not looked at. */
const PATCH = new Set(['path', 'patch', 'target', 'options']);
const REPLACEMENT = new Set(['path', 'source', 'targets']);
const GENERATOR = new Set([
  ...['name', 'namespace', 'behavior', 'files', 'envs', 'env', 'literals', 'options', 'type'],
]);

/**
 * Reads a kustomization file. What is in it is hostile: only fields that are known to be harmless pass, spelled as
 * kustomize documents them (Go would take any capitals), and every file that it names is among the references.
 * The build is given this value, not the text, so that no two parsers can differ about it.
 */
export function readKustomizationFile(text: string): KustomizationFile {
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid')
    return refused(`line ${parsed.line} cannot be read as YAML: ${parsed.message}`);
  if (parsed.documents.length > 1) return refused('it holds more than one document');
  const value = parsed.documents[0]?.value ?? {};
  if (!isJsonObject(value)) return refused('it is no mapping');
  const references: KustomizationReference[] = [];
  try {
    for (const [field, entry] of Object.entries(value)) collect(field, entry, references);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return refused(error.message);
  }
  return { kind: 'read', value, references };
}

const refused = (reason: string): KustomizationFile => ({ kind: 'refused', reason });

class Refused extends Error {
  override readonly name = 'Refused';
}

function collect(field: string, entry: Json, into: KustomizationReference[]): void {
  const add = (kind: KustomizationReference['kind'], path: Json) => {
    into.push({ kind, path: localPath(field, path) });
  };
  if (HARMLESS.has(field) || entry === null) return;
  if (RUNS_SOMETHING.has(field))
    throw new Refused(`it has "${field}", which runs or fetches what is not in the repository`);
  switch (field) {
    case 'resources':
      for (const path of listOf(field, entry)) add('resource', path);
      return;
    case 'components':
    case 'bases':
      for (const path of listOf(field, entry)) add('folder', path);
      return;
    case 'crds':
    case 'configurations':
      for (const path of listOf(field, entry)) add('file', path);
      return;
    case 'openapi':
      for (const [name, path] of Object.entries(mapping(field, entry)))
        if (name === 'path') add('file', path);
      return;
    case 'patches':
    case 'patchesJson6902':
      for (const patch of listOf(field, entry)) {
        const { path } = only(field, patch, PATCH);
        if (!isNothing(path)) add('file', path);
      }
      return;
    case 'replacements':
      for (const replacement of listOf(field, entry)) {
        const { path } = only(field, replacement, REPLACEMENT);
        if (!isNothing(path)) add('file', path);
      }
      return;
    case 'patchesStrategicMerge':
      // One with a line end is the patch itself: no address and no file has one.
      for (const patch of listOf(field, entry))
        if (typeof patch !== 'string' || !patch.includes('\n')) add('file', patch);
      return;
    case 'configMapGenerator':
    case 'secretGenerator':
      for (const generator of listOf(field, entry)) {
        const { files, envs, env } = only(field, generator, GENERATOR);
        // `key=path`, or the path alone.
        for (const file of listOf(field, files ?? []))
          add('file', typeof file === 'string' ? file.slice(file.indexOf('=') + 1) : file);
        for (const file of listOf(field, envs ?? [])) add('file', file);
        if (!isNothing(env)) add('file', env);
      }
      return;
    default:
      throw new Refused(`it has "${field}", which Fairlead does not build`);
  }
}

const isNothing = (value: Json | undefined): value is null | undefined | '' =>
  value === undefined || value === null || value === '';

function listOf(field: string, value: Json): readonly Json[] {
  if (!Array.isArray(value)) throw new Refused(`its "${field}" is no list`);
  return value;
}

function mapping(field: string, value: Json): JsonObject {
  if (!isJsonObject(value)) throw new Refused(`its "${field}" holds something that is no mapping`);
  return value;
}

function only(field: string, value: Json, known: ReadonlySet<string>): Record<string, Json> {
  const entry = mapping(field, value);
  const odd = Object.keys(entry).find((name) => !known.has(name));
  if (odd !== undefined) throw new Refused(`its "${field}" has "${odd}", which Fairlead does not build`);
  return { ...entry };
}

/**
 * What kustomize takes for an address before it looks whether there is such a file: anything with a scheme, a user, a
 * query, GitHub's name in front, or `_git` within (kustomize, api/internal/git/repospec.go; api/internal/loader).
 */
const ADDRESS = /[:@?#\\]|^github\.com|^\/\/|_git\/|\.git(\/|$)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

function localPath(field: string, path: Json): string {
  if (typeof path !== 'string' || path === '')
    throw new Refused(`its "${field}" names something that is no file`);
  if (CONTROL.test(path)) throw new Refused(`its "${field}" names a file with control characters`);
  if (ADDRESS.test(path))
    throw new Refused(`its "${field}" names ${JSON.stringify(path)}, which is fetched from elsewhere`);
  if (path.startsWith('/'))
    throw new Refused(`its "${field}" names ${JSON.stringify(path)}, which is outside`);
  return path;
}
