import type { HelmFlags } from '../../charts/render-request.ts';
import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';
import { type OutsideChart, type ReleaseSource, unresolved, type ValuesSource } from '../declaration.ts';
import { at, isEmpty, list, text } from '../json-reading.ts';
import { treePath } from '../tree-path.ts';
import type { SourceContext } from './application-source.ts';
import { isGlob, valueFilesGlob } from './globs.ts';
import { inFolder, isThisRepository, revisionElsewhere, textIn } from './here.ts';
import { parameterFlags, type SetFlag } from './parameters.ts';

/** Where the chart is. */
export type HelmPlace =
  | { readonly kind: 'in-git'; readonly folder: string }
  | { readonly kind: 'outside'; readonly chart: OutsideChart };

/** Characters of a file that becomes one value: it is an argument of helm. */
const FILE_PARAMETER_LENGTH = 64 * 1024;

/**
 * A chart with what Argo CD gives helm (argo-cd, reposerver/repository/repository.go, helmTemplate): `valueFiles`, then
 * `valuesObject` or else `values`, then `parameters` and `fileParameters`.
 */
export async function helmSource(
  source: JsonObject,
  place: HelmPlace,
  substitute: (value: string) => string,
  context: SourceContext,
): Promise<ReleaseSource> {
  const helm = at(source, 'helm');
  const version = text(helm?.version);
  if (version !== undefined && version !== 'v3')
    return unresolved(`helm.version is "${version.slice(0, 20)}"`);
  const files = valueFilesOf(helm, place, substitute, context);
  if (typeof files === 'string') return unresolved(files);
  const values: ValuesSource[] = [...files];
  const object = at(helm, 'valuesObject');
  const inline = text(helm?.values);
  // The object goes before the text, and the other is not read.
  if (object !== undefined && !isEmpty(object)) values.push({ kind: 'inline', values: object });
  else if (inline !== undefined) values.push({ kind: 'text', text: inline });

  const fromFiles = await fileParameters(helm, place, substitute, context);
  if (typeof fromFiles === 'string') return unresolved(fromFiles);
  const sets = [...parameterFlags(list(helm?.parameters), substitute), ...fromFiles];
  const flags = flagsOf(helm, sets);
  const shaped = { chartValues: [], values, ...(flags === undefined ? {} : { flags }) };
  return place.kind === 'in-git'
    ? { kind: 'in-git', chart: place.folder, ...shaped }
    : { kind: 'outside', chart: place.chart, ...shaped };
}

function flagsOf(helm: JsonObject | undefined, sets: readonly SetFlag[]): HelmFlags | undefined {
  const namespace = text(helm?.namespace);
  const kubernetesVersion = text(helm?.kubeVersion);
  const apiVersions = list(helm?.apiVersions).flatMap((each) => text(each) ?? []);
  const isPlain = sets.length === 0 && helm?.skipCrds !== true && apiVersions.length === 0;
  if (isPlain && namespace === undefined && kubernetesVersion === undefined) return undefined;
  return {
    sets: [...sets],
    crds: helm?.skipCrds === true ? 'left-out' : 'included',
    ...(namespace === undefined ? {} : { namespace }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(apiVersions.length === 0 ? {} : { apiVersions }),
  };
}

type Found = { readonly path: string; readonly in: 'commit' | 'chart' };

/** Where a value file is, or why that cannot be told. */
function located(
  written: string,
  place: HelmPlace,
  substitute: (value: string) => string,
  { here, references }: SourceContext,
): Found | string {
  const [reference] = /^\$[^/]+/.exec(written) ?? [];
  const referred = reference === undefined ? undefined : references.get(reference.slice(1));
  if (reference !== undefined && referred !== undefined) {
    const name = `${reference} of its sources`;
    if (!isThisRepository(referred, here))
      return `${name} is another repository, which Fairlead does not read`;
    const revision = revisionElsewhere(referred, here);
    if (revision !== undefined) return `${name}: ${revision}`;
    const path = treePath(substitute(written.slice(reference.length + 1)));
    return path === undefined || path === '' ? outside(written) : { path, in: 'commit' };
  }
  const file = substitute(written);
  if (/^\w+:\/\//.test(file)) return `a value file comes from ${file.slice(0, 200)}, which is not fetched`;
  const from = place.kind === 'in-git' && !file.startsWith('/') ? place.folder : '';
  const path = treePath(file.replace(/^\/+/, ''), from);
  return path === undefined || path === ''
    ? outside(written)
    : { path, in: place.kind === 'in-git' ? 'commit' : 'chart' };
}

const outside = (written: string): string =>
  `helm.valueFiles names "${written.slice(0, 200)}", which is no path inside the repository`;

/** Patterns stand for what they match, in order of the names, without what is listed by itself. */
function valueFilesOf(
  helm: JsonObject | undefined,
  place: HelmPlace,
  substitute: (value: string) => string,
  context: SourceContext,
): ValuesSource[] | string {
  const ifMissing = helm?.ignoreMissingValueFiles === true ? ('skip' as const) : ('unknown' as const);
  const found: Found[] = [];
  for (const written of list(helm?.valueFiles)) {
    const file = located(text(written) ?? '', place, substitute, context);
    if (typeof file === 'string') return file;
    found.push(file);
  }
  const explicit = new Set(found.filter(({ path }) => !isGlob(path)).map(({ path }) => path));
  const seen = new Set<string>();
  const values: ValuesSource[] = [];
  const add = (file: Found) => {
    if (seen.has(file.path)) return;
    seen.add(file.path);
    values.push({ kind: file.in === 'commit' ? 'file' : 'chart-file', path: file.path, ifMissing });
  };
  for (const file of found) {
    if (!isGlob(file.path)) {
      add(file);
      continue;
    }
    if (file.in === 'chart')
      return `helm.valueFiles has the pattern "${file.path}" inside a chart that is not opened here`;
    const matches = matching(file.path, context);
    if (matches === undefined) return `helm.valueFiles has "${file.path}", which is no pattern`;
    if (matches.length === 0 && ifMissing === 'unknown') return `no file is called "${file.path}"`;
    for (const path of matches) if (!explicit.has(path)) add({ path, in: 'commit' });
  }
  return values;
}

/** Only the folder before the first sign of a pattern is listed. */
function matching(pattern: string, { here }: SourceContext): readonly string[] | undefined {
  const test = valueFilesGlob(pattern);
  if (test === undefined) return undefined;
  const segments = pattern.split('/');
  const folder = segments.slice(0, segments.findIndex(isGlob)).join('/');
  return inFolder(here, folder)
    .map((path) => (folder === '' ? path : `${folder}/${path}`))
    .filter(test)
    .sort();
}

async function fileParameters(
  helm: JsonObject | undefined,
  place: HelmPlace,
  substitute: (value: string) => string,
  context: SourceContext,
): Promise<SetFlag[] | string> {
  const flags: SetFlag[] = [];
  for (const parameter of list(helm?.fileParameters)) {
    const { name, path } = parameterOf(parameter);
    const file = located(path, place, substitute, context);
    if (typeof file === 'string') return file.replace('valueFiles', 'fileParameters');
    if (file.in === 'chart')
      return `helm.fileParameters names "${file.path}" inside a chart that is not opened here`;
    const content = await textIn(context.here, file.path);
    if (content === undefined) return `${file.path} is not in the commit`;
    if (content.length > FILE_PARAMETER_LENGTH)
      return `${file.path} is too large for a parameter: at most ${FILE_PARAMETER_LENGTH} characters`;
    // As --set-file takes it, which would name a file to helm: anything could stand there.
    flags.push({ flag: 'set-literal', name, value: content });
  }
  return flags;
}

const parameterOf = (parameter: Json) => ({
  name: (isJsonObject(parameter) ? text(parameter.name) : undefined) ?? '',
  path: (isJsonObject(parameter) ? text(parameter.path) : undefined) ?? '',
});
