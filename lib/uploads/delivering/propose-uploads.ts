import { distinct, reason } from '../../charts/reasons.ts';
import { ProposalHostFailed } from '../../proposals/proposals.ts';
import { broughtBy } from '../../repository/brought.ts';
import { CommitOutsideSlot } from '../../repository/commit.ts';
import { decideGroups } from '../deciding/decide.ts';
import type { Candidate, Decided, Group, GroupDecision } from '../deciding/group.ts';
import { hashOf } from '../deciding/hints.ts';
import { placesOf } from '../deciding/plan.ts';
import { pushedOnto } from '../deciding/proposal/proposal-text.ts';
import { fingerprintOf, readStanding, type Standing } from '../deciding/standing.ts';
import { groupOf, slotOf } from '../record/keys.ts';
import { orderOf } from '../record/order.ts';
import { readMark } from '../record/slots.ts';
import { nothingToMergeInto } from './branch-gone.ts';
import { type Call, nameOf } from './call.ts';
import { setAside } from './held.ts';
import { isIntoWhatWasLeft, leftInWords } from './left-base.ts';
import { proposalOf } from './own-proposal.ts';
import { placeOfKey } from './proposal-branch.ts';
import { endClosed, endMerged, ownPlace, settleHeld, tellDelivered } from './proposal-ends.ts';
import { heldBy, keepHeld, letGo } from './proposal-hold.ts';
import { type ProposingTarget, proposalHostOf } from './proposal-host.ts';
import {
  commandIn,
  heldNow,
  mayHold,
  type ProposalItem,
  readProposal,
  writeProposal,
} from './proposal-item.ts';
import { wordsOf } from './proposal-words.ts';
import { closeOwn, type Looked, look, type Place, propose, recordProposed } from './propose.ts';
import { settle, supersedeOlder } from './settle.ts';

/**
 * Uploads to targets with pull requests: each release (or manifest) has one, which holds the newest that was uploaded of
 * each slot. What is proposed stays in the list, and is looked after here until it is merged or closed.
 */

/** A host is asked about each pull request so seldom, unless there is something new. */
const LOOK_MILLISECONDS = 5 * 60_000 - 10_000;
/** After being overtaken so often it is left to the next call. */
const TIMES = 10;
/** Before it is looked at again, where somebody was faster. */
const PAUSE_MILLISECONDS = 500;
/** After this no more are begun in a round: what is pushed without being proposed must not wait for all of them. */
const ROUND_MILLISECONDS = 60_000;

/** After it each upload has ended, is set aside in this call, or is the next round's. @throws GitFailed */
export async function proposeUploads(
  call: Call,
  tip: string | undefined,
  targets: readonly ProposingTarget[],
  { going, frozen }: { readonly going: readonly Candidate[]; readonly frozen: readonly Candidate[] },
): Promise<void> {
  const begun = call.parts.now().getTime();
  const all = [
    ...groupsOf(going).map((group) => ({ group, task: 'update' as const })),
    ...groupsOf(frozen).map((group) => ({ group, task: 'follow' as const })),
  ];
  for (const { group, task } of all) {
    const target = targets.find(({ name }) => name === group[0]?.record.target);
    if (target === undefined) continue;
    if (call.parts.now().getTime() - begun > ROUND_MILLISECONDS) return;
    await proposeGroup(call, tip, target, group, task);
  }
}

/** Oldest first. */
const groupsOf = (candidates: readonly Candidate[]): readonly (readonly Candidate[])[] => [
  ...Map.groupBy(candidates.toReversed(), ({ key }) => groupOf(key)).values(),
];

/** `follow`: it is frozen; what is proposed is not changed, and people may still merge or close it. */
type Task = 'update' | 'follow';

async function proposeGroup(
  call: Call,
  tip: string | undefined,
  target: ProposingTarget,
  candidates: readonly Candidate[],
  task: Task,
): Promise<void> {
  const [first] = candidates;
  if (first === undefined) return;
  const { table } = call.parts;
  const place = placeOfKey(first.key);
  const says = await heldBy(table, target.name, place, call.parts.now());
  const whyNot = says ?? (tip === undefined ? nothingToMergeInto(target.branch) : undefined);
  if (whyNot !== undefined)
    return hold(call, await readProposal(table, target.name, place), candidates, whyNot);
  const item = await proposalOf(call, tip, target, place);
  try {
    const host = await proposalHostOf(call, target);
    await followGroup({ call, host, target, place, item }, tip, candidates, task);
    await letGo(call, target.name, place);
  } catch (error) {
    if (error instanceof ProposalHostFailed) {
      await keepHeld(call, target.name, place, error);
      hold(call, await readProposal(table, target.name, place), candidates, error.message);
    } else if (error instanceof CommitOutsideSlot) {
      const { path } = error;
      const reasons = [reason('place-taken', { path }, { file: path })];
      const fresh = candidates.filter(({ record }) => record.state === 'checked');
      for (const { record } of fresh)
        await settle(call.parts, call.line, record, { state: 'rejected', reasons });
      stay(call, candidates, 'what its pull request holds has a file of somebody in its way');
    } else throw error;
  }
}

async function followGroup(
  at: Place,
  tip: string | undefined,
  candidates: readonly Candidate[],
  task: Task,
): Promise<void> {
  const { call, target, item } = at;
  const standing = await readStanding(call.clone, tip, placesOfGroup(target, candidates));
  const base = fingerprintOf(standing);
  if (isQuiet(call, item, base, candidates, task)) return stay(call, candidates, 'its pull request is open');
  // It is the command's, and ends as that does (propose-command.ts).
  if (item !== undefined && (await commandIn(call.parts.table, item)) !== undefined)
    return stay(call, candidates, 'a command is proposed for the same release');
  const looked = await look(at);
  switch (looked.kind) {
    case 'merged':
      return endMerged(at, looked.proposal, candidates);
    case 'closed':
      return endClosed(at, looked.proposal, candidates);
    case 'foreign':
      return leave(at, looked, candidates);
    case 'open':
    case 'none':
      if (task === 'update') return update(at, tip, { standing, base }, candidates, looked);
      if (item !== undefined)
        await writeProposal(call.parts.table, target.name, at.place, item, {
          lookedAt: call.parts.now().toISOString(),
        });
      return stay(call, candidates, 'it is frozen');
  }
}

const placesOfGroup = (target: ProposingTarget, candidates: readonly Candidate[]): readonly string[] => [
  ...new Set(candidates.flatMap(({ key }) => placesOf(target, key))),
];

/** Nothing is new on our side, and the host was asked lately. */
function isQuiet(
  { parts }: Call,
  item: ProposalItem | undefined,
  base: string,
  candidates: readonly Candidate[],
  task: Task,
): boolean {
  const { open, lookedAt, foreign } = item ?? {};
  if (item === undefined || open === undefined || lookedAt === undefined) return false;
  if (parts.now().getTime() - Date.parse(lookedAt) >= LOOK_MILLISECONDS) return false;
  if (foreign !== undefined || task === 'follow') return true;
  const { head } = item;
  const known = candidates.every(
    ({ record }) => record.state === 'proposed' && record.proposal.head === head,
  );
  return known && item.base === base && item.heads.at(-1)?.commit === head;
}

/** They wait for people, however long that takes. */
function stay({ frozen, parts }: Call, candidates: readonly Candidate[], why: string): void {
  for (const { record } of candidates) {
    frozen.add(nameOf(record));
    if (record.state === 'checked')
      parts.log('upload waits', { key: record.key, upload: record.versionId, why });
  }
}

/** What is proposed, or may be, waits on; what is not fails when its day is over, as with a repository that is down. */
function hold(
  call: Call,
  item: ProposalItem | undefined,
  candidates: readonly Candidate[],
  says: string,
): void {
  const isOut = ({ record }: Candidate) => record.state === 'proposed' || mayHold(item, record);
  stay(call, candidates.filter(isOut), says);
  setAside(
    call,
    candidates.filter((one) => !isOut(one)),
    says,
  );
}

/** Somebody has pushed onto it: it is theirs now, until it is merged or closed. */
async function leave(
  { call, host, target, place, item }: Place,
  { proposal }: Extract<Looked, { readonly proposal: unknown }>,
  candidates: readonly Candidate[],
): Promise<void> {
  const { head = '', number } = proposal;
  const lookedAt = call.parts.now().toISOString();
  if (item !== undefined && item.foreign !== head) {
    call.parts.log('somebody pushed onto a proposal', { target: target.name, place, number, head });
    if (item.text !== undefined) await host.update(number, pushedOnto(item.text, head, host.takes));
  }
  await writeProposal(call.parts.table, target.name, place, item, { foreign: head, lookedAt });
  stay(
    call,
    candidates,
    `somebody has pushed onto pull request ${number}: it is theirs until it is merged or closed`,
  );
}

interface UponBase {
  readonly standing: Standing;
  readonly base: string;
}

async function update(
  at: Place,
  tip: string | undefined,
  upon: UponBase,
  all: readonly Candidate[],
  looked: Looked,
): Promise<void> {
  const { call, target, item } = at;
  const { parts, repository, clone, judge } = call;
  if (looked.kind === 'open' && isIntoWhatWasLeft(at, looked.proposal)) {
    // The next round proposes it anew.
    await closeOwn(at, looked.proposal, leftInWords(at));
    return;
  }
  const candidates = await withoutOlder(at, all, looked);
  if (candidates === 'again' || candidates.length === 0) return;

  const group: Group = { target, slots: bySlot(candidates) };
  const [decision] = await decideGroups(
    { ...parts, repositoryUrl: repository.url, clone, judge, hints: 'left' },
    tip,
    [group],
  );
  if (decision === undefined) return;
  if (decision.waits !== undefined) return hold(call, item, candidates, decision.waits);
  const commits = decision.planned.filter(({ change }) => change.kind === 'commit');
  if (commits.length > 0) return putForward(at, tip, upon, { candidates, decision, commits }, looked);

  // Nothing is left to be merged.
  if (looked.kind === 'open') {
    const why = decision.planned.length > 0 ? HOLDS_ALREADY : NOTHING_LEFT;
    if ((await closeOwn(at, looked.proposal, why)) === 'again') return;
  }
  await settleRest(call, target, tip, decision);
}

const HOLDS_ALREADY = 'The branch that this was for holds all of it already.';
const NOTHING_LEFT = 'Nothing of it can be delivered any more: the records of the uploads say why.';
const SUPERSEDED = 'Something newer was delivered to the same place.';

const bySlot = (candidates: readonly Candidate[]): readonly (readonly Candidate[])[] =>
  [...Map.groupBy(candidates, ({ key }) => slotOf(key)).values()].map((some) =>
    some.toSorted((a, b) => (orderOf(a.record) < orderOf(b.record) ? 1 : -1)),
  );

/** Ends what is older than its slot's mark; before that a pull request that holds nothing else is closed. */
async function withoutOlder(
  at: Place,
  candidates: readonly Candidate[],
  looked: Looked,
): Promise<readonly Candidate[] | 'again'> {
  const { call, item } = at;
  const older: Candidate[] = [];
  for (const slot of bySlot(candidates)) {
    const [first] = slot;
    const mark = first && (await readMark(call.parts.table, slotOf(first.key)));
    if (mark !== undefined) older.push(...slot.filter(({ record }) => orderOf(record) <= mark.order));
  }
  if (older.length === 0) return candidates;
  const left = candidates.filter((one) => !older.includes(one));
  if (looked.kind === 'open' && item !== undefined && left.length === 0)
    if ((await closeOwn(at, looked.proposal, SUPERSEDED)) === 'again') return 'again';
  await supersedeOlder(call.parts, call.line, older);
  return left;
}

interface ToPropose {
  readonly candidates: readonly Candidate[];
  readonly decision: GroupDecision;
  readonly commits: readonly Decided[];
}

async function putForward(
  at: Place,
  tip: string | undefined,
  { standing, base }: UponBase,
  { candidates, decision, commits }: ToPropose,
  looked: Looked,
): Promise<void> {
  const { call, target, item } = at;
  const plans = commits.flatMap(({ change }) => (change.kind === 'commit' ? [change.plan] : []));
  const holds = commits.map(({ accepted: { record }, files }) => ({
    key: record.key,
    versionId: record.versionId,
    files,
  }));
  const declares = [...new Set(decision.declares?.map(({ object }) => hashOf(object)) ?? [])];
  const told = { standing, decision, commits, declares };
  const text = wordsOf(at, told);
  const warnings = distinct(commits.flatMap((one) => one.warnings));
  const images = commits.find((one) => one.images !== undefined)?.images;
  const brings = { warnings, ...(images === undefined ? {} : { images }) };
  const outcome = await propose(at, tip, { plans, holds, base, declares, text, brings }, looked);
  switch (outcome.kind) {
    case 'again': {
      const times = (call.overtaken.get(at.place) ?? 0) + 1;
      call.overtaken.set(at.place, times);
      if (times >= TIMES) return hold(call, item, candidates, `something was faster ${TIMES} times in a row`);
      return call.parts.pause(PAUSE_MILLISECONDS);
    }
    case 'foreign':
      return stay(call, candidates, 'somebody has pushed onto its pull request');
    case 'blocked':
      return hold(call, item, candidates, outcome.says);
    case 'refused-content':
      return unwanted(at, tip, { standing, base }, { candidates, decision, commits }, looked, outcome.says);
    case 'open': {
      for (const { accepted } of commits) await recordProposed(call, accepted.record, outcome.held);
      await replaceOlder(call, candidates, commits);
      await settleRest(call, target, tip, decision);
      stay(call, candidates, 'its pull request is open');
    }
  }
}

/** The newest of a slot is proposed: what came before it is not waited for any more. */
async function replaceOlder(
  { parts, line }: Call,
  candidates: readonly Candidate[],
  commits: readonly Decided[],
): Promise<void> {
  for (const { accepted } of commits) {
    const slot = slotOf(accepted.key);
    const older = candidates.filter(
      ({ key, record }) => slotOf(key) === slot && orderOf(record) < orderOf(accepted.record),
    );
    const by = `${accepted.record.key}?versionId=${accepted.record.versionId}`;
    for (const { record } of older) await settle(parts, line, record, { state: 'superseded', by });
  }
}

/** What is rejected, and what the base holds as it is: when no pull request that is open holds it any more. */
async function settleRest(
  call: Call,
  target: ProposingTarget,
  tip: string | undefined,
  { planned, rejected }: GroupDecision,
): Promise<void> {
  for (const { record, reasons } of rejected)
    await settle(call.parts, call.line, record, { state: 'rejected', reasons });
  const there = planned.filter(({ change }) => change.kind === 'unchanged');
  if (tip === undefined || there.length === 0) return;
  for (const { accepted, files, warnings, images } of there) {
    const commit = (await broughtBy(call.clone, tip, [ownPlace(target, accepted.key)])) ?? tip;
    const change = accepted.record.state === 'proposed' ? 'commit' : 'unchanged';
    await settleHeld(call, accepted, { commit, files, warnings, images }, change);
  }
  await tellDelivered(
    call,
    target,
    tip,
    there.map(({ accepted }) => accepted),
  );
}

/** The host will not have this content: found one by one, as with pushes to the base. */
async function unwanted(
  at: Place,
  tip: string | undefined,
  upon: UponBase,
  { candidates, commits }: ToPropose,
  looked: Looked,
  says: string,
): Promise<void> {
  const { call, target } = at;
  const item = await proposalOf(call, tip, target, at.place);
  const known = new Set(item === undefined ? [] : heldNow(item).map(nameOf));
  const fresh = commits.filter(({ accepted }) => !known.has(nameOf(accepted.record)));
  const [only, ...others] = fresh;
  if (only === undefined || others.length === 0) {
    const guilty = only === undefined ? commits : [only];
    const reasons = [reason('refused-by-repository', { says })];
    for (const { accepted } of guilty)
      await settle(call.parts, call.line, accepted.record, { state: 'rejected', reasons });
    return;
  }
  // The first of them alone: where that is taken, the culprit is alone in the next round.
  const alone = candidates.filter(({ key }) => slotOf(key) === slotOf(only.accepted.key));
  return update({ ...at, item }, tip, upon, alone, looked);
}
