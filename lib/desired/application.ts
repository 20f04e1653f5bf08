import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from '../objects/objects.ts';
import { type ReleaseDeclaration, type ReleaseSource, unresolved, type ValuesSource } from './declaration.ts';
import { at, isEmpty, list, text } from './json-reading.ts';
import { treePath } from './tree-path.ts';

export const isApplication = ({ apiVersion, kind }: KubernetesObject): boolean =>
  kind === 'Application' && apiVersion.startsWith('argoproj.io/');

/** Which repository and branch a commit is of: an Application may deploy from any. */
export interface Here {
  readonly branch: string;
  /** Unknown where the repository is a folder of this machine. */
  readonly url?: string | undefined;
}

/**
 * An Argo CD Application, read as Argo CD reads it (argo-cd, reposerver/repository/repository.go, helmTemplate:
 * `valueFiles`, then `values` or `valuesObject`, then `parameters`).
 */
export function readApplication(object: KubernetesObject, here: Here): ReleaseDeclaration {
  const spec = isJsonObject(object.spec) ? object.spec : {};
  const source = at(spec, 'source');
  return {
    namespace: text(at(spec, 'destination')?.namespace) ?? 'default',
    name: text(at(source, 'helm')?.releaseName) ?? object.metadata.name,
    deployedBy: object,
    suspended: at(spec, 'syncPolicy', 'automated') === undefined,
    source: sourceOf(spec, source, here),
  };
}

const NOT_RENDERED = [
  'fileParameters',
  'passCredentials',
  'skipCrds',
  'kubeVersion',
  'apiVersions',
  'namespace',
] as const;

function sourceOf(spec: JsonObject, source: JsonObject | undefined, here: Here): ReleaseSource {
  if (spec.sources !== undefined)
    return unresolved('the Application has spec.sources, which Fairlead does not render');
  if (source === undefined) return unresolved('the Application has no spec.source');
  if (text(source.chart) !== undefined)
    return unresolved('the chart comes from a Helm repository, not from this one');
  const elsewhere = elsewhereOf(source, here);
  if (elsewhere !== undefined) return unresolved(elsewhere);
  const other = ['kustomize', 'plugin', 'directory'].find((name) => source[name] !== undefined);
  if (other !== undefined)
    return unresolved(`the Application has spec.source.${other}: it is no Helm release`);
  const chart = treePath(text(source.path) ?? '');
  if (chart === undefined || chart === '') {
    return unresolved(`spec.source.path "${text(source.path) ?? ''}" is no path inside the repository`);
  }
  const helm = at(source, 'helm');
  const shaping = NOT_RENDERED.find((name) => !isEmpty(helm?.[name] ?? null) && helm?.[name] !== false);
  if (shaping !== undefined)
    return unresolved(`the Application has helm.${shaping}, which Fairlead does not render`);

  const values: ValuesSource[] = [];
  for (const file of list(helm?.valueFiles)) {
    const path = treePath(text(file) ?? '', chart);
    if (path === undefined || path === '' || /^\w+:\/\/|[*?]/.test(text(file) ?? '')) {
      return unresolved(
        `helm.valueFiles names "${text(file) ?? ''}", which is no path inside the repository`,
      );
    }
    values.push({
      kind: 'file',
      path,
      ifMissing: helm?.ignoreMissingValueFiles === true ? 'skip' : 'unknown',
    });
  }
  const object = at(helm, 'valuesObject');
  const inline = text(helm?.values);
  // The object goes before the text, and the other is not read.
  if (object !== undefined) values.push({ kind: 'inline', values: object });
  else if (inline !== undefined) values.push({ kind: 'text', text: inline });
  for (const parameter of list(helm?.parameters)) {
    const set = parameterValues(parameter);
    if (typeof set === 'string') return unresolved(`helm.parameters: ${set}`);
    values.push({ kind: 'inline', values: set });
  }
  return { kind: 'in-git', chart, chartValues: [], values };
}

/** Why the chart is not in this commit: another repository, or another revision of this one. */
function elsewhereOf(source: JsonObject, { branch, url }: Here): string | undefined {
  const repository = text(source.repoURL);
  if (url !== undefined && repository !== undefined && normalised(repository) !== normalised(url)) {
    return 'the chart comes from another repository, which Fairlead does not read';
  }
  const revision = text(source.targetRevision) ?? 'HEAD';
  return ['HEAD', branch, `refs/heads/${branch}`].includes(revision)
    ? undefined
    : `the Application follows "${revision}", not the branch "${branch}"`;
}

/** Spellings of one address are one repository (argo-cd#23564). */
const normalised = (url: string): string =>
  url
    .trim()
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');

const PLAIN_NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** What `--set name=value` gives, for names and values that need none of its syntax (helm, pkg/strvals). */
function parameterValues(parameter: Json): JsonObject | string {
  if (!isJsonObject(parameter)) return 'is no parameter';
  const name = text(parameter.name) ?? '';
  const value = typeof parameter.value === 'string' ? parameter.value : '';
  if (!PLAIN_NAME.test(name) || /[,{}[\]\\]/.test(value)) {
    return `"${name}" uses helm's --set syntax, which Fairlead does not read; put it into values`;
  }
  const leaf: Json = parameter.forceString === true ? value : typed(value);
  return name
    .split('.')
    .reverse()
    .reduce<Json>((inner, key) => ({ [key]: inner }), leaf) as JsonObject;
}

/** helm, pkg/strvals/parser.go, typedVal: booleans, null, and integers without a leading zero. */
function typed(value: string): Json {
  if (/^true$/i.test(value)) return true;
  if (/^false$/i.test(value)) return false;
  if (/^null$/i.test(value)) return null;
  if (value === '0') return 0;
  return /^-?[1-9]\d{0,14}$/.test(value) ? Number(value) : value;
}
