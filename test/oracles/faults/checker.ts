import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import type { Evidence, HistoryCommit, UploadedVersion } from './evidence.ts';
import { holds, isIn, type ReadBranch, readHistory, trailersOf } from './history.ts';
import {
  type ContentFile,
  chartVersion,
  contentOf,
  type Places,
  placesOf,
  readKey,
  type SlotKey,
  sameContent,
  slotName,
} from './reading.ts';
import { PLACES } from './world.ts';

/**
 * Decides from the bucket and from Git alone whether the promise was kept for every upload. Written apart from the
 * code that it checks: it shares nothing with lib/.
 */
export interface Violation {
  readonly rule: Rule;
  readonly what: string;
}

export type Rule =
  | 'one outcome'
  | 'nothing waits'
  | 'evidence shares'
  | 'bad is rejected'
  | 'good is not rejected'
  | 'one commit'
  | 'own commit'
  | 'only its slot'
  | 'its content'
  | 'superseded by newer'
  | 'in order'
  | 'tip holds newest'
  | 'nothing else committed'
  | 'nobody overwritten'
  | 'values in step'
  | 'rendered before'
  | 'version immutable';

export interface Judged {
  readonly violations: readonly Violation[];
  readonly outcomes: Readonly<Record<string, number>>;
}

/** An upload that fills a slot, with what the checker has read of it. */
interface Filled extends UploadedVersion {
  readonly slot: SlotKey;
  readonly places: Places;
  readonly branch: ReadBranch;
  readonly content: ReadonlyMap<string, ContentFile>;
  /** Commits that claim it, anywhere. */
  readonly claimed: readonly { readonly branch: ReadBranch; readonly commit: HistoryCommit }[];
}

export function check(evidence: Evidence): Judged {
  const violations: Violation[] = [];
  const outcomes: Record<string, number> = { delivered: 0, rejected: 0, superseded: 0, failed: 0 };
  const wrong = (rule: Rule, what: string) => violations.push({ rule, what });
  const branches = evidence.branches.map(readHistory);
  const foreign = new Set(evidence.foreign.map(({ commit }) => commit));
  const claims = claimsOf(branches, foreign);

  for (const version of evidence.versions) {
    const outcome = outcomeOf(version);
    if (outcome !== undefined) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    checkOutcome(version, outcome, wrong);
    if (version.meaning === 'evidence') checkShared(version, evidence.versions, wrong);
    const claimed = claims.get(urlOf(evidence, version)) ?? [];
    if (outcome !== 'delivered' && claimed.length > 0)
      wrong('one commit', `${named(version)} is ${outcome}, and ${idsOf(claimed)} claims it`);
  }
  const filled = evidence.versions.flatMap((version) => fill(evidence, branches, claims, version));
  for (const upload of filled) {
    if (outcomeOf(upload) === 'delivered') checkDelivered(evidence, upload, wrong);
    if (outcomeOf(upload) === 'superseded' && !filled.some((other) => supersedes(other, upload)))
      wrong('superseded by newer', `${named(upload)}: no newer upload of its slot was delivered`);
    if (outcomeOf(upload) === 'rejected') checkRejected(upload, filled, wrong);
  }
  for (const uploads of Map.groupBy(filled, ({ slot }) => slotName(slot)).values()) {
    checkOrder(uploads, wrong);
    checkTip(evidence, uploads, foreign, wrong);
    checkVersions(uploads, wrong);
  }
  for (const branch of branches) checkBranch(evidence, branch, foreign, wrong);
  for (const { repository, branch, commit } of evidence.foreign) {
    const found = branches.find((one) => one.repository === repository && one.name === branch);
    if (found?.positionOf(commit) === undefined)
      wrong('nobody overwritten', `${commit} of somebody else is gone from ${repository} ${branch}`);
  }
  return { violations, outcomes };
}

type Wrong = (rule: Rule, what: string) => void;

const OUTCOMES = ['delivered', 'rejected', 'superseded', 'failed'];
const outcomeOf = ({ tags }: UploadedVersion): string | undefined => tags['fairlead-outcome'];
const named = ({ key, versionId }: UploadedVersion): string => `${key} ${versionId}`;
const urlOf = ({ bucket }: Evidence, { key, versionId }: UploadedVersion): string =>
  `s3://${bucket}/${key}?versionId=${versionId}`;
const idsOf = (claimed: Filled['claimed']): string => claimed.map(({ commit }) => commit.id).join(', ');

function claimsOf(branches: readonly ReadBranch[], foreign: ReadonlySet<string>) {
  const claims = new Map<string, { branch: ReadBranch; commit: HistoryCommit }[]>();
  for (const branch of branches) {
    for (const commit of branch.commits) {
      if (foreign.has(commit.id)) continue;
      for (const url of trailersOf(commit, 'Fairlead-Upload'))
        claims.set(url, [...(claims.get(url) ?? []), { branch, commit }]);
    }
  }
  return claims;
}

function fill(
  evidence: Evidence,
  branches: readonly ReadBranch[],
  claims: ReturnType<typeof claimsOf>,
  version: UploadedVersion,
): Filled[] {
  const slot = readKey(version.key);
  const place = PLACES.find(({ target }) => target === slot?.target);
  const branch = branches.find(
    ({ repository, name }) => repository === place?.repository && name === place.branch,
  );
  if (slot === undefined || place === undefined || branch === undefined) return [];
  // What is bad by itself may be unreadable; it has no content that could be delivered.
  const content: Filled['content'] =
    version.meaning === 'bad alone' ? new Map() : contentOf(slot, version.body);
  const claimed = claims.get(urlOf(evidence, version)) ?? [];
  return [{ ...version, slot, places: placesOf(slot, place.deployer), branch, content, claimed }];
}

function checkOutcome(version: UploadedVersion, outcome: string | undefined, wrong: Wrong): void {
  const { tags, meaning } = version;
  const is = `${named(version)} is ${outcome ?? 'without an outcome'}`;
  if (outcome === undefined || !OUTCOMES.includes(outcome)) {
    wrong('one outcome', is);
    return;
  }
  // Nothing of what the suite does takes a day.
  if (outcome === 'failed') wrong('one outcome', is);
  if ((outcome === 'delivered') !== (tags['fairlead-commit'] !== undefined))
    wrong('one outcome', `${is}, with commit ${tags['fairlead-commit']}`);
  if ((outcome === 'rejected') !== (tags['fairlead-reason'] !== undefined) && outcome !== 'failed')
    wrong('one outcome', `${is}, with reason ${tags['fairlead-reason']}`);
  if (meaning === 'bad alone' && outcome !== 'rejected') wrong('bad is rejected', is);
  if (meaning === 'bad rendered' && outcome === 'delivered') wrong('bad is rejected', is);
}

/** A provenance file ends as a package of its name did, and is rejected where there was none. */
function checkShared(version: UploadedVersion, all: readonly UploadedVersion[], wrong: Wrong): void {
  const packages = all.filter(({ key }) => `${key}.prov` === version.key);
  const shared = packages.some(
    (one) =>
      outcomeOf(one) === outcomeOf(version) &&
      one.tags['fairlead-commit'] === version.tags['fairlead-commit'],
  );
  const orphan = packages.length === 0 && outcomeOf(version) === 'rejected';
  if (!shared && !orphan) wrong('evidence shares', `${named(version)} is ${outcomeOf(version)}`);
}

/** Positive: a is newer. Undefined: in the same second, and Fairlead need not know more. */
function newer(a: Filled, b: Filled): number | undefined {
  if (a.told.time !== b.told.time) return a.told.time > b.told.time ? 1 : -1;
  if (a.told.sequencer === undefined || b.told.sequencer === undefined) return undefined;
  return BigInt(`0x${a.told.sequencer}`) > BigInt(`0x${b.told.sequencer}`) ? 1 : -1;
}

const supersedes = (other: Filled, upload: Filled): boolean =>
  other !== upload &&
  slotName(other.slot) === slotName(upload.slot) &&
  outcomeOf(other) === 'delivered' &&
  newer(other, upload) !== -1;

function checkDelivered(evidence: Evidence, upload: Filled, wrong: Wrong): void {
  const { claimed, branch, places, content } = upload;
  const commit = upload.tags['fairlead-commit'] ?? '';
  const position = branch.positionOf(commit);
  if (claimed.length > 1) wrong('one commit', `${named(upload)} is claimed by ${idsOf(claimed)}`);
  if (position === undefined) {
    wrong('own commit', `${named(upload)} names ${commit}, which is not in its branch`);
    return;
  }
  if (!holds(evidence, branch.at(position), places, content))
    wrong('its content', `${commit} does not hold what ${named(upload)} is`);
  const [own] = claimed;
  if (own === undefined) return;
  if (own.commit.id !== commit || own.branch !== branch)
    wrong(
      'own commit',
      `${named(upload)} names ${commit} and is claimed by ${own.commit.id} of ${own.branch.name}`,
    );
  const digest = createHash('sha256').update(upload.body).digest('hex');
  if (!trailersOf(own.commit, 'Fairlead-Package').includes(`sha256:${digest}`))
    wrong('its content', `${commit} names another package than ${named(upload)} is`);
  for (const { path, before } of own.commit.changes) {
    const allowed =
      isIn(places.own, path) ||
      places.derived.includes(path) ||
      (places.onlyNew.includes(path) && before === undefined);
    if (!allowed) wrong('only its slot', `${commit} of ${named(upload)} touches ${path}`);
  }
}

function checkRejected(upload: Filled, all: readonly Filled[], wrong: Wrong): void {
  if (upload.meaning !== 'good') return;
  const codes = (upload.tags['fairlead-reason'] ?? '').split(' ');
  const { slot } = upload;
  const others = all.filter((other) => other !== upload);
  const otherContent = others.some(
    (other) =>
      slotName(other.slot) === slotName(slot) &&
      outcomeOf(other) === 'delivered' &&
      chartVersion(other.content) === chartVersion(upload.content) &&
      !sameContent(other.content, upload.content),
  );
  if (slot.part === 'chart' && codes.includes('version-immutable') && otherContent) return;
  const badSibling = others.some(
    (other) =>
      other.meaning === 'bad with a chart' &&
      other.slot.part === 'values' &&
      slot.part === 'chart' &&
      slotName({ ...slot, part: 'values' }) === slotName(other.slot),
  );
  if (codes.includes('template-failed') && badSibling) return;
  wrong('good is not rejected', `${named(upload)} is good, and rejected: ${codes.join(' ')}`);
}

/** Where each delivered upload came to be, in the order of events. */
function checkOrder(uploads: readonly Filled[], wrong: Wrong): void {
  const delivered = uploads.flatMap((upload) => {
    const position = upload.branch.positionOf(upload.tags['fairlead-commit'] ?? '');
    return position === undefined ? [] : [{ upload, position }];
  });
  for (const a of delivered) {
    for (const b of delivered) {
      if (newer(a.upload, b.upload) === 1 && a.position < b.position)
        wrong('in order', `${named(b.upload)} was committed after ${named(a.upload)}, which is newer`);
    }
  }
}

function checkTip(
  evidence: Evidence,
  uploads: readonly Filled[],
  foreign: ReadonlySet<string>,
  wrong: Wrong,
): void {
  const last = uploads
    .flatMap((upload) =>
      upload.claimed.map(({ commit }) => ({ upload, position: upload.branch.positionOf(commit.id) ?? -1 })),
    )
    .toSorted((a, b) => b.position - a.position)[0];
  if (last === undefined) return;
  const { upload, position } = last;
  const { commits } = upload.branch;
  const changed = commits
    .slice(position + 1)
    .some(({ id, changes }) => foreign.has(id) && changes.some(({ path }) => isIn(upload.places.own, path)));
  if (!changed && !holds(evidence, upload.branch.at(commits.length - 1), upload.places, upload.content))
    wrong('tip holds newest', `the tip does not hold ${named(upload)}, the last delivered of its slot`);
}

/** A chart version is one content, for good. */
function checkVersions(uploads: readonly Filled[], wrong: Wrong): void {
  const delivered = uploads.filter(
    (upload) => upload.slot.part === 'chart' && outcomeOf(upload) === 'delivered',
  );
  for (const same of Map.groupBy(delivered, ({ content }) => chartVersion(content)).values()) {
    const [first] = same;
    for (const other of same) {
      if (first !== undefined && !sameContent(first.content, other.content))
        wrong('version immutable', `${named(other)} has other content than ${named(first)}`);
    }
  }
}

function checkBranch(
  evidence: Evidence,
  branch: ReadBranch,
  foreign: ReadonlySet<string>,
  wrong: Wrong,
): void {
  const known = new Set(evidence.versions.map((version) => urlOf(evidence, version)));
  branch.commits.forEach((commit, position) => {
    const [first, ...more] = commit.parents;
    if (more.length > 0 || (position > 0 && first !== branch.commits[position - 1]?.id))
      wrong('nobody overwritten', `${commit.id} does not stand upon the commit before it`);
    if (foreign.has(commit.id) || commit.message === 'Begin\n') return;
    const urls = trailersOf(commit, 'Fairlead-Upload');
    if (urls.length !== 1 || !known.has(urls[0] ?? ''))
      wrong('nothing else committed', `${commit.id} names ${urls.length} uploads: ${urls.join(', ')}`);
  });
  branch.tips.forEach((tip, at) => {
    const here = branch.positionOf(tip);
    const before = branch.positionOf(branch.tips[at - 1] ?? '') ?? -1;
    if (here === undefined || here < before)
      wrong('nobody overwritten', `${branch.repository} ${branch.name} was at ${tip}, and then elsewhere`);
    else {
      const pushed = branch.commits.slice(before + 1, here + 1).filter(({ id }) => !foreign.has(id));
      checkReleases(evidence, branch, pushed, here, wrong);
    }
  });
}

/** A push of Fairlead leaves each release that it touches renderable, and what Flux reads in step. */
function checkReleases(
  evidence: Evidence,
  branch: ReadBranch,
  pushed: readonly HistoryCommit[],
  position: number,
  wrong: Wrong,
): void {
  const tree = branch.at(position);
  const text = (path: string) => evidence.blobs.get(tree.get(path)?.blob ?? '')?.toString('utf8');
  const id = pushed.at(-1)?.id;
  const touched = new Set(
    pushed
      .flatMap(({ changes }) => changes)
      .flatMap(
        ({ path }) => /^(fairlead\/[^/]+)\/releases\/([^/]+\/[^/]+)\//.exec(path)?.slice(1).join(' ') ?? [],
      ),
  );
  for (const release of touched) {
    const [root = '', name = ''] = release.split(' ');
    const values = text(`${root}/releases/${name}/values.yaml`);
    const hasChart = tree.has(`${root}/releases/${name}/chart/Chart.yaml`);
    if (hasChart && values?.includes('refuse: true'))
      wrong('rendered before', `${id} has a chart in ${name} with values that it does not render with`);
    const flux = PLACES.some(({ target, deployer }) => root === `fairlead/${target}` && deployer === 'flux');
    // Where people have taken the release out, nothing is made for it.
    if (!hasChart || !flux || !tree.has(`${root}/apply/${name}/release.yaml`)) continue;
    const made = text(`${root}/apply/${name}/values.yaml`) ?? '';
    const held = (parse(made) as { data?: Record<string, string> } | null)?.data?.['values.yaml'];
    if (held !== values) wrong('values in step', `${id}: what Flux reads of ${name} is not its values.yaml`);
  }
}
