import { CALLS_AT_ONCE, eachAtOnce } from '../../../at-once/at-once.ts';
import { type Reason, reason } from '../../../charts/reasons.ts';
import type { Target } from '../../../config/config.ts';
import { digestOf, type FileEntry } from '../../../content/tree.ts';
import {
  appliedReleaseFolder,
  applyFolder,
  manifestFile,
  manifestsFolder,
  releaseFolder,
  releasesFolder,
} from '../../../repository/layout.ts';
import { MANIFESTS, parseKey, slotOf } from '../../record/keys.ts';
import { orderOf } from '../../record/order.ts';
import type { TouchedSlot } from '../../record/record.ts';
import { readMark } from '../../record/slots.ts';
import { listWaiting } from '../../record/waiting.ts';
import { whoChanged } from '../replaced.ts';
import { fingerprintOf, readStanding, type Standing } from '../standing.ts';
import type { AskedCommand, CommandDecision, CommandParts } from './decision.ts';
import { type KeptWhenRemoved, keptWhenRemoved } from './kept-when-removed.ts';
import { commandMessage } from './message.ts';
import { newerThan } from './newer.ts';
import { nameOfRelease, slotsOfRelease } from './release.ts';

type Removed = AskedCommand<'remove'>['command']['verb']['what'];

/** One commit is looked through by a person. */
const SLOTS = 1000;
/** An item of the table holds 400 KB, and the command's record all slots beside the rest of it. Bytes. */
const SLOTS_BYTES = 300 * 1024;
/** Of a slot in it, beside its name: two fingerprints and what they are called. */
const SLOT_BYTES = 200;
/** Named in a message, and in a record as warnings. */
const NAMED = 20;
const WARNED = 10;

/**
 * Takes a release, a manifest, or all of a target out of Git, in one commit; the deployer takes it out of the cluster.
 * What waits from before the command is older than the marks that it leaves, and ends superseded.
 * @throws GitFailed
 */
export async function decideRemove(
  parts: CommandParts,
  tip: string | undefined,
  asked: AskedCommand<'remove'>,
): Promise<CommandDecision> {
  const { target, record, command } = asked;
  const { what } = command.verb;
  const { clone, table } = parts;
  const places = placesOfRemoved(target, what);
  const standing = await readStanding(clone, tip, places);
  const slots = await slotsOf(parts, asked, standing);
  const limit = fitting(slots);
  if (slots.length > limit)
    return refused(reason('remove-too-many', { target: target.name, count: slots.length, limit }));
  const newer = await newerThan(table, record, slots);
  if (newer !== undefined) return { kind: 'superseded', by: newer };

  const touched = slots.map((slot): TouchedSlot => ({ slot, ...EMPTIED }));
  const marks = await eachAtOnce(slots, CALLS_AT_ONCE, (slot) => readMark(table, slot));
  if (tip === undefined || (standing.size === 0 && marks.every((mark) => mark === undefined)))
    return refused(reason('remove-nothing', { target: target.name, what: nameOfRemoved(what) }));
  // Gone already, by an earlier command or by a person.
  if (standing.size === 0) return { kind: 'unchanged', commit: tip, touched, warnings: [] };

  const kept = await keptWhenRemoved(parts, asked, standing);
  const files = await placeholderOf(parts, tip, target, places);
  const replaced = await whoChanged(clone, tip, {
    paths: places,
    since: marks.find((mark) => mark !== undefined)?.commit,
  });
  const message = commandMessage(asked, parts.bucket, {
    subject: what.kind === 'target' ? `Remove all of target ${target.name}` : `Remove ${nameOfRemoved(what)}`,
    body: [inWords(standing, target), ...keptInWords(kept)],
    trailers: [],
    replaced: replaced === undefined || replaced.changes.length === 0 ? [] : [replaced],
  });
  const plan = {
    message,
    removes: places.map((place) => place.replace(/\/$/, '')),
    files,
    within: [...places, ...files.keys()],
  };
  return { kind: 'commit', plan, touched, warnings: warningsOf(kept) };
}

const refused = (why: Reason): CommandDecision => ({ kind: 'rejected', reasons: [why] });

/** How many of them fit into a record: fewer where their names are long. */
function fitting(slots: readonly string[]): number {
  let bytes = 0;
  for (const [at, slot] of slots.entries()) {
    bytes += Buffer.byteLength(slot) + SLOT_BYTES;
    if (bytes > SLOTS_BYTES) return Math.min(at, SLOTS);
  }
  return SLOTS;
}

/** Nothing is there, and nothing was delivered of it. */
const EMPTIED = { files: fingerprintOf(new Map()), digest: digestOf('') } as const;

/** Folders end in `/`. drift.yaml of the target stays: it is people's. */
function placesOfRemoved(target: Target, what: Removed): readonly string[] {
  switch (what.kind) {
    case 'release':
      return [`${releaseFolder(target, what)}/`, `${appliedReleaseFolder(target, what)}/`];
    case 'manifest':
      return [manifestFile(target, what.path)];
    case 'target':
      return [`${releasesFolder(target)}/`, `${applyFolder(target)}/`];
  }
}

function nameOfRemoved(what: Removed): string {
  switch (what.kind) {
    case 'release':
      return `release ${nameOfRelease(what)}`;
    case 'manifest':
      return `manifest ${what.path}`;
    case 'target':
      return 'release or manifest';
  }
}

/** What Git has of it, and what waits for it and is older: that must not bring it back. */
async function slotsOf(
  { table }: CommandParts,
  { target, record, command }: AskedCommand<'remove'>,
  standing: Standing,
): Promise<readonly string[]> {
  const { what } = command.verb;
  switch (what.kind) {
    case 'release':
      return slotsOfRelease(target, what);
    case 'manifest':
      return [slotOf({ kind: 'manifest', target: target.name, path: what.path })];
    case 'target': {
      const slots = new Set([...standing.keys()].flatMap((path) => slotsAt(target, path)));
      for await (const entry of listWaiting(table, target)) {
        const parsed = parseKey(entry.key);
        if (parsed.kind === 'slot' && parsed.key.target === target.name && orderOf(entry) < orderOf(record))
          slots.add(slotOf(parsed.key));
      }
      return [...slots].sort();
    }
  }
}

/** The slots that a file of the target belongs to. */
function slotsAt(target: Target, path: string): readonly string[] {
  const manifests = `${manifestsFolder(target)}/`;
  if (path.startsWith(manifests))
    return slotOfKey(`${target.name}/${MANIFESTS}/${path.slice(manifests.length)}`);
  for (const folder of [`${releasesFolder(target)}/`, `${applyFolder(target)}/`]) {
    if (!path.startsWith(folder)) continue;
    const [namespace = '', release = '', ...rest] = path.slice(folder.length).split('/');
    if (rest.length === 0) return [];
    // As a key has it, so that no file of people's makes a slot that no upload could fill.
    return slotOfKey(`${target.name}/${namespace}/${release}/values.yaml`).length === 0
      ? []
      : slotsOfRelease(target, { namespace, release });
  }
  return [];
}

function slotOfKey(key: string): readonly string[] {
  const parsed = parseKey(key);
  return parsed.kind === 'slot' ? [slotOf(parsed.key)] : [];
}

/**
 * Git keeps no empty folder, and a deployer that does not find the one that it is pointed at stops there, before it
 * removes anything: something that it does not read stays in it.
 */
async function placeholderOf(
  { clone }: CommandParts,
  tip: string,
  target: Target,
  places: readonly string[],
): Promise<ReadonlyMap<string, FileEntry>> {
  if (target.deployer === 'none') return new Map();
  const folder = applyFolder(target);
  const applied = await readStanding(clone, tip, [`${folder}/`]);
  const isLeft = (path: string) =>
    !places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place));
  if ([...applied.keys()].some(isLeft)) return new Map();
  return new Map([[`${folder}/README.md`, { mode: 0o644, data: Buffer.from(PLACEHOLDER) }]]);
}

const PLACEHOLDER =
  'The deployer applies what lies in this folder. There is nothing at the moment; this file keeps the folder in Git, so that the deployer removes what was here before.\n';

function inWords(standing: Standing, target: Target): string {
  const paths = [...standing.keys()];
  const releases = new Set(
    paths
      .filter((path) => path.startsWith(`${releasesFolder(target)}/`))
      .map((path) =>
        path
          .slice(releasesFolder(target).length + 1)
          .split('/')
          .slice(0, 2)
          .join('/'),
      ),
  );
  const manifests = paths.filter((path) => path.startsWith(`${manifestsFolder(target)}/`));
  const counted = [
    ...(releases.size > 1 ? [`${releases.size} releases`] : []),
    ...(manifests.length > 1 ? [`${manifests.length} manifests`] : []),
    paths.length === 1 ? 'one file' : `${paths.length} files`,
  ];
  return `Takes out of Git: ${counted.join(', ')}.`;
}

function keptInWords(kept: KeptWhenRemoved): readonly string[] {
  switch (kept.kind) {
    case 'unknown':
      return [];
    case 'all':
      return [`Nothing of it leaves the cluster by itself: ${kept.because}.`];
    case 'some': {
      if (kept.kept.length === 0) return [];
      const more = kept.kept.length - NAMED;
      const named = kept.kept.slice(0, NAMED).map(({ object }) => object);
      return [`Stays in the cluster: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`];
    }
  }
}

function warningsOf(kept: KeptWhenRemoved): readonly Reason[] {
  switch (kept.kind) {
    case 'unknown':
      return [];
    case 'all':
      return [reason('removed-from-git-only', { why: kept.because })];
    case 'some':
      return kept.kept
        .slice(0, WARNED)
        .map(({ object, because }) => reason('kept-by-policy', { object, because }));
  }
}
