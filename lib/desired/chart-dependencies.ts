import type { ObjectStore } from '../aws/objects.ts';
import type { Deployer } from '../config/config.ts';
import { getTree, putTree } from '../content/store.ts';
import type { Digest, FileEntry, FileTree } from '../content/tree.ts';
import { isJsonObject, type JsonObject } from '../objects/objects.ts';
import { parseYamlDocuments } from '../objects/yaml.ts';
import type { CommitReader } from './commit-reader.ts';
import type { OutsideChart } from './declaration.ts';
import { readFolder } from './git-trees.ts';
import { list, text } from './json-reading.ts';
import type { OutsideCharts } from './outside/outside-charts.ts';
import { rangeOf } from './outside/versions.ts';
import { treePath } from './tree-path.ts';

/** Charts that one chart fetches; more is nobody's intention. */
const DEPENDENCIES = 50;
/** Bytes of all that is fetched for one chart. */
const BYTES = 50 * 1024 * 1024;

export interface ChartInGit {
  /** Of its folder, as it lies in Git. */
  readonly tree: Digest;
  /** Its Chart.yaml as text. */
  readonly about: string;
  /** From the repository's root. */
  readonly folder: string;
}

export interface DependencyParts {
  readonly clone: CommitReader;
  readonly content: ObjectStore;
  readonly outside?: OutsideCharts;
}

export type WithDependencies =
  | { readonly kind: 'complete'; readonly tree: Digest }
  /** In words for people. */
  | { readonly kind: 'incomplete'; readonly reason: string };

/**
 * The chart with the dependencies in its charts/ that Git does not hold: both deployers fetch them before they render
 * (argo-cd, util/helm/helm.go, DependencyBuild: where one is missing; fluxcd/source-controller, internal/helm/chart/
 * dependency_manager.go: the missing ones). The lock says which versions; without one, only an exact version tells.
 */
export async function withDependencies(
  chart: ChartInGit,
  deployer: Deployer,
  commit: string,
  parts: DependencyParts,
): Promise<WithDependencies> {
  const complete = { kind: 'complete', tree: chart.tree } as const;
  if (deployer === 'none') return complete;
  const about = mappingIn(chart.about);
  const isFirstFormat = about.apiVersion === 'v1';
  if (!isFirstFormat && list(about.dependencies).length === 0) return complete;
  const files = await getTree(parts.content, chart.tree);
  const inFile = (name: string) => mappingIn(files.get(name)?.data.toString('utf8') ?? '');
  const declared = isFirstFormat && files.has('requirements.yaml') ? inFile('requirements.yaml') : about;
  const dependencies = namedIn(declared);
  if (dependencies.length === 0) return complete;
  const lock = ['Chart.lock', 'requirements.lock'].find((name) => files.has(name));
  const locked = lock === undefined ? undefined : namedIn(inFile(lock));

  const incomplete = (name: string, why: string): WithDependencies => ({
    kind: 'incomplete',
    reason: `${chart.folder || 'the chart'} depends on the chart "${name}", which is not in its charts/: ${why}`,
  });
  const present = subchartsIn(files);
  const added = new Map<string, FileEntry>();
  let bytes = 0;
  for (const [index, dependency] of dependencies.entries()) {
    const { name } = dependency;
    if (present(name)) continue;
    if (index >= DEPENDENCIES) return incomplete(name, `more than ${DEPENDENCIES} are not fetched`);
    const meant = meantBy(dependency, index, locked);
    if (meant === undefined) return incomplete(name, `${lock} is out of date`);
    const found = await fetched(meant, chart, commit, parts);
    if (typeof found === 'string') return incomplete(name, found);
    for (const [path, entry] of found) {
      added.set(path, entry);
      bytes += entry.data.length;
    }
    if (bytes > BYTES) return incomplete(name, `more than ${BYTES} bytes of charts are not fetched`);
  }
  if (added.size === 0) return complete;
  return { kind: 'complete', tree: await putTree(parts.content, new Map([...files, ...added])) };
}

/** The lock lists the same charts in the same order, each with one version (helm, internal/resolver/resolver.go). */
function meantBy(
  declared: Dependency,
  index: number,
  locked: readonly Dependency[] | undefined,
): Dependency | undefined {
  if (locked === undefined) return declared;
  const entry = locked[index];
  return entry?.name === declared.name && rangeOf(declared.version)?.admits(entry.version)
    ? entry
    : undefined;
}

interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
}

/** What names no plain chart is nobody's: it becomes a path and an address. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

const namedIn = ({ dependencies }: JsonObject): readonly Dependency[] =>
  list(dependencies).flatMap((each) => {
    const { name, version, repository } = isJsonObject(each) ? each : {};
    return typeof name === 'string' && NAME.test(name)
      ? [{ name, version: text(version) ?? '', repository: text(repository) ?? '' }]
      : [];
  });

function mappingIn(yaml: string): JsonObject {
  const parsed = parseYamlDocuments(yaml, 'kubernetes');
  const value = parsed.kind === 'parsed' ? parsed.documents[0]?.value : undefined;
  return isJsonObject(value) ? value : {};
}

/** By the names of the charts in charts/ (helm, pkg/action/dependency.go): folders, and packages by their file names. */
function subchartsIn(files: FileTree): (name: string) => boolean {
  const folders = new Set<unknown>();
  const packages: string[] = [];
  for (const [path, { data }] of files) {
    const [, file] = /^charts\/([^/]+\.tgz)$/.exec(path) ?? [];
    if (file !== undefined) packages.push(file);
    else if (/^charts\/[^/]+\/Chart\.yaml$/.test(path)) folders.add(mappingIn(data.toString('utf8')).name);
  }
  return (name) =>
    folders.has(name) ||
    packages.some((file) => file.startsWith(`${name}-`) && /^v?\d/.test(file.slice(name.length + 1)));
}

/** The files that it adds to the chart; why there are none, in words for people. */
async function fetched(
  { name, version, repository }: Dependency,
  chart: ChartInGit,
  commit: string,
  parts: DependencyParts,
): Promise<FileTree | string> {
  if (repository.startsWith('file://')) {
    const folder = treePath(repository.slice('file://'.length), chart.folder);
    return folder === undefined || folder === ''
      ? `"${repository.slice(0, 200)}" is no folder inside the repository`
      : await local(name, folder, version, commit, parts);
  }
  if (rangeOf(version)?.kind !== 'exact')
    return `"${version.slice(0, 100)}" is no single version, and there is no lock that says which is meant`;
  const outside = outsideChart({ name, version, repository });
  if (outside === undefined)
    return repository === ''
      ? 'no repository is given for it'
      : `"${repository.slice(0, 200)}" is a name that only the deployer knows`;
  if (parts.outside === undefined) return `${repository} is not asked for charts here`;
  const answer = await parts.outside.fetch(outside);
  if (answer.kind === 'unavailable') return answer.reason;
  const [entry] = (await getTree(parts.content, answer.tree)).values();
  return entry === undefined
    ? 'its package is empty'
    : new Map([[`charts/${name}-${version}.tgz`, { mode: 0o644 as const, data: entry.data }]]);
}

function outsideChart({ name, version, repository }: Dependency): OutsideChart | undefined {
  const address = repository.replace(/\/+$/, '');
  if (/^https?:\/\//.test(address)) return { kind: 'helm-repository', url: address, name, version };
  return address.startsWith('oci://')
    ? { kind: 'oci', url: `${address}/${name}`, reference: { kind: 'version', version } }
    : undefined;
}

/** `file://…`: a chart beside this one. */
async function local(
  name: string,
  folder: string,
  version: string,
  commit: string,
  { clone }: DependencyParts,
): Promise<FileTree | string> {
  const reading = await readFolder(clone, commit, folder);
  if (reading.kind === 'unreadable') return reading.reason;
  const about = mappingIn(reading.files.get('Chart.yaml')?.data.toString('utf8') ?? '');
  if (about.name !== name) return `${folder} is no chart of that name`;
  if (!rangeOf(version)?.admits(text(about.version) ?? ''))
    return `${folder} is version "${text(about.version) ?? ''}", not "${version.slice(0, 100)}"`;
  return new Map([...reading.files].map(([path, entry]) => [`charts/${name}/${path}`, entry]));
}
