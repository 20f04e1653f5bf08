import type { FileTree } from '../../content/tree.ts';
import { tooComplex, YAML_FILE_BYTES } from '../files/file-checks.ts';
import { limited } from '../files/limited.ts';
import { checkYamlText } from '../files/yaml-text.ts';
import { formatBytes, type Reason, reason } from '../reasons.ts';
import { type Budget, fullBudget, readArchive } from './archive.ts';
import type { ChartMetadata } from './chart-file.ts';
import { helmIgnore } from './helmignore.ts';

/** Packages inside packages. */
const NESTING = 3;
/** Charts inside charts, as folders or as packages. */
const DEPENDENCY_DEPTH = 5;
/** Times that charts are instantiated through dependencies: aliases multiply. */
const INSTANCES = 200;
const IMPORT_VALUES = 50;

/** A chart with the charts inside it. */
export interface Chart {
  readonly metadata: ChartMetadata;
  /** Path of its folder (or package) inside the outermost chart; empty for that one. */
  readonly path: string;
  /** Its files, the charts inside it among them, paths relative to its folder. */
  readonly files: FileTree;
  readonly subcharts: readonly Chart[];
}

export interface LoadedChart {
  readonly reasons: readonly Reason[];
  /** Absent if there is no readable Chart.yaml. */
  readonly chart?: Chart;
}

/**
 * A chart from its tree: its Chart.yaml read, its subcharts loaded (packages among them opened, within what the
 * budget leaves), and everything that can be said against it without values. All reasons together.
 */
export async function loadChart(tree: FileTree, budget: Budget = fullBudget()): Promise<LoadedChart> {
  const reasons: Reason[] = [];
  const chart = await load(tree, { path: '', depth: 0, nesting: 0 }, budget, reasons);
  if (chart === undefined) return { reasons };
  return { reasons: [...reasons, ...checkDependencies(chart)], chart };
}

interface Position {
  readonly path: string;
  readonly depth: number;
  readonly nesting: number;
}

async function load(
  files: FileTree,
  position: Position,
  budget: Budget,
  reasons: Reason[],
): Promise<Chart | undefined> {
  const at = (path: string) => (position.path === '' ? path : `${position.path}/${path}`);
  if (position.depth > DEPENDENCY_DEPTH) {
    reasons.push(reason('chart-dependencies-too-deep', { limit: DEPENDENCY_DEPTH }, { file: position.path }));
    return undefined;
  }
  const metadata = await readMetadata(files, at('Chart.yaml'), reasons);
  if (position.path === '') reasons.push(...hiddenFiles(files, at));
  const subcharts: Chart[] = [];
  for (const [name, inner] of innerCharts(files)) {
    const path = at(`charts/${name}`);
    const loaded =
      inner.kind === 'folder'
        ? await load(
            inner.files,
            { path, depth: position.depth + 1, nesting: position.nesting },
            budget,
            reasons,
          )
        : await open(
            inner.bytes,
            { path, depth: position.depth + 1, nesting: position.nesting + 1 },
            budget,
            reasons,
          );
    if (loaded !== undefined) subcharts.push(loaded);
  }
  return metadata === undefined ? undefined : { metadata, path: position.path, files, subcharts };
}

async function open(
  bytes: Buffer,
  position: Position,
  budget: Budget,
  reasons: Reason[],
): Promise<Chart | undefined> {
  if (position.nesting > NESTING) {
    reasons.push(reason('package-nested-too-deep', { limit: NESTING }, { file: position.path }));
    return undefined;
  }
  const { reasons: against, contents } = await readArchive(bytes, budget);
  for (const { place, ...inner } of against) {
    const file = place?.file === undefined ? position.path : `${position.path}/${place.file}`;
    reasons.push({ ...inner, place: { ...place, file } });
  }
  return contents === undefined ? undefined : load(contents.tree, position, budget, reasons);
}

async function readMetadata(
  files: FileTree,
  file: string,
  reasons: Reason[],
): Promise<ChartMetadata | undefined> {
  const refuse = (...found: readonly Reason[]): undefined => void reasons.push(...found);
  const chart = textOf(files, 'Chart.yaml', file);
  const requirementsFile = `${file.slice(0, -'Chart.yaml'.length)}requirements.yaml`;
  const requirements = textOf(files, 'requirements.yaml', requirementsFile);
  const against = [...(chart?.reasons ?? []), ...(requirements?.reasons ?? [])];
  if (chart === undefined) return refuse(reason('chart-file-missing', {}, { file }), ...against);
  if (against.length > 0) return refuse(...against);
  const read = await limited('readChartFile', {
    text: chart.text,
    file,
    ...(requirements === undefined
      ? {}
      : { requirements: { text: requirements.text, file: requirementsFile } }),
  });
  if (read.kind === 'too-complex') return refuse(tooComplex(file));
  return read.result.kind === 'read' ? read.result.chart : refuse(...read.result.reasons);
}

/** A chart's file as text, and why no parser is asked about it. */
function textOf(
  files: FileTree,
  name: string,
  file: string,
): { readonly text: string; readonly reasons: readonly Reason[] } | undefined {
  const bytes = files.get(name)?.data;
  if (bytes === undefined) return undefined;
  if (bytes.length <= YAML_FILE_BYTES) return checkYamlText(bytes, file);
  const words = { size: formatBytes(bytes.length), limit: formatBytes(YAML_FILE_BYTES) };
  return { text: '', reasons: [reason('file-too-large', words, { file })] };
}

type InnerChart =
  | { readonly kind: 'folder'; readonly files: FileTree }
  | { readonly kind: 'package'; readonly bytes: Buffer };

/** What helm takes from charts/ (pkg/chart/loader): folders and .tgz files, none that begin with `_` or `.`. */
function innerCharts(files: FileTree): Map<string, InnerChart> {
  const found = new Map<string, InnerChart>();
  const folders = new Map<string, Map<string, NonNullable<ReturnType<FileTree['get']>>>>();
  for (const [path, entry] of files) {
    const [first, name, ...rest] = path.split('/');
    if (first !== 'charts' || name === undefined || /^[_.]/.test(name)) continue;
    if (rest.length === 0) {
      if (name.toLowerCase().endsWith('.tgz')) found.set(name, { kind: 'package', bytes: entry.data });
      continue;
    }
    const folder = folders.get(name) ?? new Map();
    folders.set(name, folder.set(rest.join('/'), entry));
  }
  for (const [name, inner] of folders) found.set(name, { kind: 'folder', files: inner });
  return found;
}

/** What the repository holds and helm does not load: it would be reviewed as if it were deployed, or the reverse. */
function hiddenFiles(files: FileTree, at: (path: string) => string): Reason[] {
  const ignored = helmIgnore(files.get('.helmignore')?.data.toString('utf8') ?? '');
  return [...files.keys()].flatMap((path) => {
    const rule = ignored(path);
    return rule === undefined ? [] : [reason('helmignore-hides-file', { rule }, { file: at(path) })];
  });
}

function checkDependencies(chart: Chart): Reason[] {
  const reasons: Reason[] = [];
  let importValues = 0;
  const walk = (each: Chart): number => {
    const file = each.path === '' ? 'Chart.yaml' : `${each.path}/Chart.yaml`;
    let instances = 1;
    for (const { name, importValues: imports } of each.metadata.dependencies) {
      importValues += imports;
      if (!each.subcharts.some(({ metadata }) => metadata.name === name))
        reasons.push(reason('chart-dependency-missing', { dependency: name }, { file }));
    }
    for (const subchart of each.subcharts) {
      const times = each.metadata.dependencies.filter(({ name }) => name === subchart.metadata.name).length;
      instances += Math.max(times, 1) * walk(subchart);
    }
    return instances;
  };
  const instances = walk(chart);
  const place = { file: 'Chart.yaml' };
  if (instances > INSTANCES)
    reasons.push(reason('chart-instances', { count: instances, limit: INSTANCES }, place));
  if (importValues > IMPORT_VALUES)
    reasons.push(reason('chart-import-values', { count: importValues, limit: IMPORT_VALUES }, place));
  return reasons;
}
