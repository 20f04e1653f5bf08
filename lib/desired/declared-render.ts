import type { Capabilities, RenderRequest, RenderResponse } from '../charts/render-request.ts';
import type { Target } from '../config/config.ts';
import { keepTree, type TreeStore } from '../content/store.ts';
import { digestOf } from '../content/tree.ts';
import { holdsPlaceholder } from '../kustomize/placeholders.ts';
import { canonicalJson, formatJson } from '../objects/json.ts';
import {
  isJsonObject,
  type KubernetesObject,
  type ObjectReference,
  referenceOf,
} from '../objects/objects.ts';
import { parseYamlDocuments } from '../objects/yaml.ts';
import { withDependencies } from './chart-dependencies.ts';
import type { CommitReader } from './commit-reader.ts';
import type { OutsideChart, ReleaseDeclaration, ReleaseSource } from './declaration.ts';
import { storeChart } from './git-trees.ts';
import type { OutsideCharts } from './outside/outside-charts.ts';
import { rangeOf } from './outside/versions.ts';
import type { DesiredRelease } from './state.ts';
import { fileInChart, type StoredValues, storeValues, withChartValues } from './values-documents.ts';

export type RenderAnswer =
  | RenderResponse
  /** Rendering itself broke: ran out of time or memory. In words for people. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface RenderingParts {
  readonly clone: CommitReader;
  /** Trees of charts and values. */
  readonly content: TreeStore;
  /** `render-release`, or its library directly. */
  readonly render: (request: RenderRequest) => Promise<RenderAnswer>;
  readonly capabilities: Capabilities;
  /** Where charts come from that lie in no repository; absent: nowhere. */
  readonly outside?: OutsideCharts;
  /** Versions of charts that the deployer reports as applied, by `kind/namespace/name` of its object. */
  readonly applied?: AppliedVersions;
}

export type AppliedVersions = Readonly<Record<string, string>>;
export const appliedKey = ({
  kind,
  namespace = 'default',
  name,
}: Omit<ObjectReference, 'apiVersion'>): string => `${kind}/${namespace}/${name}`;

export type Rendered = Pick<DesiredRelease, 'chart' | 'chartTree' | 'rendering'>;

const unknown = (reason: string): Rendered => ({ rendering: { kind: 'unknown', reason } });

/** What a release renders to, or why it does not: one `unknown`. */
export async function renderDeclaration(
  declaration: ReleaseDeclaration,
  commit: string,
  target: Target,
  parts: RenderingParts,
): Promise<Rendered> {
  const { namespace, name, source, deployedBy, shaping } = declaration;
  if (source.kind === 'unresolved') return unknown(source.reason);
  const own = deployedBy === undefined ? undefined : ownerIn(target, deployedBy);
  if (source.kind === 'manifests')
    return { rendering: await manifestsOf(source, namespace, own, target, parts) };
  const chart =
    source.kind === 'outside'
      ? await chartOutside(source, deployedBy, parts)
      : await chartInGit(source, target.deployer, commit, parts);
  if (chart.kind === 'unavailable') return { ...chart.about, ...unknown(chart.reason) };
  const values = await storeValues(source.values, parts.clone, commit, parts.content);
  if (values.kind === 'unresolved') return { ...chart.about, ...unknown(values.reason) };

  const request = renderRequest(target, parts.capabilities, {
    kind: 'release',
    namespace,
    release: name,
    ...chart.subject,
    values: [...values.result.values],
    ...otherwise(values.result, shaping),
    ...(shaping === undefined ? {} : { shaping }),
    ...(source.flags === undefined ? {} : { flags: source.flags }),
    ...(own === undefined ? {} : { deployedBy: own }),
  });
  return { ...chart.about, rendering: renderingOf(await parts.render(request), request) };
}

interface Owner {
  readonly namespace: string;
  readonly name: string;
}

/** As its objects are marked: Applications outside of Argo CD's own namespace are `<namespace>_<name>`. */
function ownerIn({ deployer, argocdNamespace }: Target, { metadata }: KubernetesObject): Owner {
  const { name, namespace } = metadata;
  const isApart = deployer === 'argocd' && namespace !== undefined && namespace !== argocdNamespace;
  return { namespace: namespace ?? 'default', name: isApart ? `${namespace}_${name}` : name };
}

async function manifestsOf(
  { folder, tree, build }: Extract<ReleaseSource, { kind: 'manifests' }>,
  namespace: string,
  own: Owner | undefined,
  target: Target,
  { content, render, capabilities }: RenderingParts,
): Promise<Rendered['rendering']> {
  const request = renderRequest(target, capabilities, {
    kind: 'manifests',
    tree: await keepTree(content, tree),
    path: folder,
    namespace,
    ...(build === undefined ? {} : { build }),
    ...(own === undefined ? {} : { deployedBy: own }),
  });
  return renderingOf(await render(request), request);
}

/** Values with other placeholders, where one stands anywhere: then both are rendered. */
function otherwise(
  { values, others }: StoredValues,
  shaping: ReleaseDeclaration['shaping'],
): Pick<ReleaseSubject, 'otherValues'> {
  if (others !== undefined) return { otherValues: [...others] };
  return shaping !== undefined && holdsPlaceholder(formatJson(shaping))
    ? { otherValues: values.filter((each) => typeof each === 'string') }
    : {};
}

type About = Pick<DesiredRelease, 'chart' | 'chartTree'>;
type ReleaseSubject = Extract<RenderRequest['subject'], { kind: 'release' }>;
type FoundChart =
  | {
      readonly kind: 'found';
      readonly about: About;
      readonly subject: Pick<ReleaseSubject, 'chart' | 'form' | 'chartValues'>;
    }
  | { readonly kind: 'unavailable'; readonly about?: About; readonly reason: string };

async function chartInGit(
  { chart, chartValues }: Extract<ReleaseSource, { kind: 'in-git' }>,
  deployer: Target['deployer'],
  commit: string,
  parts: RenderingParts,
): Promise<FoundChart> {
  const { clone, content } = parts;
  const stored = await storeChart(clone, content, commit, chart);
  if (stored.kind === 'absent') return { kind: 'unavailable', reason: `${chart} is not in the commit` };
  if (stored.kind === 'unreadable') return { kind: 'unavailable', reason: stored.reason };
  const about = { ...chartOf(stored.about), chartTree: stored.tree };
  const whole = await withDependencies({ ...stored, folder: chart }, deployer, commit, parts);
  if (whole.kind === 'incomplete') return { kind: 'unavailable', about, reason: whole.reason };
  const tree = await withChartValues(whole.tree, chartValues, clone, commit, content);
  return tree.kind === 'unresolved'
    ? { kind: 'unavailable', about, reason: tree.reason }
    : { kind: 'found', about, subject: { chart: tree.result } };
}

async function chartOutside(
  { chart, chartValues }: Extract<ReleaseSource, { kind: 'outside' }>,
  deployedBy: KubernetesObject | undefined,
  { outside, applied = {} }: RenderingParts,
): Promise<FoundChart> {
  if (outside === undefined)
    return { kind: 'unavailable', reason: `${chart.url} is not asked for charts here` };
  const range = rangeIn(chart);
  // Which of a range runs, the deployer says; a newer one in the index is not its doing yet.
  const key = deployedBy === undefined ? '' : appliedKey(referenceOf(deployedBy));
  const reported = Object.hasOwn(applied, key) ? applied[key] : undefined;
  const running =
    range !== undefined && reported !== undefined && rangeOf(range)?.admits(reported) ? reported : undefined;
  const fetched = await outside.fetch(chart, running);
  if (fetched.kind === 'unavailable') return fetched;
  const { name, version, tree } = fetched;
  return {
    kind: 'found',
    about: {
      chart: { name, version, ...(range === undefined || running !== undefined ? {} : { newestOf: range }) },
    },
    subject: {
      chart: tree,
      form: 'package',
      ...(chartValues.length === 0 ? {} : { chartValues: chartValues.map(fileInChart) }),
    },
  };
}

/** The range, where no single version is declared. */
function rangeIn(chart: OutsideChart): string | undefined {
  const { reference } = chart.kind === 'oci' ? chart : { reference: { ...chart, kind: 'version' as const } };
  if (reference.kind !== 'version') return undefined;
  const declared = reference.version;
  return rangeOf(declared)?.kind === 'range' ? declared || '*' : undefined;
}

export const renderRequest = (
  target: Target,
  capabilities: Capabilities,
  subject: RenderRequest['subject'],
): RenderRequest => ({
  schema: 1,
  purpose: 'desired',
  target: target.name,
  deployer: target.deployer,
  capabilities,
  boundary: {
    namespaces: target.namespaces,
    allowKinds: target.allowKinds,
    allowPlainSecrets: target.allowPlainSecrets,
  },
  subject,
});

export function renderingOf(answer: RenderAnswer, request: RenderRequest): DesiredRelease['rendering'] {
  switch (answer.kind) {
    case 'rendered': {
      const { target, deployer, subject } = request;
      // Argo CD renders anew all the time, so that what the cluster serves now is part of what it applies.
      if (deployer === 'argocd') return { kind: 'rendered', render: answer.render };
      const inputs = digestOf(canonicalJson({ target, deployer, subject }));
      return { kind: 'rendered', render: answer.render, inputs };
    }
    case 'rejected':
      return { kind: 'unknown', reason: reasonsInWords(answer.reasons) };
    case 'failed':
      return { kind: 'unknown', reason: answer.reason };
  }
}

function reasonsInWords(reasons: Extract<RenderResponse, { kind: 'rejected' }>['reasons']): string {
  const [first] = reasons;
  if (first === undefined) return 'it could not be rendered';
  const file =
    first.place?.file === undefined
      ? ''
      : ` (${first.place.file}${first.place.line === undefined ? '' : `:${first.place.line}`})`;
  const others = reasons.length > 1 ? `, and ${reasons.length - 1} more` : '';
  return `it does not render: ${first.message}${file}${others}`;
}

/** Name and version as Chart.yaml says them; nothing where it does not. */
function chartOf(chartYaml: string): Pick<DesiredRelease, 'chart'> {
  const parsed = parseYamlDocuments(chartYaml, 'kubernetes');
  const value = parsed.kind === 'parsed' ? parsed.documents[0]?.value : undefined;
  return isJsonObject(value) && typeof value.name === 'string' && typeof value.version === 'string'
    ? { chart: { name: value.name, version: value.version } }
    : {};
}
