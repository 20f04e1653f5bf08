import type { Verb } from '../../commands/command.ts';
import { type Proposal, ProposalHostFailed } from '../../proposals/proposals.ts';
import { broughtBy } from '../../repository/brought.ts';
import { findInHistory, NEAR } from '../../repository/history.ts';
import type { CommandDecision } from '../deciding/commands/decision.ts';
import { commandText } from '../deciding/proposal/command-text.ts';
import { fingerprintOf, readStanding, readStandingOf } from '../deciding/standing.ts';
import { keyOfSlot, MANIFESTS } from '../record/keys.ts';
import { putTagged } from '../record/owed-tags.ts';
import {
  type AttemptedCommit,
  contentOf,
  type HeldProposal,
  recordItem,
  type WaitingRecord,
} from '../record/record.ts';
import { nothingToMergeInto } from './branch-gone.ts';
import { type Call, nameOf } from './call.ts';
import { setAside } from './held.ts';
import { hasLeftItsBase, isClosedByNobody } from './left-base.ts';
import { proposalOf } from './own-proposal.ts';
import { WHOLE_TARGET } from './proposal-branch.ts';
import { endClosed, endMerged, ownPlace, waitingIn } from './proposal-ends.ts';
import { heldBy, keepHeld, letGo } from './proposal-hold.ts';
import { type ProposingTarget, proposalHostOf } from './proposal-host.ts';
import { commandIn, writeProposal } from './proposal-item.ts';
import { closeOwn, look, over, type Place, propose } from './propose.ts';
import type { WaitingCommand } from './take-commands.ts';

/**
 * A command to a target with pull requests: its commit is proposed, in the place of whatever was proposed for the same
 * release, and it waits until people have merged or closed that.
 */
export type ProposedCommand = EndedByPeople | { readonly kind: 'refused-content'; readonly says: string };

type EndedByPeople =
  /** Nothing to do in this call. */
  | { readonly kind: 'stays' }
  | {
      readonly kind: 'merged';
      /** What brought it onto the base. */
      readonly commit: string;
      /** `edited`: with changes of its reviewers. */
      readonly change: 'commit' | 'edited';
      /** As it was proposed. */
      readonly attempt: AttemptedCommit | undefined;
    }
  | { readonly kind: 'declined'; readonly url: string };

const STAYS = { kind: 'stays' } as const;

type Decided = Extract<CommandDecision, { readonly kind: 'commit' }>;

/** @throws GitFailed, CommitOutsideSlot */
export async function proposeCommand(
  call: Call,
  tip: string | undefined,
  target: ProposingTarget,
  waiting: WaitingCommand,
  decision: Decided,
): Promise<ProposedCommand> {
  const { table, now } = call.parts;
  const place = placeOfVerb(waiting.command.verb);
  const says = await heldBy(table, target.name, place, now());
  if (says !== undefined) return held(call, waiting, says);
  if (tip === undefined) return held(call, waiting, nothingToMergeInto(target.branch));
  try {
    const host = await proposalHostOf(call, target);
    const at: Place = { call, host, target, place, item: await proposalOf(call, tip, target, place) };
    const done = await follow(at, tip, waiting, decision);
    await letGo(call, target.name, place);
    return done;
  } catch (error) {
    if (!(error instanceof ProposalHostFailed)) throw error;
    await keepHeld(call, target.name, place, error);
    return held(call, waiting, error.message);
  }
}

/**
 * Closes the pull request of a command that can be carried out no more; nobody has declined it. What people have merged
 * or closed before ends as they ended it, whatever speaks against it by now. While the host cannot be asked, or once
 * somebody has pushed onto it, it may still be merged, and is waited for.
 */
export async function withdrawCommand(
  call: Call,
  tip: string | undefined,
  target: ProposingTarget,
  waiting: WaitingCommand,
  why: string,
): Promise<EndedByPeople | { readonly kind: 'withdrawn' }> {
  const { record } = waiting;
  if (record.state !== 'proposed') return WITHDRAWN;
  const { table, now } = call.parts;
  const place = placeOfVerb(waiting.command.verb);
  if ((await heldBy(table, target.name, place, now())) !== undefined) return stays(call, waiting, 'aside');
  try {
    const host = await proposalHostOf(call, target);
    const at: Place = { call, host, target, place, item: await proposalOf(call, tip, target, place) };
    const looked = await look(at);
    await letGo(call, target.name, place);
    if (looked.kind === 'none' || looked.proposal.number !== record.proposal.number) return WITHDRAWN;
    switch (looked.kind) {
      case 'merged': {
        const ended = await merged(at, tip, waiting, looked.proposal);
        // Merged into what its target has left, nobody has declined it.
        return ended.kind === 'declined' && hasLeftItsBase(at) ? WITHDRAWN : ended;
      }
      case 'closed':
        if (await isClosedByNobody(at)) return WITHDRAWN;
        return { kind: 'declined', url: looked.proposal.url };
      case 'foreign':
        return stays(call, waiting, 'aside');
      case 'open':
        return (await closeOwn(at, looked.proposal, why)) === 'closed'
          ? WITHDRAWN
          : stays(call, waiting, 'again');
    }
  } catch (error) {
    if (!(error instanceof ProposalHostFailed)) throw error;
    await keepHeld(call, target.name, place, error);
    return stays(call, waiting, 'aside');
  }
}

const WITHDRAWN = { kind: 'withdrawn' } as const;

function placeOfVerb(verb: Verb): string {
  switch (verb.kind) {
    case 'rollback':
    case 'promote':
      return `${verb.release.namespace}/${verb.release.release}`;
    case 'remove':
      if (verb.what.kind === 'manifest') return `${MANIFESTS}/${verb.what.path}`;
      return verb.what.kind === 'release' ? `${verb.what.namespace}/${verb.what.release}` : WHOLE_TARGET;
    case 'freeze':
    case 'unfreeze':
      return WHOLE_TARGET;
  }
}

async function follow(
  at: Place,
  tip: string | undefined,
  waiting: WaitingCommand,
  decision: Decided,
): Promise<ProposedCommand> {
  const { call, target, item } = at;
  const standing = await readStanding(call.clone, tip, decision.plan.within);
  const base = fingerprintOf(standing);
  if (isQuiet(at, waiting, base)) return stays(call, waiting, 'aside');
  const first = item && (await commandIn(call.parts.table, item));
  // One after the other, as on a branch that is pushed to: else each would put the other's commit off the branch.
  if (first !== undefined && nameOf(first) !== nameOf(waiting.record)) return stays(call, waiting, 'aside');
  const looked = await look(at);
  switch (looked.kind) {
    case 'merged':
    case 'closed': {
      if (item === undefined) return STAYS;
      const { proposal } = looked;
      const wasClosedByUs = item.closing !== undefined;
      const { record } = waiting;
      if (record.state !== 'proposed' || record.proposal.number !== proposal.number) {
        // It was of uploads, and they end as they would have without this; the next round proposes this.
        const uploads = await waitingIn(call.parts.table, item);
        await (looked.kind === 'merged'
          ? endMerged(at, proposal, uploads)
          : endClosed(at, proposal, uploads));
        return stays(call, waiting, 'again');
      }
      // Its record is to say so first: killed in between, it were proposed anew. Whoever comes next sees that it is over.
      if (looked.kind === 'merged') return merged(at, tip, waiting, proposal);
      if (!wasClosedByUs) return { kind: 'declined', url: proposal.url };
      await writeProposal(call.parts.table, target.name, at.place, item, over(item, proposal.number));
      return stays(call, waiting, 'again');
    }
    case 'foreign':
      return stays(call, waiting, 'aside');
    case 'open':
    case 'none': {
      const { key, versionId } = waiting.record;
      const proposed = await propose(
        at,
        tip,
        {
          plans: [decision.plan],
          holds: [{ key, versionId, files: '' }],
          base,
          declares: [],
          text: commandText(decision, standing, target.delivery.labels),
        },
        looked,
      );
      switch (proposed.kind) {
        case 'again':
          return stays(call, waiting, 'again');
        case 'foreign':
          return stays(call, waiting, 'aside');
        case 'blocked':
          return held(call, waiting, proposed.says);
        case 'refused-content':
          return { kind: 'refused-content', says: proposed.says };
        case 'open':
          await recordProposed(call, waiting.record, proposed.held, decision, tip);
          return stays(call, waiting, 'aside');
      }
    }
  }
}

/** A host is asked about it so seldom, unless there is something new. */
const LOOK_MILLISECONDS = 5 * 60_000 - 10_000;

function isQuiet({ call, item }: Place, { record }: WaitingCommand, base: string): boolean {
  if (record.state !== 'proposed' || item?.lookedAt === undefined) return false;
  const isFresh = call.parts.now().getTime() - Date.parse(item.lookedAt) < LOOK_MILLISECONDS;
  return isFresh && item.base === base && item.head === record.proposal.head;
}

/** `aside`: not looked at again in this call; however long people take, it has not failed. */
function stays(call: Call, { record }: WaitingCommand, when: 'again' | 'aside'): typeof STAYS {
  if (when === 'aside') call.frozen.add(nameOf(record));
  return STAYS;
}

/** Once it is proposed it waits for people; before that it fails when its day is over. */
function held(call: Call, waiting: WaitingCommand, says: string): typeof STAYS {
  if (waiting.record.state === 'proposed') return stays(call, waiting, 'aside');
  setAside(call, [waiting], says);
  return STAYS;
}

/** As it was proposed, where its slots were left so by what brought it; pointed at another base and merged there: not. */
async function merged(
  at: Place,
  tip: string | undefined,
  waiting: WaitingCommand,
  { url, state }: Proposal,
): Promise<EndedByPeople> {
  const { call, target } = at;
  const { clone } = call;
  // Merged after the tip was read: it is decided over upon the new one.
  if ((await clone.fetchTip())?.id !== tip) return stays(call, waiting, 'again');
  if (tip === undefined) return { kind: 'declined', url };
  const attempt = waiting.record.attempted.at(-1);
  const slots = (attempt?.touched ?? []).flatMap(({ slot, files }) => {
    const key = keyOfSlot(slot);
    return key === undefined ? [] : [{ place: ownPlace(target, key), files }];
  });
  const merge = state.kind === 'merged' ? state.commit : undefined;
  if (merge !== undefined) {
    const found = await findInHistory(clone, tip, [{ commit: merge, base: undefined }], NEAR);
    if (!found.has(merge)) return { kind: 'declined', url };
  }
  const places = slots.map(({ place }) => place);
  const commit = merge ?? (await broughtBy(clone, tip, places)) ?? tip;
  const isLeftSo = async (then: string) => {
    for (const { place, files } of slots)
      if (fingerprintOf(await readStandingOf(clone, tip, then, [place])) !== files) return false;
    return attempt !== undefined;
  };
  const isAsProposed = (await isLeftSo(tip)) || (await isLeftSo(commit));
  return { kind: 'merged', commit, change: isAsProposed ? 'commit' : 'edited', attempt };
}

async function recordProposed(
  { parts }: Call,
  record: WaitingRecord,
  proposal: HeldProposal,
  { touched, warnings, backTo }: Decided,
  tip: string | undefined,
): Promise<void> {
  const before = record.state === 'proposed' ? record.proposal : undefined;
  if (before?.number === proposal.number && before.head === proposal.head) return;
  const attempt: AttemptedCommit = {
    commit: proposal.head,
    files: '',
    touched,
    ...(tip === undefined ? {} : { base: tip }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(backTo === undefined ? {} : { backTo }),
  };
  // The newest alone: what was pushed before it is on the branch no more.
  const state = { ...contentOf(record), state: 'proposed', proposal, attempted: [attempt] } as const;
  const item = { ...recordItem(record, state, record), ...state };
  if ((await putTagged(parts, item, record.version)) === undefined) return;
  parts.log('command proposed', { key: record.key, upload: record.versionId, url: proposal.url });
}
