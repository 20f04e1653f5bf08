import * as z from 'zod';
import { eachAtOnce } from '../at-once/at-once.ts';
import type { ObjectStore } from '../aws/objects.ts';
import { following } from '../aws/trail.ts';
import type { Target } from '../config/config.ts';
import { rootOf } from '../config/root.ts';
import { keepTree } from '../content/store.ts';
import { type Digest, digestOf, type FileTree } from '../content/tree.ts';
import { digest } from '../messages/messages.ts';
import { canonicalJson } from '../objects/json.ts';
import { referenceOf } from '../objects/objects.ts';
import { applyFolder } from '../repository/layout.ts';
import { type ApplyFolder, isManifestFile, readApplyFolder } from './apply-folder.ts';
import { type ReleaseDeclaration, unresolved } from './declaration.ts';
import { type RenderingParts, renderDeclaration, renderingOf, renderRequest } from './declared-render.ts';
import { readDriftRules } from './drift-rules.ts';
import type { ClusterMaps } from './flux/maps.ts';
import { gatheredReader } from './gathered-reader.ts';
import { readFolder } from './git-trees.ts';
import { remembering } from './known-answers.ts';
import { upToLimit, wellPlacedKustomizations, wellPlacedReleases } from './places.ts';
import { plainReleases } from './plain-releases.ts';
import {
  type DesiredKustomization,
  type DesiredRelease,
  type DesiredState,
  desiredKey,
  desiredState,
} from './state.ts';

export type { RenderAnswer } from './declared-render.ts';

export interface DesiredParts extends RenderingParts {
  /** Renders and desired states. */
  readonly state: ObjectStore;
  /** Told how many releases are declared, before the first is rendered. */
  readonly onDeclared?: (releases: number) => void;
  /** What the cluster's last check saw of the ConfigMaps that Git refers to and does not declare. */
  readonly clusterMaps?: ClusterMaps;
  readonly now?: () => Date;
  /** The repository's address, so that an Application of another one is not taken for one of this. */
  readonly repositoryUrl?: string;
}

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

/** What a commit declares, before any release of it is rendered. */
export interface Declared extends Pick<DesiredState, 'manifests' | 'appliedBy'> {
  readonly releases: readonly ReleaseDeclaration[];
  /** Those that had to be rendered to know what they declare. */
  readonly rendered?: readonly DesiredRelease[];
  /** What people should know of what is not judged. */
  readonly remarks?: readonly string[];
  readonly kustomizations?: readonly DesiredKustomization[];
  readonly asks?: readonly string[];
  readonly staleValues: readonly string[];
}

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

  const { capabilities, repositoryUrl, applied = {}, clusterMaps = {} } = parts;
  const inputs = digestOf(
    canonicalJson([READER, tip.id, target, capabilities, repositoryUrl, applied, clusterMaps]),
  );
  const read = await parts.state.get(inputsKey(inputs));
  if (read !== undefined) return reread(read.body, parts.state);

  const asking = await remembering(target.name, parts, parts.state, parts.now?.() ?? new Date());
  const gathered = { ...parts, ...asking, clone: gatheredReader(clone, rootOf(target)) };
  const declared = await following({ commit: tip.id }, () => declaredBy(target, tip.id, gathered));
  const { rendered = [] } = declared;
  const declarations = upToLimit(declared.releases, (first, reason) => ({
    ...first,
    source: unresolved(reason),
  }));
  if (declarations.length > 0) parts.onDeclared?.(declarations.length + rendered.length);
  const { kept: releases, remarks: odd } = wellPlacedReleases([
    ...rendered,
    ...(await eachAtOnce(declarations, RENDERS_AT_ONCE, (declaration) =>
      following({ commit: tip.id }, () => desiredRelease(declaration, tip.id, target, gathered)),
    )),
  ]);
  const { manifests, appliedBy, asks = [], staleValues: stale } = declared;
  const { kept: kustomizations, remarks: oddToo } = wellPlacedKustomizations(declared.kustomizations ?? []);
  const remarks = [...(declared.remarks ?? []), ...odd, ...oddToo];
  const rules = await readDriftRules(target, gathered.clone, tip.id);
  const state: DesiredState = {
    schema: 1,
    target: target.name,
    commit: tip.id,
    committedAt: tip.committedAt,
    releases: [...releases].sort(byPlace),
    ...(manifests === undefined ? {} : { manifests }),
    ...(appliedBy === undefined ? {} : { appliedBy }),
    ...(kustomizations.length === 0 ? {} : { kustomizations: [...kustomizations].sort(byPlace) }),
    ...(asks.length === 0 ? {} : { asks: [...asks] }),
    ...(remarks.length === 0 ? {} : { remarks: [...remarks].sort() }),
    ...(rules === undefined ? {} : { rules }),
  };
  await asking.keep();
  const text = canonicalJson(state);
  const stateDigest = digestOf(text);
  await parts.state.putOnce(desiredKey(stateDigest), text, 'application/json');
  // What could not be rendered is tried again each time, since the reason may lie outside the commit; and so is what
  // the newest of a range is.
  const renderings = [
    ...releases.map(({ rendering }) => rendering),
    ...kustomizations.map(({ rendering }) => rendering),
    ...(manifests === undefined ? [] : [manifests]),
  ];
  const isFloating = releases.some(({ chart }) => chart?.newestOf !== undefined);
  if (!isFloating && renderings.every(({ kind }) => kind === 'rendered')) {
    await parts.state.putOnce(inputsKey(inputs), JSON.stringify({ digest: stateDigest, staleValues: stale }));
  }
  return { kind: 'read', state, digest: stateDigest, staleValues: stale };
}

/** Raised when the same commit is to be read otherwise than before. */
const READER = 'reader 8';

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

interface Placed {
  readonly namespace: string;
  readonly name: string;
}
const keyOf = ({ namespace, name }: Placed): string => `${namespace}/${name}`;
const byPlace = (a: Placed, b: Placed): number => (keyOf(a) < keyOf(b) ? -1 : 1);

/** A commit that was read before is read by neither, and hardly any installation has both. */
async function declaredBy(target: Target, commit: string, parts: DesiredParts): Promise<Declared> {
  switch (target.deployer) {
    case 'flux':
      return (await import('./flux/declared-by-flux.ts')).declaredByFlux(target, commit, parts);
    case 'argocd':
      return (await import('./argocd/declared-by-argocd.ts')).declaredByArgocd(target, commit, parts);
    case 'none':
      return declaredByNobody(target, commit, parts);
  }
}

/** Without a deployer: the releases that were delivered, and `apply/` as a directory. */
async function declaredByNobody(target: Target, commit: string, parts: DesiredParts): Promise<Declared> {
  const folder = applyFolder(target);
  const files = await readFolder(parts.clone, commit, folder, isManifestFile(target.deployer));
  const apply: ApplyFolder =
    files.kind === 'unreadable'
      ? { objects: [], broken: files.reason }
      : readApplyFolder(files.files, folder, target.deployer);
  const releases = await plainReleases(target, parts.clone, commit);
  const tree = files.kind === 'read' ? files.files : new Map();
  const manifests = await desiredManifests(apply, tree, target, parts);
  return { releases, ...(manifests === undefined ? {} : { manifests }), staleValues: [] };
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
  const tree = await keepTree(content, files);
  const subject = { kind: 'manifests' as const, tree, path: applyFolder(target) };
  const request = renderRequest(target, capabilities, subject);
  return renderingOf(await render(request), request);
}

async function desiredRelease(
  declaration: ReleaseDeclaration,
  commit: string,
  target: Target,
  parts: DesiredParts,
): Promise<DesiredRelease> {
  const { namespace, name, deployedBy, suspended } = declaration;
  const { chart, chartTree, rendering } = await renderDeclaration(declaration, commit, target, parts);
  return {
    namespace,
    name,
    ...(chart === undefined ? {} : { chart }),
    ...(chartTree === undefined ? {} : { chartTree }),
    ...(deployedBy === undefined ? {} : { deployedBy: { namespace: 'default', ...referenceOf(deployedBy) } }),
    suspended,
    rendering,
  };
}
