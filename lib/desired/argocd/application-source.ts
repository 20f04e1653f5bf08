import type { JsonObject } from '../../objects/objects.ts';
import { type ReleaseSource, unresolved } from '../declaration.ts';
import { UnreadableFiles } from '../flux/commit-files.ts';
import { at, text } from '../json-reading.ts';
import { treePath } from '../tree-path.ts';
import { type BuildEnvironment, substituted } from './build-environment.ts';
import { directorySource } from './directory-source.ts';
import { helmSource } from './helm-source.ts';
import { type Here, inFolder, isThisRepository, revisionElsewhere, textIn } from './here.ts';
import { kustomizeSource } from './kustomize-source.ts';
import { outsideChart } from './outside-chart.ts';
import { overridden, overrideFiles } from './source-override.ts';

/** One source of an Application, and what helm calls the release there. */
export interface ApplicationSource {
  readonly source: ReleaseSource;
  readonly release: string;
  /** As it is called, where the Application has several: its name, else its number from 1. */
  readonly name: string;
}

export interface SourceContext {
  readonly here: Here;
  readonly application: { readonly name: string; readonly namespace: string; readonly project: string };
  /** Sources that value files may refer to, by `ref`. */
  readonly references: ReadonlyMap<string, JsonObject>;
}

/** As Argo CD's repo-server makes manifests of it (argo-cd, reposerver/repository/repository.go, GenerateManifests). */
export async function readSource(
  given: JsonObject,
  name: string,
  context: SourceContext,
): Promise<ApplicationSource> {
  const { here, application } = context;
  const found = await withOverrides(given, context);
  if (typeof found === 'string') return { source: unresolved(found), release: application.name, name };
  const release = text(at(found, 'helm')?.releaseName) ?? application.name;
  const environment: BuildEnvironment = {
    application: application.name,
    namespace: application.namespace,
    project: application.project,
    revision: here.commit,
    repoUrl: text(found.repoURL) ?? '',
    path: text(found.path) ?? '',
    targetRevision: text(found.targetRevision) ?? '',
  };
  const substitute = (value: string) => substituted(value, environment);
  try {
    return { source: await sourceOf(found, substitute, context), release, name };
  } catch (error) {
    if (!(error instanceof UnreadableFiles)) throw error;
    return { source: unresolved(error.message), release, name };
  }
}

const TYPES = ['helm', 'kustomize', 'directory', 'plugin'] as const;
type SourceType = (typeof TYPES)[number];

async function sourceOf(
  source: JsonObject,
  substitute: (value: string) => string,
  context: SourceContext,
): Promise<ReleaseSource> {
  const explicit = TYPES.filter((type) => at(source, type) !== undefined);
  if (explicit.length > 1)
    return unresolved(`its source is of several types at once: ${explicit.join(', ')}`);
  const [stated] = explicit;
  const chart = outsideChart(source);
  if (typeof chart === 'string') return unresolved(chart);
  if (chart !== undefined) {
    if (stated !== undefined && stated !== 'helm')
      return unresolved(`a chart is rendered by helm, not by ${stated}`);
    return await helmSource(source, { kind: 'outside', chart }, substitute, context);
  }
  const { here } = context;
  if (!isThisRepository(source, here))
    return unresolved(
      `it comes from another repository, ${shown(source.repoURL)}, which Fairlead does not read`,
    );
  const revision = revisionElsewhere(source, here);
  if (revision !== undefined) return unresolved(revision);
  const folder = treePath(text(source.path) ?? '');
  if (folder === undefined)
    return unresolved(`its path ${shown(source.path)} is no path inside the repository`);
  const files = inFolder(here, folder);
  if (files.length === 0) return unresolved(`${folder || 'the repository'} is not in the commit, or empty`);
  switch (stated ?? typeOf(files)) {
    case 'helm':
      return await helmSource(source, { kind: 'in-git', folder }, substitute, context);
    case 'directory':
      return await directorySource(at(source, 'directory'), folder, here);
    case 'kustomize':
      return await kustomizeSource(at(source, 'kustomize'), folder, substitute, here);
    case 'plugin':
      return unresolved('a plugin of Argo CD makes its manifests, which only Argo CD can run');
  }
}

/** argo-cd, util/app/discovery/discovery.go, AppType. */
function typeOf(files: readonly string[]): SourceType {
  if (files.includes('Chart.yaml')) return 'helm';
  return files.some((file) => /^(kustomization\.ya?ml|Kustomization)$/.test(file))
    ? 'kustomize'
    : 'directory';
}

async function withOverrides(
  source: JsonObject,
  { here, application }: SourceContext,
): Promise<JsonObject | string> {
  const folder = treePath(text(source.path) ?? '');
  if (text(source.chart) !== undefined || folder === undefined || !isThisRepository(source, here))
    return source;
  const files: { path: string; text: string }[] = [];
  for (const name of overrideFiles(application.name)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const found = await textIn(here, path);
    if (found !== undefined) files.push({ path, text: found });
  }
  return overridden(source, files);
}

const shown = (value: unknown): string =>
  JSON.stringify(typeof value === 'string' ? value.slice(0, 200) : '');
