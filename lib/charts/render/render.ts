import { join } from 'node:path';
import type { ObjectStore } from '../../aws/objects.ts';
import { sealingKey } from '../../content/sealing-key.ts';
import { getTree } from '../../content/store.ts';
import type { Digest, FileTree } from '../../content/tree.ts';
import { buildAsFlux } from '../../kustomize/flux-build.ts';
import type { FluxBuild } from '../../kustomize/flux-kustomization.ts';
import { identityOf, type KubernetesObject, referenceOf } from '../../objects/objects.ts';
import { sealSecret } from '../../objects/secrets.ts';
import { limited } from '../files/limited.ts';
import { listImages } from '../image-list.ts';
import { type ApplyVerdict, checkApplied } from '../judge/apply-checks.ts';
import { checkImages, imagesIn } from '../judge/images.ts';
import { checkObjects } from '../judge/object-checks.ts';
import { checkReleaseSize, judgeInputs } from '../judge/release-judge.ts';
import { checkServed } from '../judge/served.ts';
import { variantsOf } from '../judge/variants.ts';
import { loadChart } from '../package/chart.ts';
import { distinct, type Reason, reason } from '../reasons.ts';
import type {
  ChartFile,
  DeclaredObject,
  RenderedObject,
  RenderRequest,
  RenderResponse,
  RenderSubject,
} from '../render-request.ts';
import { digestOfInputs, digestOfRenderer, keep, keptAnswer, type Tools } from './kept-render.ts';
import { readManifests } from './manifest-render.ts';
import { marksOf } from './marks.ts';
import { openedChart } from './outside-package.ts';
import { clusterScopedBy, placed } from './placement.ts';
import {
  type RawObject,
  type ReleaseToRender,
  renderWithHelm,
  type ValuesDocument,
} from './release-render.ts';
import { type Stable, unstableIn } from './stability.ts';

export interface RenderParts {
  /** Trees, by digest. */
  readonly content: ObjectStore;
  /** Renders, by digest, and the sealing key. */
  readonly state: ObjectStore;
  /** Folder that holds `helm/helm` and `kubectl/kubectl`. */
  readonly tools: string;
  /** Writable folder; what is put there is removed. */
  readonly scratch: string;
}

/**
 * Renders a release or manifests as the target's deployer would, and keeps the result in the state bucket under the
 * digest of all that it depends on: what is there already is not rendered again.
 * With purpose `judge` everything is checked, and a render is kept only of what may be committed.
 * @throws MissingContent if the content store lacks a tree
 */
export async function renderRelease(request: RenderRequest, parts: RenderParts): Promise<RenderResponse> {
  const seal = await sealingKey(parts.state);
  const tools = toolsFor(request, parts);
  const render = await digestOfInputs(request, tools, seal);
  const answer =
    (await keptAnswer(request, render, parts.state)) ?? (await renderedAnew(request, render, seal, parts));
  return answer.kind === 'rendered' ? { ...answer, renderer: await digestOfRenderer(tools, seal) } : answer;
}

async function renderedAnew(
  request: RenderRequest,
  render: Digest,
  seal: Buffer,
  parts: RenderParts,
): Promise<RenderResponse> {
  const { subject } = request;
  const raw =
    subject.kind === 'release'
      ? await rawRelease(request, subject, parts)
      : await rawManifests(request, subject, parts);
  if (raw.kind === 'rejected') return { schema: 1, kind: 'rejected', reasons: distinct(raw.reasons) };
  if (raw.kind === 'not-here') return { schema: 1, kind: 'rendered', render, warnings: raw.warnings };

  const [first = [], ...others] = raw.renders.map((objects) =>
    applied(request, objects, raw.namespace, seal),
  );
  const objects = withCrdsPolicy(request, unstableIn(first, others));
  const judgement =
    request.purpose === 'judge' ? await judgeObjects(request, objects, others, parts.state) : UNJUDGED;
  const reasons = [...raw.reasons, ...judgement.reasons];
  if (reasons.length > 0) return { schema: 1, kind: 'rejected', reasons: distinct(reasons) };
  const warnings = distinct([...raw.warnings, ...judgement.warnings]);
  const result = objects.map(
    ({ object, role, source, unstable, sometimes, unstableName, usesLookup }): RenderedObject => ({
      object,
      role,
      source,
      unstable,
      ...(sometimes === undefined ? {} : { sometimes }),
      ...(unstableName === undefined ? {} : { unstableName }),
      usesLookup,
    }),
  );
  const images = imagesOf(objects, others);
  const judged = { warnings, declares: declaredBy(objects), ...(images === undefined ? {} : { images }) };
  return keep(request, render, { schema: 1, objects: result }, judged, parts.state);
}

/**
 * CRDs of `crds/` that the release never installs are nobody's; those that only an upgrade creates may be absent. Argo CD
 * applies them like all else, at each sync (argo-cd, util/helm/cmd.go: `--include-crds`).
 */
function withCrdsPolicy(
  { subject, deployer }: RenderRequest,
  objects: readonly Stable<Applied>[],
): readonly Stable<Applied>[] {
  const shaped = (subject.kind === 'release' ? subject.shaping?.crds : undefined) ?? 'installed';
  const crds = deployer === 'argocd' ? 'upgraded' : shaped;
  switch (crds) {
    case 'installed':
      return objects;
    case 'upgraded':
      return objects.map((entry) => (entry.role === 'crd' ? { ...entry, role: 'upgraded-crd' } : entry));
    case 'never':
      return objects.filter(({ role }) => role !== 'crd');
    case 'perhaps':
      return objects.map((entry) =>
        entry.role === 'crd' ? { ...entry, unstable: ['', ...entry.unstable] } : entry,
      );
  }
}

/** What two releases cannot both have: CRDs of `crds/` are installed once, by whoever is first. */
const declaredBy = (objects: readonly Stable<Applied>[]): DeclaredObject[] =>
  objects
    .filter(({ role, unstable }) => role === 'applied' && !unstable.includes('/metadata/name'))
    .map(({ object, source }) => ({ object: identityOf(referenceOf(object)), source }));

/** Whatever one of the renders runs: an upgrade is applied as well as an install, and so are hooks and tests. */
const imagesOf = (objects: readonly Applied[], others: readonly (readonly Applied[])[]) =>
  listImages(
    [objects, ...others].flat().flatMap(({ object }) => imagesIn(object).map(({ reference }) => reference)),
  );

const UNJUDGED: ApplyVerdict = { reasons: [], warnings: [] };

async function judgeObjects(
  request: RenderRequest,
  objects: readonly Stable<Applied>[],
  others: readonly (readonly Applied[])[],
  state: ObjectStore,
): Promise<ApplyVerdict> {
  const judged = objects.map(inClear);
  const otherwise = others.map((render) => render.map(inClear));
  const variants = variantsOf(judged, otherwise);
  const { reasons, warnings } = await checkApplied([...judged, ...variants], request, state);
  return {
    reasons: [
      ...checkObjects(judged, otherwise, variants, request),
      ...checkImages([...judged, ...variants], request.boundary),
      ...reasons,
    ],
    warnings: [...checkServed([...judged, ...variants], request.capabilities), ...warnings],
  };
}

const inClear = <Entry extends Applied>({ clear, ...entry }: Entry) => ({ ...entry, object: clear });

type Raw =
  | {
      readonly kind: 'rendered';
      readonly renders: readonly (readonly RawObject[])[];
      /** Where namespaced objects without a namespace go. */
      readonly namespace: string;
      readonly reasons: readonly Reason[];
      readonly warnings: readonly Reason[];
    }
  | { readonly kind: 'rejected'; readonly reasons: readonly Reason[] }
  /** Only the cluster can answer what its templates ask. Nothing is kept. */
  | { readonly kind: 'not-here'; readonly warnings: readonly Reason[] };

const helmIn = ({ tools }: RenderParts): string => join(tools, 'helm', 'helm');
const kubectlIn = ({ tools }: RenderParts): string => join(tools, 'kubectl', 'kubectl');

/** The programs whose version a render depends on. */
const toolsFor = ({ subject }: RenderRequest, parts: RenderParts): Tools => ({
  helm: helmIn(parts),
  ...(needsKustomize(subject) ? { kubectl: kubectlIn(parts) } : {}),
});

/** Whether kubectl, which has kustomize in it, is run beside helm. */
export const needsKustomize = (subject: RenderSubject): boolean =>
  subject.kind === 'manifests'
    ? subject.build !== undefined
    : (subject.shaping?.postRenderers.length ?? 0) > 0;

async function rawRelease(
  request: RenderRequest,
  subject: Extract<RenderSubject, { kind: 'release' }>,
  parts: RenderParts,
): Promise<Raw> {
  const opened = await openedChart(subject, await getTree(parts.content, subject.chart), request.deployer);
  if (opened.kind === 'refused') return { kind: 'rejected', reasons: opened.reasons };
  const { tree } = opened;
  const values = await Promise.all(opened.values.map((each) => valuesDocument(each, tree, parts)));
  const otherValues =
    subject.otherValues === undefined
      ? undefined
      : await Promise.all(subject.otherValues.map((digest) => valuesDocument(digest, tree, parts)));
  const { reasons: againstChart, chart } = await loadChart(tree);
  const release: ReleaseToRender = {
    request,
    namespace: subject.namespace,
    release: subject.release,
    tree,
    chart,
    values,
    ...(otherValues === undefined ? {} : { otherValues }),
    ...(subject.shaping === undefined ? {} : { shaping: subject.shaping }),
    ...(subject.flags === undefined ? {} : { flags: subject.flags }),
    helm: helmIn(parts),
    kubectl: kubectlIn(parts),
    scratch: parts.scratch,
  };
  const isJudged = request.purpose === 'judge';
  const reasons: Reason[] = isJudged ? [...againstChart] : [];
  if (isJudged && chart === undefined) return { kind: 'rejected', reasons };
  if (isJudged && chart !== undefined) reasons.push(...(await judgeInputs({ ...release, chart })));

  // helm would only say the same of values that cannot be read.
  if (reasons.some(({ code }) => code === 'yaml-invalid')) return { kind: 'rejected', reasons };

  const rendered = await renderWithHelm(release);
  if (rendered.kind === 'failed') {
    const asked = rendered.askedCluster && isJudged && reasons.length === 0;
    if (!asked) return { kind: 'rejected', reasons: [...reasons, ...rendered.reasons] };
    const warnings = rendered.reasons.map(({ place, excerpt }) =>
      reason('render-asked-cluster', {}, place, excerpt),
    );
    return { kind: 'not-here', warnings };
  }
  if (isJudged && chart !== undefined && request.deployer !== 'argocd')
    reasons.push(...checkReleaseSize(chart, values, rendered.output));
  const asking = rendered.renders[0]?.find(({ usesLookup }) => usesLookup);
  const warnings = asking === undefined ? [] : [reason('render-uses-lookup', {}, { file: asking.source })];
  const { renders } = rendered;
  return {
    kind: 'rendered',
    renders,
    namespace: subject.namespace,
    reasons: [...reasons, ...rendered.reasons],
    warnings,
  };
}

/** A values document: a tree of one file, or a file of the chart. */
async function valuesDocument(
  from: Digest | ChartFile,
  chart: FileTree,
  parts: RenderParts,
): Promise<ValuesDocument> {
  const [entry] =
    typeof from === 'string'
      ? await getTree(parts.content, from)
      : [...chart].filter(([path]) => path === from.chartFile);
  const [file, { data }] = entry ?? ['values.yaml', { data: Buffer.alloc(0) }];
  const text = data.toString('utf8');
  const read = await limited('readValues', { text, file });
  const value = read.kind === 'done' ? read.result.values : undefined;
  return { file, text, ...(value === undefined ? {} : { value }) };
}

/** Where kubectl and kustomize-controller put what names no namespace. */
const DEFAULT_NAMESPACE = 'default';

async function rawManifests(
  request: RenderRequest,
  subject: Extract<RenderSubject, { kind: 'manifests' }>,
  parts: RenderParts,
): Promise<Raw> {
  const tree = await getTree(parts.content, subject.tree);
  if (subject.build !== undefined) return builtManifests(subject.build, tree, parts);
  const read = await readManifests(request, tree, subject.path);
  if (read.kind === 'failed') return { kind: 'rejected', reasons: read.reasons };
  return {
    kind: 'rendered',
    renders: [read.objects],
    namespace: subject.namespace ?? DEFAULT_NAMESPACE,
    reasons: [],
    warnings: [],
  };
}

async function builtManifests(build: FluxBuild, tree: FileTree, parts: RenderParts): Promise<Raw> {
  const built = await buildAsFlux(tree, build, { kubectl: kubectlIn(parts), scratch: parts.scratch });
  if (built.kind === 'failed')
    return { kind: 'rejected', reasons: [reason('kustomize-failed', { problem: built.reason })] };
  return {
    kind: 'rendered',
    renders: built.builds.map((objects) =>
      objects.map(({ object, source }) => ({
        object,
        source,
        place: { file: source },
        // To kustomize-controller helm's marks are annotations like any other.
        role: 'applied',
        usesLookup: false,
      })),
    ),
    namespace: DEFAULT_NAMESPACE,
    reasons: [],
    warnings: [],
  };
}

interface Applied extends RawObject {
  /** With Secret values in clear: for the checks, kept nowhere. */
  readonly clear: KubernetesObject;
}

/** The objects as the deployer applies them: placed, marked; Secrets sealed. */
function applied(
  request: RenderRequest,
  objects: readonly RawObject[],
  namespace: string,
  seal: Buffer,
): Applied[] {
  const mark = marksOf(request);
  const clusterScoped = clusterScopedBy(objects.map(({ object }) => object));
  return objects.map((entry) => {
    const clear = mark(placed(entry.object, namespace, clusterScoped), entry.role);
    return { ...entry, clear, object: sealSecret(clear, seal) };
  });
}
