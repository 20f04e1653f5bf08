import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { checkCommands, commandsOf, contentsBrought, type Given, touches } from './command-rules.ts';
import type { Evidence, HistoryCommit, UploadedVersion } from './evidence.ts';
import { holds, isIn, type ReadBranch, readHistory, sameAt, trailersOf } from './history.ts';
import {
  type Claimed,
  checkOwnCommit,
  claimsOf,
  codesOf,
  commitOf,
  idsOf,
  named,
  newer,
  outcomeOf,
  supersedes,
  urlOf,
  type Violation,
  type Wrong,
} from './judging.ts';
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
 * Decides from the bucket and from Git alone whether the promise was kept for every upload and command. Written apart
 * from the code that it checks: it shares nothing with lib/.
 */
export interface Judged {
  readonly violations: readonly Violation[];
  /** Of uploads. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly ofCommands: Readonly<Record<string, number>>;
}

/** An upload that fills a slot, with what the checker has read of it. */
interface Filled extends UploadedVersion {
  readonly slot: SlotKey;
  readonly places: Places;
  readonly branch: ReadBranch;
  readonly content: ReadonlyMap<string, ContentFile>;
  readonly claimed: Claimed;
}

export function check(evidence: Evidence): Judged {
  const violations: Violation[] = [];
  const outcomes: Record<string, number> = { delivered: 0, rejected: 0, superseded: 0, failed: 0 };
  const ofCommands: Record<string, number> = { delivered: 0, done: 0, rejected: 0, superseded: 0, failed: 0 };
  const wrong: Wrong = (rule, what) => violations.push({ rule, what });
  const branches = evidence.branches.map(readHistory);
  const foreign = new Set(evidence.foreign.map(({ commit }) => commit));
  const claims = claimsOf(branches, foreign);

  for (const version of evidence.versions) {
    const outcome = outcomeOf(version);
    const counted = version.given === undefined ? outcomes : ofCommands;
    if (outcome !== undefined) counted[outcome] = (counted[outcome] ?? 0) + 1;
    if (version.given === undefined) checkOutcome(version, outcome, wrong);
    if (version.meaning === 'evidence') checkShared(version, evidence.versions, wrong);
    const claimed = claims.get(urlOf(evidence, version)) ?? [];
    if (outcome !== 'delivered' && claimed.length > 0)
      wrong('one commit', `${named(version)} is ${outcome}, and ${idsOf(claimed)} claims it`);
  }
  const filled = evidence.versions.flatMap((version) => fill(evidence, branches, claims, version));
  const commands = commandsOf(evidence, branches, claims);
  checkCommands({ evidence, branches, foreign }, commands, filled, wrong);
  for (const upload of filled) {
    const name = slotName(upload.slot);
    if (outcomeOf(upload) === 'delivered') checkDelivered(evidence, upload, wrong);
    const others = [
      ...filled.filter(({ slot }) => slotName(slot) === name),
      ...commands.filter(touches(name)),
    ];
    if (outcomeOf(upload) === 'superseded' && !others.some((other) => supersedes(other, upload)))
      wrong('superseded by newer', `${named(upload)}: no newer upload of its slot was delivered`);
    if (outcomeOf(upload) === 'rejected')
      checkRejected(upload, filled, contentsBrought(evidence, upload, commands), wrong);
  }
  for (const [name, uploads] of Map.groupBy(filled, ({ slot }) => slotName(slot))) {
    const fillers = [...uploads, ...commands.filter(touches(name))];
    checkOrder(fillers, wrong);
    checkTip(evidence, { uploads, fillers, all: [...filled, ...commands] }, foreign, wrong);
    checkVersions(uploads, wrong);
  }
  for (const branch of branches) checkBranch(evidence, branch, foreign, wrong);
  for (const { repository, branch, commit } of evidence.foreign) {
    const found = branches.find((one) => one.repository === repository && one.name === branch);
    if (found?.positionOf(commit) === undefined)
      wrong('nobody overwritten', `${commit} of somebody else is gone from ${repository} ${branch}`);
  }
  return { violations, outcomes, ofCommands };
}

const OUTCOMES = ['delivered', 'rejected', 'superseded', 'failed'];

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

function checkDelivered(evidence: Evidence, upload: Filled, wrong: Wrong): void {
  const { claimed, branch, places, content } = upload;
  const commit = commitOf(upload);
  const position = checkOwnCommit(upload, wrong);
  if (position === undefined) return;
  if (!holds(evidence, branch.at(position), places, content))
    wrong('its content', `${commit} does not hold what ${named(upload)} is`);
  const [own] = claimed;
  if (own === undefined) return;
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

/** @param brought contents that commands brought into its slot */
function checkRejected(
  upload: Filled,
  all: readonly Filled[],
  brought: readonly ReadonlyMap<string, ContentFile>[],
  wrong: Wrong,
): void {
  if (upload.meaning !== 'good') return;
  const codes = codesOf(upload);
  const { slot } = upload;
  const others = all.filter((other) => other !== upload);
  const delivered = others.filter(
    (other) => slotName(other.slot) === slotName(slot) && outcomeOf(other) === 'delivered',
  );
  const otherContent = [...delivered.map(({ content }) => content), ...brought].some(
    (content) =>
      chartVersion(content) === chartVersion(upload.content) && !sameContent(content, upload.content),
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

/** What a slot was given, by uploads and by commands, came to be in the order of events. */
function checkOrder(fillers: readonly (Filled | Given)[], wrong: Wrong): void {
  const delivered = fillers.flatMap((filler) => {
    const position =
      outcomeOf(filler) === 'delivered' ? filler.branch.positionOf(commitOf(filler)) : undefined;
    return position === undefined ? [] : [{ filler, position }];
  });
  for (const a of delivered) {
    for (const b of delivered) {
      if (newer(a.filler, b.filler) === 1 && a.position < b.position)
        wrong('in order', `${named(b.filler)} was committed after ${named(a.filler)}, which is newer`);
    }
  }
}

interface OfSlot {
  readonly uploads: readonly Filled[];
  /** Its uploads, and the commands that touch it. */
  readonly fillers: readonly (Filled | Given)[];
  /** Of every slot. */
  readonly all: readonly (Filled | Given)[];
}

function checkTip(
  evidence: Evidence,
  { uploads, fillers, all }: OfSlot,
  foreign: ReadonlySet<string>,
  wrong: Wrong,
): void {
  const [first] = uploads;
  const last = lastOf(fillers);
  if (first === undefined || last === undefined) return;
  const { slot, places, branch } = first;
  const { filler, position } = last;
  const { commits } = branch;
  const later = commits.slice(position + 1);
  if (later.some(({ id, changes }) => foreign.has(id) && changes.some(({ path }) => isIn(places.own, path))))
    return;
  const tip = branch.at(commits.length - 1);
  if ('content' in filler) {
    if (!holds(evidence, tip, places, filler.content))
      wrong('tip holds newest', `the tip does not hold ${named(filler)}, the last delivered of its slot`);
    return;
  }
  // A chart that comes after a removal brings values of its own.
  const chart = slot.part === 'manifest' ? '' : slotName({ ...slot, part: 'chart' });
  const ofChart = all.filter((one) => ('slot' in one ? slotName(one.slot) === chart : touches(chart)(one)));
  const broughtAnew = slot.part === 'values' && (lastOf(ofChart)?.position ?? -1) > position;
  if (!broughtAnew && !sameAt(tip, branch.at(position), places.own))
    wrong('tip holds newest', `the tip does not hold ${slotName(slot)} as ${named(filler)} left it`);
}

/** The newest commit that names one of them. */
function lastOf<Filler extends Filled | Given>(fillers: readonly Filler[]) {
  return fillers
    .flatMap((filler) =>
      filler.claimed.map(({ commit }) => ({ filler, position: filler.branch.positionOf(commit.id) ?? -1 })),
    )
    .toSorted((a, b) => b.position - a.position)[0];
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
