import type { Target } from '../../config/config.ts';
import type { FileEntry, FileTree } from '../../content/tree.ts';
import { blobIdOf } from '../../repository/clone.ts';
import type { CommitPlan } from '../../repository/commit.ts';
import {
  appliedValues,
  appliedValuesFile,
  chartFolder,
  EMPTY_VALUES,
  manifestFile,
  newReleaseFile,
  type ReleaseName,
  releaseFile,
  valuesFile,
  type WrittenFile,
} from '../../repository/layout.ts';
import type { UploadKey } from '../record/keys.ts';
import type { WaitingRecord } from '../record/record.ts';
import type { SlotMark } from '../record/slots.ts';
import { commitMessage } from './message.ts';
import type { Replaced, ReplacedFiles } from './replaced.ts';
import { below, fingerprintOf, type Standing, standingFile } from './standing.ts';

/** An upload that may be committed, with its content. */
export interface Accepted {
  readonly key: UploadKey;
  readonly record: WaitingRecord;
  readonly tree: FileTree;
  /** What Fairlead delivered into the slot last. */
  readonly before?: SlotMark | undefined;
}

export interface Planned {
  readonly accepted: Accepted;
  readonly change: CommitChange | { readonly kind: 'unchanged' };
  /** Fingerprint of the slot's own files after it. */
  readonly files: string;
}

export interface CommitChange {
  readonly kind: 'commit';
  readonly plan: CommitPlan;
  /** Files of others that go with it, and the message once it is known whose they are. */
  readonly replaces?: ReplacedFiles & { readonly message: (whose: Replaced | undefined) => string };
}

export interface PlanParts {
  readonly target: Target;
  readonly repositoryUrl: string;
  readonly bucket: string;
}

/**
 * The commits for one group of uploads (a release's chart and values, or one manifest), each upon the one before:
 * values first, so that no commit shows a chart with values that it was not judged with.
 * @param values text of the release's values as they stand without an upload; undefined where there are none
 */
export function planGroup(
  parts: PlanParts,
  standing: Standing,
  uploads: readonly Accepted[],
  values: string | undefined,
): readonly Planned[] {
  const order = { values: 0, chart: 1, manifest: 2 } as const;
  const sorted = uploads.toSorted((a, b) => order[a.key.kind] - order[b.key.kind]);
  const withChart = sorted.some(({ key }) => key.kind === 'chart');
  const planned: Planned[] = [];
  let now = standing;
  for (const accepted of sorted) {
    const written = filesOf(parts, now, accepted, values, withChart ? 'comes' : 'as it stands');
    const { key, record, before } = accepted;
    const was = before?.chart?.version;
    const message = (replaced: Replaced | undefined) =>
      commitMessage(key, record, parts.bucket, { was, replaced, takenOut: written.takenOut });
    const plan: CommitPlan = { message: message(undefined), ...written };
    const replaces = replacedFiles(ownOf(now, written), before, written);
    const after = apply(now, plan);
    planned.push({
      accepted,
      files: fingerprintOf(ownOf(after, written)),
      change: isSame(now, after)
        ? { kind: 'unchanged' }
        : { kind: 'commit', plan, ...(replaces === undefined ? {} : { replaces: { ...replaces, message } }) },
    });
    now = after;
  }
  return planned;
}

/** Files that are not as they were delivered last, if they ever were. */
function replacedFiles(
  found: Standing,
  before: SlotMark | undefined,
  { place }: Written,
): ReplacedFiles | undefined {
  if (before?.files === fingerprintOf(found)) return undefined;
  if (before !== undefined) return { paths: [place], since: before.commit };
  // Written with a new release, for want of others.
  const theirs = [...found.values()].filter(({ id }) => id !== EMPTY_VALUES_ID);
  return theirs.length > 0 ? { paths: [place] } : undefined;
}

const EMPTY_VALUES_ID = blobIdOf(Buffer.from(EMPTY_VALUES));

interface Written extends Omit<CommitPlan, 'message'> {
  /** Where the upload's own files lie, and none that are derived from it; a folder ends in `/`. */
  readonly place: string;
  /** The file that people have removed, and that would have to be there for the release to be deployed. */
  readonly takenOut?: string;
}

const ownOf = (standing: Standing, { place }: Written): Standing =>
  new Map([...standing].filter(([path]) => (place.endsWith('/') ? path.startsWith(place) : path === place)));

function filesOf(
  { target, repositoryUrl }: PlanParts,
  standing: Standing,
  { key, tree, before }: Accepted,
  valuesText: string | undefined,
  chart: 'comes' | 'as it stands',
): Written {
  if (key.kind === 'manifest') {
    const path = manifestFile(target, key.path);
    return { files: new Map([[path, onlyFile(tree)]]), within: [path], place: path };
  }
  const name: ReleaseName = key;
  const valuesPath = valuesFile(target, name);
  if (key.kind === 'values') {
    const file = onlyFile(tree);
    // Without a release in Git there is nothing to apply yet; with a chart on its way, the chart's commit does it.
    const applies = standing.has(releaseFile(target, name)) && chart === 'as it stands';
    const follows = applies ? appliedValues(target, name, file.data.toString('utf8')) : undefined;
    return {
      files: new Map([[valuesPath, file], ...entriesOf(follows)]),
      within: [valuesPath, appliedValuesFile(target, name)],
      place: valuesPath,
    };
  }
  const folder = chartFolder(target, name);
  const text = valuesText ?? EMPTY_VALUES;
  const setUp = setUpOf(target, name, standing, before);
  return {
    replaces: folder,
    files: new Map([
      ...[...tree].map(([path, file]): [string, FileEntry] => [`${folder}/${path}`, file]),
      ...(standing.has(valuesPath) ? [] : entriesOf({ path: valuesPath, text })),
      ...(setUp === 'taken out' ? [] : entriesOf(appliedValues(target, name, text))),
      ...(setUp === 'new' ? entriesOf(newReleaseFile(target, name, repositoryUrl)) : []),
    ]),
    within: [`${folder}/`, valuesPath, appliedValuesFile(target, name), releaseFile(target, name)],
    place: `${folder}/`,
    ...(setUp === 'taken out' ? { takenOut: releaseFile(target, name) } : {}),
  };
}

/**
 * Whether a release has what its deployer reads. It is written once: where a chart was delivered before and still
 * stands, its absence is what people want.
 */
function setUpOf(
  target: Target,
  name: ReleaseName,
  standing: Standing,
  before: SlotMark | undefined,
): 'new' | 'there' | 'taken out' {
  if (target.deployer === 'none' || standing.has(releaseFile(target, name))) return 'there';
  const stands = below(standing, chartFolder(target, name)).size > 0;
  return before !== undefined && stands ? 'taken out' : 'new';
}

const entriesOf = (file: WrittenFile | undefined): [string, FileEntry][] =>
  file === undefined ? [] : [[file.path, { mode: 0o644, data: Buffer.from(file.text) }]];

function onlyFile(tree: FileTree): FileEntry {
  const [file] = tree.values();
  if (file === undefined || tree.size !== 1) throw new Error('values and manifests are trees of one file');
  return { mode: 0o644, data: file.data };
}

function apply(standing: Standing, { replaces, files }: Pick<CommitPlan, 'replaces' | 'files'>): Standing {
  const after = new Map(standing);
  if (replaces !== undefined) for (const path of below(standing, replaces).keys()) after.delete(path);
  for (const [path, file] of files) after.set(path, standingFile(file));
  return after;
}

const isSame = (before: Standing, after: Standing): boolean => fingerprintOf(before) === fingerprintOf(after);

/** What a group's plan depends on in Git. */
export function placesOf(target: Target, key: UploadKey): readonly string[] {
  if (key.kind === 'manifest') return [manifestFile(target, key.path)];
  return [
    `${chartFolder(target, key)}/`,
    valuesFile(target, key),
    releaseFile(target, key),
    appliedValuesFile(target, key),
  ];
}
