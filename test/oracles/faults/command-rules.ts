import type { Evidence, UploadedVersion } from './evidence.ts';
import { printOf, type ReadBranch } from './history.ts';
import {
  type Claimed,
  checkOwnCommit,
  codesOf,
  commitOf,
  named,
  newer,
  outcomeOf,
  supersedes,
  urlOf,
  type Wrong,
} from './judging.ts';
import { type GoingBack, type PastWorld, statesToGoBackTo } from './past.ts';
import { type ContentFile, type SlotKey, slotName } from './reading.ts';
import {
  isWithin,
  placesOfCommand,
  type ReadVerb,
  readCommandKey,
  readVerb,
  releasePlaces,
  scopeName,
  scopeOf,
  slotsOf,
} from './reading-commands.ts';
import { PLACES, type Place } from './world.ts';

/** A command that somebody gave, with what the checker has read of it. */
export interface Given extends UploadedVersion {
  readonly place: Place;
  readonly verb: ReadVerb;
  readonly branch: ReadBranch;
  readonly claimed: Claimed;
}

interface Filled extends UploadedVersion {
  readonly slot: SlotKey;
  readonly branch: ReadBranch;
  readonly claimed: Claimed;
}

export function commandsOf(
  evidence: Evidence,
  branches: readonly ReadBranch[],
  claims: ReadonlyMap<string, Claimed>,
): Given[] {
  return evidence.versions.flatMap((version) => {
    const target = readCommandKey(version.key);
    const place = PLACES.find((one) => one.target === target);
    const branch = branches.find(
      ({ repository, name }) => repository === place?.repository && name === place.branch,
    );
    // Of what is bad nobody need read a word.
    if (place === undefined || branch === undefined || version.meaning !== 'good') return [];
    const claimed = claims.get(urlOf(evidence, version)) ?? [];
    return [{ ...version, place, verb: readVerb(version.body), branch, claimed }];
  });
}

/** Whether a command fills or empties the slot of this name. */
export const touches =
  (name: string) =>
  ({ place, verb }: Given): boolean =>
    slotsOf(place.target, verb).some((slot) => slotName(slot) === name);

/** The charts that commands have brought into an upload's slot. */
export function contentsBrought(
  { blobs }: Evidence,
  { slot }: Pick<Filled, 'slot'>,
  commands: readonly Given[],
): readonly ReadonlyMap<string, ContentFile>[] {
  if (slot.part !== 'chart') return [];
  const { chart } = releasePlaces(slot.target, slot);
  return commands.filter(touches(slotName(slot))).flatMap((given) => {
    const position = given.branch.positionOf(commitOf(given));
    if (position === undefined) return [];
    const files = [...given.branch.at(position)].flatMap(([path, { mode, blob }]) => {
      const data = blobs.get(blob);
      const isPlain = mode === '100644' || mode === '100755';
      return path.startsWith(chart) && data !== undefined && isPlain
        ? [[path.slice(chart.length), { mode, data }] as const]
        : [];
    });
    return [new Map<string, ContentFile>(files)];
  });
}

export function checkCommands(
  world: PastWorld,
  commands: readonly Given[],
  uploads: readonly Filled[],
  wrong: Wrong,
): void {
  for (const bad of world.evidence.versions.filter(({ given, meaning }) => given && meaning !== 'good'))
    if (outcomeOf(bad) !== 'rejected') wrong('bad is rejected', `${named(bad)} is ${outcomeOf(bad)}`);
  for (const given of commands) {
    checkEnd(given, wrong);
    const others = [...uploads, ...commands].filter((other) => shareSlot(other, given));
    if (outcomeOf(given) === 'superseded' && !others.some((other) => supersedes(other, given)))
      wrong('superseded by newer', `${named(given)}: nothing newer was delivered to what it names`);
    if (outcomeOf(given) === 'rejected') checkRejected(world, given, commands, wrong);
    if (outcomeOf(given) === 'delivered') checkDelivered(world, given, wrong);
  }
  for (const same of Map.groupBy(commands, ({ key }) => key).values()) {
    const carriedOut = same.filter((one) => outcomeOf(one) !== 'rejected');
    if (carriedOut.length > 1) wrong('given once', `${carriedOut.map(named).join(' and ')} are one command`);
  }
  checkFreezes(commands, uploads, wrong);
}

const slotNamesOf = (one: Given | Filled): readonly string[] =>
  'slot' in one ? [slotName(one.slot)] : slotsOf(one.place.target, one.verb).map(slotName);

const shareSlot = (a: Given | Filled, b: Given): boolean => {
  const names = slotNamesOf(b);
  return slotNamesOf(a).some((name) => names.includes(name));
};

/** What each verb may come to; nothing of what the suite does takes a day. */
function checkEnd(given: Given, wrong: Wrong): void {
  const outcome = outcomeOf(given) ?? 'without an outcome';
  const ends =
    given.verb.kind === 'freeze' || given.verb.kind === 'unfreeze'
      ? ['done', 'rejected']
      : ['delivered', 'rejected', 'superseded'];
  const is = `${named(given)} (${given.verb.kind}) is ${outcome}`;
  if (!ends.includes(outcome)) wrong('one outcome', is);
  if ((outcome === 'delivered') !== (commitOf(given) !== ''))
    wrong('one outcome', `${is}, with commit ${commitOf(given)}`);
  if ((outcome === 'rejected' || outcome === 'done') !== (given.tags['fairlead-reason'] !== undefined))
    wrong('one outcome', `${is}, with reason ${given.tags['fairlead-reason']}`);
}

/** Every reason that a good command may be refused for, where the branch ever stood so that it holds. */
function checkRejected(world: PastWorld, given: Given, commands: readonly Given[], wrong: Wrong): void {
  const { verb, place, branch, moment } = given;
  const codes = codesOf(given);
  const isFor = (code: string) => codes.length === 1 && codes[0] === code;
  if (isFor('command-unproven') && given.given?.proof === 'may be too late') return;
  if (
    isFor('command-repeated') &&
    commands.some(
      (other) => other !== given && other.key === given.key && !codesOf(other).includes('command-repeated'),
    )
  )
    return;
  const from = moment.tip === undefined ? -1 : (branch.positionOf(moment.tip) ?? -1);
  const ever = (is: (position: number) => boolean) =>
    branch.commits.some((_, position) => position >= from && is(position)) || (from === -1 && is(-1));
  const judged = ['template-failed', 'version-immutable'].some(isFor);
  switch (verb.kind) {
    case 'freeze':
    case 'unfreeze':
      break;
    case 'promote':
      if (judged || isFor('promote-frozen') || isFor('promote-nothing')) return;
      break;
    case 'rollback': {
      if (judged || isFor('rollback-ambiguous')) return;
      const back = (position: number) =>
        statesToGoBackTo({ ...world, branch, target: place.target, verb }, position);
      const isNothing = (found: GoingBack) =>
        found.kind === 'nothing' || (found.kind === 'states' && found.surely === 'or nothing');
      if (isFor('rollback-stands') && ever((position) => back(position).kind === 'stands already')) return;
      const none = ['rollback-nothing', 'rollback-unknown-version', 'rollback-no-chart'].some(isFor);
      if (none && ever((position) => isNothing(back(position)))) return;
      break;
    }
    case 'remove': {
      const { own } = placesOfCommand(place, verb);
      const gone = (position: number) => own.every((path) => printOf(branch.at(position), path) === '');
      if (isFor('remove-nothing') && ever(gone)) return;
    }
  }
  wrong('good is not rejected', `${named(given)} (${verb.kind}) is good, and rejected: ${codes.join(' ')}`);
}

function checkDelivered(world: PastWorld, given: Given, wrong: Wrong): void {
  const { verb, place, branch, claimed } = given;
  const position = checkOwnCommit(given, wrong);
  if (position === undefined) return;
  const [own] = claimed;
  const { own: places, onlyNew } = placesOfCommand(place, verb);
  for (const { path, before } of own?.commit.changes ?? []) {
    const allowed =
      places.some((one) => (one.endsWith('/') ? path.startsWith(one) : path === one)) ||
      (onlyNew.includes(path) && before === undefined);
    if (!allowed) wrong('only what it names', `${commitOf(given)} of ${named(given)} touches ${path}`);
  }
  const tree = branch.at(position);
  switch (verb.kind) {
    case 'freeze':
    case 'unfreeze':
      return;
    case 'remove':
      for (const path of places)
        if (printOf(tree, path) !== '')
          wrong('as asked', `${commitOf(given)} of ${named(given)} leaves something in ${path}`);
      return;
    case 'promote': {
      const source = releasePlaces(verb.from, verb.release).chart;
      const brought = printOf(tree, releasePlaces(place.target, verb.release).chart);
      const stood = world.branches.some(({ commits, at }) =>
        commits.some((_, there) => {
          const print = printOf(at(there), source);
          return (
            print !== '' &&
            print.replaceAll(` ${source}`, ` ${releasePlaces(place.target, verb.release).chart}`) === brought
          );
        }),
      );
      if (!stood)
        wrong('as asked', `${commitOf(given)} of ${named(given)} brings what ${verb.from} never had`);
      return;
    }
    case 'rollback': {
      // What stands already is named by the tip, and what it went back to is that or something before.
      const back = statesToGoBackTo(
        { ...world, branch, target: place.target, verb },
        own === undefined ? position : position - 1,
      );
      if (own === undefined && verb.to === undefined) return;
      const { chart, values } = releasePlaces(place.target, verb.release);
      const is = { chart: printOf(tree, chart), values: printOf(tree, values) };
      if (back.kind !== 'states')
        wrong('as asked', `${commitOf(given)} of ${named(given)} goes back: ${back.kind}`);
      else if (
        !back.states.some((one) => one.chart === is.chart && (one.values === '' || one.values === is.values))
      )
        wrong('as asked', `${commitOf(given)} of ${named(given)} is no earlier state that it may go back to`);
    }
  }
}

/**
 * What was uploaded while a freeze surely held is committed after the first command that may have lifted it was given.
 * A freeze holds once its command has ended; a rollback's once its commit is in the branch, or it has ended.
 */
function checkFreezes(commands: readonly Given[], uploads: readonly Filled[], wrong: Wrong): void {
  const scoped = commands.flatMap((given) => {
    const scope = scopeOf(given.verb);
    return scope === undefined ? [] : [{ given, scope, name: scopeName(given.place.target, scope) }];
  });
  for (const { given: freeze, scope, name } of scoped) {
    const { kind } = freeze.verb;
    if (kind === 'unfreeze' || !['done', 'delivered'].includes(outcomeOf(freeze) ?? '')) continue;
    const thaw = scoped
      .filter(
        (one) =>
          one.name === name &&
          one.given.verb.kind === 'unfreeze' &&
          outcomeOf(one.given) === 'done' &&
          newer(one.given, freeze) !== -1,
      )
      .toSorted((a, b) => a.given.moment.step - b.given.moment.step)[0]?.given;
    const landed = kind === 'rollback' ? freeze.claimed[0]?.commit.id : undefined;
    const held = uploads.filter(
      ({ slot, moment, branch }) =>
        isWithin(freeze.place.target, scope, slot) &&
        (thaw === undefined || moment.step < thaw.moment.step) &&
        ((freeze.given?.seenEnded ?? Number.POSITIVE_INFINITY) < moment.step ||
          isBefore(branch, landed, moment.tip)),
    );
    for (const upload of held) {
      const by = `${named(upload)}, put while ${named(freeze)} held it,`;
      if (thaw === undefined) {
        if (outcomeOf(upload) === 'delivered') wrong('frozen waits', `${by} was delivered all the same`);
        continue;
      }
      if (thaw.given?.delivered.has(upload.versionId) === true)
        wrong('frozen waits', `${by} was delivered before ${named(thaw)} was given`);
      for (const { commit } of upload.claimed)
        if (isBefore(upload.branch, commit.id, thaw.moment.tip))
          wrong('frozen waits', `${by} is ${commit.id}, before ${named(thaw)} was given`);
    }
  }
}

/** Whether a commit is there at that tip. */
function isBefore({ positionOf }: ReadBranch, commit: string | undefined, tip: string | undefined): boolean {
  const at = commit === undefined ? undefined : positionOf(commit);
  const until = tip === undefined ? undefined : positionOf(tip);
  return at !== undefined && until !== undefined && at <= until;
}
