import { join } from 'node:path';
import type { FileTree } from '../../content/tree.ts';
import { withOtherPlaceholder } from '../../kustomize/placeholders.ts';
import { formatJson, parseJson } from '../../objects/json.ts';
import { isJsonObject, type Json } from '../../objects/objects.ts';
import type { Declared } from '../files/declared.ts';
import { tooComplex } from '../files/file-checks.ts';
import { limited, OUTPUT_SECONDS } from '../files/limited.ts';
import type { Chart } from '../package/chart.ts';
import type { Place, Reason } from '../reasons.ts';
import {
  type HelmFlags,
  type ObjectRole,
  type ReleaseShaping,
  type RenderRequest,
  releaseShaping,
} from '../render-request.ts';
import type { ExtraKind } from './capability-stub.ts';
import {
  type ChartSources,
  sourcesOf,
  templateText,
  treeAtOtherMoment,
  usesLookup,
  valuesProbe,
} from './chart-sources.ts';
import { type HelmTemplate, helmTemplate } from './helm.ts';
import { maskFor } from './masking.ts';
import { postRendered } from './post-render.ts';
import { CRDS_FOLDER, roleOf } from './roles.ts';
import { inScratchFolder, materialise } from './scratch.ts';
import { withOtherMoment } from './template-source.ts';
import { isUnvarying } from './unvarying.ts';

/** Renders beyond the first two where the sources call something random. */
const MORE_RENDERS = 8;
/** After this none of those begins: a render may take 20 s, the function a minute. */
const MORE_RENDERS_SECONDS = 20;

type Deployer = RenderRequest['deployer'];

export interface ReleaseToRender {
  readonly request: RenderRequest;
  readonly namespace: string;
  readonly release: string;
  /** As it was committed: what helm is given. */
  readonly tree: FileTree;
  /** The same, understood; absent if its Chart.yaml cannot be read (then helm says so). */
  readonly chart: Chart | undefined;
  /** Values documents in helm's order, with the names that reasons call them by. */
  readonly values: readonly ValuesDocument[];
  /** The same with other placeholders for what is not to be read; absent where there are none. */
  readonly otherValues?: readonly ValuesDocument[];
  readonly shaping?: ReleaseShaping;
  readonly flags?: HelmFlags;
  readonly helm: string;
  readonly kubectl: string;
  readonly scratch: string;
}

export interface ValuesDocument {
  readonly file: string;
  readonly text: string;
  /** Parsed, where it could be: for masking. */
  readonly value?: Json;
}

export interface RawObject extends Declared {
  readonly role: ObjectRole;
  readonly source: string;
  readonly usesLookup: boolean;
}

export type RawRenders =
  | {
      readonly kind: 'rendered';
      /** The first is the install as it is committed; the others vary what may vary. */
      readonly renders: readonly (readonly RawObject[])[];
      readonly notServed: readonly ExtraKind[];
      readonly reasons: readonly Reason[];
      /** Bytes of the first. */
      readonly output: string;
    }
  | { readonly kind: 'failed'; readonly reasons: readonly Reason[]; readonly askedCluster: boolean };

/** Runs helm as often as it takes to know what is stable, and reads what it wrote. */
export async function renderWithHelm(release: ReleaseToRender): Promise<RawRenders> {
  const { chart, values, request } = release;
  const sources =
    chart === undefined
      ? NO_SOURCES
      : sourcesOf(
          chart,
          values.map(({ text }) => text),
        );
  const hide = maskFor(values.flatMap(({ value }) => (value === undefined ? [] : [value])));
  return inScratchFolder(release.scratch, async (folder) => {
    await materialise(join(folder, 'chart'), release.tree);
    await materialise(
      join(folder, 'values'),
      valuesTree(values, (text) => text),
    );
    const base = templateOf(release, folder);
    const first = await helmTemplate(base, hide);
    if (first.kind === 'failed')
      return {
        ...first,
        askedCluster: sources.withLookup.size > 0 && first.reasons.every(mayBeForLackOfAnswers),
      };
    const outputs: Output[] = [{ text: first.output }];
    const { notServed } = first;
    const began = performance.now();
    for (const variation of await variationsOf({ ...base, notServed }, release, sources)) {
      if (outputs.length > 1 && performance.now() - began > MORE_RENDERS_SECONDS * 1000) break;
      let rendered = await helmTemplate(variation, hide);
      if (rendered.kind === 'failed' && variation.moment === 'another')
        rendered = await helmTemplate({ ...base, notServed, action: variation.action }, hide);
      if (rendered.kind === 'failed' && variation.need === 'must-render')
        return { ...rendered, askedCluster: false };
      // Charts that want an existing password on upgrade fail here: then there is less to compare.
      if (rendered.kind === 'rendered') outputs.push({ text: rendered.output, need: variation.need });
    }
    const shaped = await shapedBy(release, outputs, hide);
    if (shaped.kind === 'failed') return { ...shaped, askedCluster: false };
    const reader = request.deployer === 'flux' ? 'kustomize' : 'kubernetes';
    const read = await limited('readOutput', { outputs: shaped.outputs, reader }, OUTPUT_SECONDS);
    if (read.kind === 'too-complex')
      return { kind: 'failed', reasons: [tooComplex('templates', OUTPUT_SECONDS)], askedCluster: false };
    const { documents, renders, reasons } = read.result;
    return {
      kind: 'rendered',
      renders: renders.map((indexes) =>
        indexes.flatMap((index) =>
          (documents[index] ?? []).map((entry) => rawObject(entry, sources, request.deployer)),
        ),
      ),
      notServed,
      reasons: reasons.length === 0 && first.complaint !== undefined ? [first.complaint] : reasons,
      output: first.output,
    };
  });
}

interface Output {
  readonly text: string;
  readonly need?: Variation['need'];
}

type Shaped =
  | { readonly kind: 'shaped'; readonly outputs: readonly string[] }
  | { readonly kind: 'failed'; readonly reasons: readonly Reason[] };

/** What the deployer makes of helm's output. The same text is shaped once. */
async function shapedBy(
  { shaping, kubectl, scratch }: ReleaseToRender,
  outputs: readonly Output[],
  hide: (text: string) => string,
): Promise<Shaped> {
  if (shaping === undefined || shaping.postRenderers.length === 0)
    return { kind: 'shaped', outputs: outputs.map(({ text }) => text) };
  const otherwise = releaseShaping.parse(JSON.parse(withOtherPlaceholder(formatJson(shaping))));
  const known = new Map<string, string>();
  const made: string[] = [];
  for (const { text, need } of outputs) {
    const { postRenderers } = need === undefined ? shaping : otherwise;
    const key = `${need ?? ''} ${text}`;
    const before = known.get(key);
    if (before !== undefined) {
      made.push(before);
      continue;
    }
    const shaped = await postRendered(text, postRenderers, { kubectl, scratch }, hide);
    if (shaped.kind === 'failed') return shaped;
    known.set(key, shaped.output);
    made.push(shaped.output);
  }
  return { kind: 'shaped', outputs: made };
}

/** A template that fails on what it was told, and not one that does not parse, or takes more than it may. */
const mayBeForLackOfAnswers = ({ code, excerpt = '' }: Reason): boolean =>
  code === 'render-invalid-yaml' || (code === 'template-failed' && !excerpt.startsWith('parse error'));

const NO_SOURCES: ChartSources = { templates: new Map(), isRandom: false, withLookup: new Set() };

const valuesTree = (values: readonly ValuesDocument[], edit: (text: string) => string): FileTree =>
  new Map(values.map(({ text }, index) => [`${index}.yaml`, { mode: 0o644, data: Buffer.from(edit(text)) }]));

const templateOf = (
  { request, namespace, release, values, helm, flags }: ReleaseToRender,
  folder: string,
): HelmTemplate => ({
  helm,
  folder,
  chartFolder: 'chart',
  valuesFiles: values.map((_document, index) => `values/${index}.yaml`),
  release,
  namespace,
  deployer: request.deployer,
  capabilities: request.capabilities,
  action: 'install',
  ...(flags === undefined ? {} : { flags }),
});

interface Variation extends HelmTemplate {
  readonly moment?: 'another';
  /** Without it nothing tells what depends on values that are not to be read. */
  readonly need?: 'must-render' | undefined;
}

/**
 * The second run: as an upgrade (Argo CD knows none), on another day; more where something is random; none where
 * nothing can vary.
 */
async function variationsOf(
  base: HelmTemplate,
  { chart, values, otherValues, request }: ReleaseToRender,
  sources: ChartSources,
): Promise<Variation[]> {
  const otherwise = otherValues === undefined ? [] : [await withValues(base, otherValues)];
  if (chart !== undefined && isUnvarying(chart)) return otherwise;
  const action = request.deployer === 'argocd' ? 'install' : 'upgrade';
  const otherTree = chart === undefined ? undefined : treeAtOtherMoment(chart);
  const valuesVary = values.some(({ text }) => withOtherMoment(text) !== text);
  if (otherTree !== undefined) await materialise(join(base.folder, 'chart-later'), otherTree);
  if (valuesVary) await materialise(join(base.folder, 'values-later'), valuesTree(values, withOtherMoment));
  const second: Variation = {
    ...base,
    action,
    moment: 'another',
    chartFolder: otherTree === undefined ? base.chartFolder : 'chart-later',
    valuesFiles: valuesVary
      ? base.valuesFiles.map((file) => file.replace('values/', 'values-later/'))
      : base.valuesFiles,
  };
  const more = sources.isRandom ? Array.from({ length: MORE_RENDERS }, () => base) : [];
  return [...otherwise, second, ...more];
}

async function withValues(base: HelmTemplate, values: readonly ValuesDocument[]): Promise<Variation> {
  await materialise(
    join(base.folder, 'values-otherwise'),
    valuesTree(values, (text) => text),
  );
  const valuesFiles = values.map((_document, index) => `values-otherwise/${index}.yaml`);
  return { ...base, valuesFiles, need: 'must-render' };
}

function rawObject(entry: Declared, sources: ChartSources, deployer: Deployer): RawObject {
  const source = entry.place.file ?? '';
  return {
    ...entry,
    // What lies in crds/ is no template: it comes out as it is.
    place: CRDS_FOLDER.test(source) ? entry.place : placeInSource(entry, sources, source),
    source,
    role: CRDS_FOLDER.test(source) ? 'crd' : roleOf(entry.object, deployer),
    usesLookup: usesLookup(sources, source),
  };
}

/**
 * The line in the template where the kind stands: in the document that holds the name, too, else the first such line;
 * the template's first line where the kind is computed.
 */
function placeInSource({ object, place }: Declared, sources: ChartSources, source: string): Place {
  const text = templateText(sources, source);
  const { line: _rendered, ...rest } = place;
  if (text === undefined) return rest;
  const kind = new RegExp(`^\\s*(?:-\\s*)?["']?kind["']?\\s*:\\s*["']?${RegExp.escape(object.kind)}\\b`);
  const name = new RegExp(`["']?name["']?\\s*:\\s*["']?${RegExp.escape(object.metadata.name)}(?![\\w.-])`);
  let first: number | undefined;
  let before = 0;
  for (const document of text.split(/^(?=---)/m)) {
    const lines = document.split('\n');
    const at = lines.findIndex((line) => kind.test(line));
    if (at >= 0 && name.test(document)) return { ...rest, line: before + at + 1 };
    if (at >= 0) first ??= before + at + 1;
    // What a document is split off with is no line of it.
    before += lines.length - 1;
  }
  return { ...rest, line: first ?? 1 };
}

/** What helm makes of the values: of the release, and of each enabled subchart that has a schema. */
export interface EffectiveValues {
  /** `charts/<name>/…` as reasons name it; empty for the release's own. */
  readonly path: string;
  readonly schema: string;
  readonly values: Json;
}

/** The effective values of each chart with a schema; undefined if helm cannot make them (its render says why). */
export async function effectiveValues(
  release: ReleaseToRender & { readonly chart: Chart },
): Promise<EffectiveValues[] | undefined> {
  const { chart, values } = release;
  if (!hasSchema(chart)) return [];
  return inScratchFolder(release.scratch, async (folder) => {
    await materialise(join(folder, 'chart'), valuesProbe(chart));
    await materialise(
      join(folder, 'values'),
      valuesTree(values, (text) => text),
    );
    // By flags: the probe's document is no object that a server could map.
    const template = { ...templateOf(release, folder), deployer: 'argocd' as const };
    const probed = await helmTemplate(template, () => '');
    if (probed.kind === 'failed') return undefined;
    const text = probed.output.slice(probed.output.indexOf('\n{') + 1);
    const found: EffectiveValues[] = [];
    pair(chart, parseJson(text), '', found);
    return found;
  });
}

const hasSchema = (chart: Chart): boolean =>
  chart.files.has('values.schema.json') || chart.subcharts.some(hasSchema);

function pair(chart: Chart, probed: Json, path: string, into: EffectiveValues[]): void {
  if (!isJsonObject(probed)) return;
  const schema = chart.files.get('values.schema.json')?.data.toString('utf8');
  if (schema !== undefined) into.push({ path, schema, values: probed.values ?? {} });
  if (!isJsonObject(probed.subcharts)) return;
  for (const [name, inner] of Object.entries(probed.subcharts)) {
    const chartName = isJsonObject(inner) ? inner.chart : undefined;
    const subchart = chart.subcharts.find(
      ({ metadata }) => metadata.name === name || metadata.name === chartName,
    );
    if (subchart !== undefined) pair(subchart, inner, `${path}charts/${name}/`, into);
  }
}
