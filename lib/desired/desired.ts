import * as z from 'zod';
import { eachAtOnce } from '../at-once/at-once.ts';
import type { ObjectStore } from '../aws/objects.ts';
import type { Capabilities, RenderRequest, RenderResponse } from '../charts/render-request.ts';
import type { Target } from '../config/config.ts';
import { putTree } from '../content/store.ts';
import { type Digest, digestOf, type FileTree } from '../content/tree.ts';
import { digest } from '../messages/messages.ts';
import { canonicalJson } from '../objects/json.ts';
import { isJsonObject, referenceOf } from '../objects/objects.ts';
import { parseYamlDocuments } from '../objects/yaml.ts';
import { applyFolder } from '../repository/layout.ts';
import { type Here, isApplication, readApplication } from './application.ts';
import { type ApplyFolder, findDeclared, isManifestFile, readApplyFolder } from './apply-folder.ts';
import type { CommitReader } from './commit-reader.ts';
import type { ReleaseDeclaration } from './declaration.ts';
import { readDriftRules } from './drift-rules.ts';
import { readFolder, storeChart } from './git-trees.ts';
import { isHelmRelease, readHelmRelease } from './helm-release.ts';
import { plainReleases } from './plain-releases.ts';
import { staleValues } from './stale-values.ts';
import { type DesiredRelease, type DesiredState, desiredKey, desiredState } from './state.ts';
import { storeValues, withChartValues } from './values-documents.ts';

export interface DesiredParts {
  readonly clone: CommitReader;
  /** Trees of charts and values. */
  readonly content: ObjectStore;
  /** Renders and desired states. */
  readonly state: ObjectStore;
  /** `render-release`, or its library directly. */
  readonly render: (request: RenderRequest) => Promise<RenderAnswer>;
  readonly capabilities: Capabilities;
  /** Told how many releases are declared, before the first is rendered. */
  readonly onDeclared?: (releases: number) => void;
  /** The repository's address, so that an Application of another one is not taken for one of this. */
  readonly repositoryUrl?: string;
}

export type RenderAnswer =
  | RenderResponse
  /** Rendering itself broke: ran out of time or memory. In words for people. */
  | { readonly kind: 'failed'; readonly reason: string };

export type DesiredReading =
  | {
      readonly kind: 'read';
      readonly state: DesiredState;
      /** What it is kept under. */
      readonly digest: Digest;
      /** Releases (`shop/web`) whose ConfigMap in `apply/` is not made of their values.yaml any more. */
      readonly staleValues: readonly string[];
    }
  /** The branch does not exist yet, or has no commit. */
  | { readonly kind: 'no-branch' };

/** Renders asked for at once. */
const RENDERS_AT_ONCE = 4;

/**
 * What the tip of the target's branch declares: each release and `apply/` itself rendered, kept under its digest.
 * What cannot be resolved or rendered is `unknown` in it, with the reason.
 * @throws what the clone or a store throws: then nothing is known of the commit
 */
export async function readDesired(target: Target, parts: DesiredParts): Promise<DesiredReading> {
  const { clone } = parts;
  const tip = await clone.fetchTip();
  if (tip === undefined) return { kind: 'no-branch' };

  const inputs = digestOf(canonicalJson([READER, tip.id, target, parts.capabilities, parts.repositoryUrl]));
  const read = await parts.state.get(inputsKey(inputs));
  if (read !== undefined) return reread(read.body, parts.state);

  const folder = applyFolder(target);
  const files = await readFolder(clone, tip.id, folder, isManifestFile(target.deployer));
  const apply: ApplyFolder =
    files.kind === 'unreadable'
      ? { objects: [], broken: files.reason }
      : readApplyFolder(files.files, folder, target.deployer);
  const declarations =
    target.deployer === 'none'
      ? await plainReleases(target, clone, tip.id)
      : declaredReleases(apply, { branch: target.branch, url: parts.repositoryUrl });

  parts.onDeclared?.(declarations.length);
  const releases = await eachAtOnce(declarations, RENDERS_AT_ONCE, (declaration) =>
    desiredRelease(declaration, tip.id, target, parts),
  );
  const manifests = await desiredManifests(
    apply,
    files.kind === 'read' ? files.files : new Map(),
    target,
    parts,
  );
  const rules = await readDriftRules(target, clone, tip.id);
  const state: DesiredState = {
    schema: 1,
    target: target.name,
    commit: tip.id,
    committedAt: tip.committedAt,
    releases: [...releases].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    ...(manifests === undefined ? {} : { manifests }),
    ...(rules === undefined ? {} : { rules }),
  };
  const text = canonicalJson(state);
  const stateDigest = digestOf(text);
  await parts.state.putOnce(desiredKey(stateDigest), text, 'application/json');
  const stale = target.deployer === 'flux' ? await staleValues(apply, target, clone, tip.id) : [];
  // What could not be rendered is tried again each time: the reason may lie outside the commit.
  const renderings = [
    ...releases.map(({ rendering }) => rendering),
    ...(manifests === undefined ? [] : [manifests]),
  ];
  if (renderings.every(({ kind }) => kind === 'rendered')) {
    await parts.state.putOnce(inputsKey(inputs), JSON.stringify({ digest: stateDigest, staleValues: stale }));
  }
  return { kind: 'read', state, digest: stateDigest, staleValues: stale };
}

/** Raised when the same commit is to be read otherwise than before. */
const READER = 'reader 2';

/** What a commit declares depends on these inputs alone; the answer for them is kept. */
const inputsKey = (inputs: Digest): string => `desired/by-inputs/${inputs.slice('sha256:'.length)}.json`;

const known = z.object({ digest, staleValues: z.array(z.string()) });

async function reread(body: Buffer, store: ObjectStore): Promise<DesiredReading> {
  const { digest: stateDigest, staleValues: stale } = known.parse(JSON.parse(body.toString('utf8')));
  const stored = await store.get(desiredKey(stateDigest));
  if (stored === undefined) throw new Error(`the state bucket has no ${desiredKey(stateDigest)}`);
  const state = desiredState.parse(JSON.parse(stored.body.toString('utf8')));
  return { kind: 'read', state, digest: stateDigest, staleValues: stale };
}

const keyOf = ({ namespace, name }: DesiredRelease): string => `${namespace}/${name}`;

function declaredReleases(apply: ApplyFolder, here: Here): readonly ReleaseDeclaration[] {
  return apply.objects.flatMap(({ object }) => {
    if (isHelmRelease(object)) {
      return [
        readHelmRelease(object, (namespace, name) => findDeclared(apply, 'ConfigMap', namespace, name)),
      ];
    }
    return isApplication(object) ? [readApplication(object, here)] : [];
  });
}

/** `apply/` itself, as the deployer applies it: plain manifests and its own objects. */
async function desiredManifests(
  apply: ApplyFolder,
  files: FileTree,
  target: Target,
  { content, render, capabilities }: DesiredParts,
): Promise<DesiredState['manifests']> {
  if (apply.broken !== undefined) return { kind: 'unknown', reason: apply.broken };
  if (apply.objects.length === 0) return undefined;
  const tree = await putTree(content, files);
  const subject = { kind: 'manifests' as const, tree, path: applyFolder(target) };
  return renderingOf(await render(renderRequest(target, capabilities, subject)));
}

async function desiredRelease(
  declaration: ReleaseDeclaration,
  commit: string,
  target: Target,
  parts: DesiredParts,
): Promise<DesiredRelease> {
  const { namespace, name, deployedBy, suspended } = declaration;
  const { chart, rendering } = await renderDeclaration(declaration, commit, target, parts);
  return {
    namespace,
    name,
    ...(chart === undefined ? {} : { chart }),
    ...(deployedBy === undefined ? {} : { deployedBy: { namespace: 'default', ...referenceOf(deployedBy) } }),
    suspended,
    rendering,
  };
}

type Rendered = Pick<DesiredRelease, 'chart' | 'rendering'>;

const unknown = (reason: string): Rendered => ({ rendering: { kind: 'unknown', reason } });

async function renderDeclaration(
  { namespace, name, source, deployedBy }: ReleaseDeclaration,
  commit: string,
  target: Target,
  { clone, content, render, capabilities }: DesiredParts,
): Promise<Rendered> {
  if (source.kind === 'unresolved') return unknown(source.reason);
  if (source.kind === 'outside') return unknown('the chart comes from outside, which is not fetched yet');
  const stored = await storeChart(clone, content, commit, source.chart);
  if (stored.kind === 'absent') return unknown(`${source.chart} is not in the commit`);
  if (stored.kind === 'unreadable') return unknown(stored.reason);
  const about = chartOf(stored.about);
  const chart = await withChartValues(stored.tree, source.chartValues, clone, commit, content);
  if (chart.kind === 'unresolved') return { ...about, ...unknown(chart.reason) };
  const values = await storeValues(source.values, clone, commit, content);
  if (values.kind === 'unresolved') return { ...about, ...unknown(values.reason) };

  const own = deployedBy === undefined ? undefined : { namespace: 'default', ...deployedBy.metadata };
  const response = await render(
    renderRequest(target, capabilities, {
      kind: 'release',
      namespace,
      release: name,
      chart: chart.result,
      values: [...values.result],
      ...(own === undefined ? {} : { deployedBy: { namespace: own.namespace, name: own.name } }),
    }),
  );
  return { ...about, rendering: renderingOf(response) };
}

const renderRequest = (
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

function renderingOf(answer: RenderAnswer): DesiredRelease['rendering'] {
  switch (answer.kind) {
    case 'rendered':
      return { kind: 'rendered', render: answer.render };
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
