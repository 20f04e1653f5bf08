import type { ObjectStore } from '../../aws/objects.ts';
import type { Table } from '../../aws/table.ts';
import type { ImageList } from '../../charts/image-list.ts';
import { type Reason, reason } from '../../charts/reasons.ts';
import type { DeclaredObject, RenderSubject } from '../../charts/render-request.ts';
import type { Target } from '../../config/config.ts';
import { getTree, putTree } from '../../content/store.ts';
import { type Digest, treeOfFile } from '../../content/tree.ts';
import type { Clone } from '../../repository/clone.ts';
import { chartFolder, EMPTY_VALUES, manifestFile, releaseFile, valuesFile } from '../../repository/layout.ts';
import { slotOf, type UploadKey } from '../record/keys.ts';
import type { WaitingRecord } from '../record/record.ts';
import { deliveredVersion, readMark } from '../record/slots.ts';
import type { Judge, Judgement } from './judge.ts';
import { mayHeal } from './judge.ts';
import { type Accepted, type Planned, type PlanParts, planGroup } from './plan.ts';
import { below, fingerprintOf, type Standing, storeStanding } from './standing.ts';
import { whyUntrusted } from './trusted.ts';

/** A waiting upload with what its key says. */
export interface Candidate {
  readonly key: UploadKey;
  readonly record: WaitingRecord;
}

/** The waiting uploads of one release, or of one manifest. */
export interface Group {
  readonly target: Target;
  /** The candidates of each slot, newest first. */
  readonly slots: readonly (readonly Candidate[])[];
}

export interface GroupParts extends PlanParts {
  readonly table: Table;
  readonly content: ObjectStore;
  readonly clone: Clone;
  readonly judge: Judge;
  readonly now: () => Date;
  /** `left`: what is only proposed is nobody's yet (hints.ts). */
  readonly hints?: 'kept' | 'left';
}

/** What may be committed, with what it was let pass with. */
export interface Decided extends Planned {
  readonly warnings: readonly Reason[];
  /** Which images run with it; absent: none. */
  readonly images?: ImageList;
}

export interface GroupDecision {
  readonly planned: readonly Decided[];
  /** What it will declare if that is committed; absent where nothing is, or only the cluster could say. */
  readonly declares?: readonly DeclaredObject[];
  /** What it will render to, in the state bucket; absent where nothing is rendered. */
  readonly render?: Digest | undefined;
  readonly rejected: readonly { readonly record: WaitingRecord; readonly reasons: readonly Reason[] }[];
  /** Left for later: why, for operators. */
  readonly waits?: string;
}

/**
 * Decides over the waiting uploads of one release (or manifest) as it would stand after the commit: the newest chart
 * with the newest values. What is rejected supersedes nothing: the next older one of its slot is judged.
 * @param slots the candidates of each slot, newest first
 */
export async function decideGroup(
  parts: GroupParts,
  standing: Standing,
  slots: readonly (readonly Candidate[])[],
): Promise<GroupDecision> {
  const rejected: { record: WaitingRecord; reasons: readonly Reason[] }[] = [];
  const left = slots.map((candidates) => [...candidates]);
  const refuse = (candidate: Candidate, reasons: readonly Reason[]) => {
    rejected.push({ record: candidate.record, reasons });
    for (const candidates of left) if (candidates[0] === candidate) candidates.shift();
  };
  for (;;) {
    const newest = left.flatMap(([first]) => (first === undefined ? [] : [first]));
    if (newest.length === 0) return { planned: [], rejected };

    const unfit = (await firstUntrusted(parts, newest)) ?? (await firstImmutable(parts, standing, newest));
    if (unfit !== undefined) {
      refuse(unfit.candidate, [unfit.reason]);
      continue;
    }
    const whole = await judgeTogether(parts, standing, newest);
    if (whole.kind === 'accepted') return { ...acceptedOf(whole), rejected };
    if (whole.kind === 'unjudged') return { planned: [], rejected, waits: whole.says };
    if (mayHeal(whole.reasons) && newest.some(({ record }) => isFresh(parts, record)))
      return { planned: [], rejected, waits: 'its other half may come' };

    // One of two may be well without the other, upon what is in Git.
    const alone = newest.length < 2 ? undefined : await firstAccepted(parts, standing, newest);
    if (alone?.kind === 'unjudged') return { planned: [], rejected, waits: alone.says };
    for (const candidate of newest) {
      if (candidate !== alone?.candidate) refuse(candidate, whole.reasons);
    }
    if (alone !== undefined) return { ...acceptedOf(alone), rejected };
  }
}

/** Within the time in which a sibling uploaded with it may still come. */
const isFresh = ({ target, now }: GroupParts, { receivedAt }: WaitingRecord): boolean =>
  now().getTime() < Date.parse(receivedAt) + target.judgeAgainSeconds * 1000;

async function firstAccepted(parts: GroupParts, standing: Standing, candidates: readonly Candidate[]) {
  for (const candidate of candidates) {
    const verdict = await judgeTogether(parts, standing, [candidate]);
    if (verdict.kind === 'accepted') return { ...verdict, candidate };
    if (verdict.kind === 'unjudged') return { ...verdict, candidate: undefined };
  }
  return undefined;
}

interface AcceptedTogether {
  readonly kind: 'accepted';
  readonly planned: readonly Decided[];
  readonly declares: readonly DeclaredObject[];
  readonly render: Digest | undefined;
}
const acceptedOf = ({ planned, declares, render }: AcceptedTogether) => ({ planned, declares, render });

type Verdict =
  | AcceptedTogether
  | { readonly kind: 'rejected'; readonly reasons: readonly Reason[] }
  | { readonly kind: 'unjudged'; readonly says: string };

/** Judges what is to be committed together, as the release would stand after it. */
export async function judgeTogether(
  parts: GroupParts,
  standing: Standing,
  candidates: readonly Candidate[],
): Promise<Verdict> {
  const accepted = await Promise.all(candidates.map((candidate) => withContent(parts, candidate)));
  const values = await valuesText(parts, standing, accepted);
  const subject = await subjectOf(parts, standing, accepted, values);
  const judgement = subject === undefined ? WAITS : await parts.judge(parts.target, subject);
  if (judgement.kind !== 'accepted') return judgement;
  const { declares, render, images } = judgement;
  const planned = planGroup(parts, standing, accepted, values).map((one) => ({
    ...one,
    warnings: [...(one.accepted.record.noticed ?? []), ...judgement.warnings].slice(0, WARNINGS_KEPT),
    ...(images === undefined ? {} : { images }),
  }));
  return { kind: 'accepted', planned, declares, render };
}

/** Values without a chart: nothing can be said against them yet. */
const WAITS: Judgement = { kind: 'accepted', warnings: [], declares: [] };
/** In a record: more help nobody. */
const WARNINGS_KEPT = 10;

async function withContent(parts: GroupParts, { key, record }: Candidate): Promise<Accepted> {
  const tree = await getTree(parts.content, record.digest);
  return { key, record, tree, before: await readMark(parts.table, slotOf(key)) };
}

/** The release's values after the commit; undefined where it has none. */
async function valuesText(
  { clone, target }: GroupParts,
  standing: Standing,
  accepted: readonly Accepted[],
): Promise<string | undefined> {
  for (const { key, tree } of accepted) {
    if (key.kind === 'values') return [...tree.values()][0]?.data.toString('utf8');
    if (key.kind !== 'chart') continue;
    const file = standing.get(valuesFile(target, key));
    if (file === undefined || accepted.some((other) => other.key.kind === 'values')) continue;
    return (await clone.blobs([file.id])).get(file.id)?.toString('utf8');
  }
  return undefined;
}

/** What is to be rendered; undefined for values that wait for their chart. */
async function subjectOf(
  parts: GroupParts,
  standing: Standing,
  accepted: readonly Accepted[],
  values: string | undefined,
): Promise<RenderSubject | undefined> {
  const [first] = accepted;
  if (first === undefined) return undefined;
  const { key } = first;
  if (key.kind === 'manifest') {
    return { kind: 'manifests', tree: first.record.digest, path: manifestFile(parts.target, key.path) };
  }
  const chart =
    accepted.find((one) => one.key.kind === 'chart')?.record.digest ??
    (await standingChart(parts, standing, key));
  if (chart === undefined) return undefined;
  const tree = treeOfFile('values.yaml', Buffer.from(values ?? EMPTY_VALUES));
  return {
    kind: 'release',
    namespace: key.namespace,
    release: key.release,
    chart,
    values: [await putTree(parts.content, tree)],
  };
}

/** What stands in Git of a release or manifest, to be rendered; undefined where the deployer reads none. */
export async function standingSubject(
  parts: GroupParts,
  standing: Standing,
  key: UploadKey,
): Promise<RenderSubject | undefined> {
  const { target, clone, content } = parts;
  const textOf = async (path: string): Promise<string | undefined> => {
    const id = standing.get(path)?.id;
    return id === undefined ? undefined : (await clone.blobs([id])).get(id)?.toString('utf8');
  };
  if (key.kind === 'manifest') {
    const path = manifestFile(target, key.path);
    const text = await textOf(path);
    if (text === undefined) return undefined;
    const name = path.slice(path.lastIndexOf('/') + 1);
    return { kind: 'manifests', tree: await putTree(content, treeOfFile(name, Buffer.from(text))), path };
  }
  if (target.deployer !== 'none' && !standing.has(releaseFile(target, key))) return undefined;
  const chart = await standingChart(parts, standing, key);
  if (chart === undefined) return undefined;
  const values = treeOfFile(
    'values.yaml',
    Buffer.from((await textOf(valuesFile(target, key))) ?? EMPTY_VALUES),
  );
  const { namespace, release } = key;
  return { kind: 'release', namespace, release, chart, values: [await putTree(content, values)] };
}

/** The chart that is in Git: known by its mark while nobody has touched it, read from Git otherwise. */
async function standingChart(
  parts: GroupParts,
  standing: Standing,
  key: Exclude<UploadKey, { kind: 'manifest' }>,
): Promise<Digest | undefined> {
  const folder = chartFolder(parts.target, key);
  const files = below(standing, folder);
  // What a revert has left of one is no chart, and nothing that the values are to blame for.
  if (!files.has(`${folder}/Chart.yaml`)) return undefined;
  const mark = await readMark(parts.table, slotOf({ ...key, kind: 'chart', fileName: '' }));
  if (mark?.files === fingerprintOf(files)) return mark.digest;
  return storeStanding(parts.clone, parts.content, standing, folder);
}

async function firstUntrusted({ target }: GroupParts, candidates: readonly Candidate[]) {
  for (const candidate of candidates) {
    const { key, record } = candidate;
    const why = key.kind === 'chart' ? await whyUntrusted(target, record.signer, key) : undefined;
    if (why !== undefined) return { candidate, reason: why };
  }
  return undefined;
}

/** The same version with other content goes unnoticed by deployers, so it is no delivery. */
async function firstImmutable(parts: GroupParts, standing: Standing, candidates: readonly Candidate[]) {
  for (const candidate of candidates) {
    const why = await whyImmutable(parts, standing, candidate);
    if (why !== undefined) return { candidate, reason: why };
  }
  return undefined;
}

/** Why this chart cannot follow what was delivered under its version. */
export async function whyImmutable(
  parts: GroupParts,
  standing: Standing,
  { key, record }: Candidate,
): Promise<Reason | undefined> {
  if (key.kind !== 'chart' || record.chart === undefined) return undefined;
  const { version } = record.chart;
  const before = await standingContent(parts, standing, key, version);
  if (before === undefined || before === record.digest) return undefined;
  if (!parts.target.mutableVersions) return reason('version-immutable', { version, digest: before });
  const file = releaseFile(parts.target, key);
  const id = standing.get(file)?.id;
  if (id === undefined || parts.target.deployer !== 'flux') return undefined;
  const text = (await parts.clone.blobs([id])).get(id)?.toString('utf8') ?? '';
  return /reconcileStrategy:\s*["']?Revision\b/.test(text)
    ? undefined
    : reason('version-kept', { version, file }, { file });
}

/** The content that this version had: as delivered before, else as it stands in Git by somebody else's hand. */
async function standingContent(
  parts: GroupParts,
  standing: Standing,
  key: Exclude<UploadKey, { kind: 'manifest' }>,
  version: string,
): Promise<Digest | undefined> {
  const delivered = await deliveredVersion(parts.table, slotOf(key), version);
  if (delivered !== undefined) return delivered;
  const folder = chartFolder(parts.target, key);
  const id = standing.get(`${folder}/Chart.yaml`)?.id;
  const mark = await readMark(parts.table, slotOf(key));
  // Untouched since our last delivery, which was of another version: nothing needs to be read from Git.
  if (id === undefined || mark?.files === fingerprintOf(below(standing, folder))) return undefined;
  const text = (await parts.clone.blobs([id])).get(id)?.toString('utf8') ?? '';
  const found = /^version:[ \t]*["']?([^\s"'#]+)/m.exec(text)?.[1];
  return found === version ? storeStanding(parts.clone, parts.content, standing, folder) : undefined;
}
