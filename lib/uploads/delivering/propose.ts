import { digestOf } from '../../content/tree.ts';
import { canonicalJson } from '../../objects/json.ts';
import type { Proposal, ProposalHost, ProposalText, Takes } from '../../proposals/proposals.ts';
import { headOf } from '../../repository/branches.ts';
import { blobIdOf, type Clone } from '../../repository/clone.ts';
import { type CommitPlan, makeCommits, pushCommit } from '../../repository/commit.ts';
import { GitFailed } from '../../repository/git.ts';
import { putTagged } from '../record/owed-tags.ts';
import { contentOf, type HeldProposal, recordItem, type WaitingRecord } from '../record/record.ts';
import { type Call, nameOf } from './call.ts';
import { branchOf, TURNS } from './proposal-branch.ts';
import type { ProposingTarget } from './proposal-host.ts';
import { type HeldUpload, type ProposalItem, writeProposal } from './proposal-item.ts';
import { keepPush, untilNextPush } from './push-interval.ts';

/**
 * A pull request of Fairlead's: one branch, built anew upon the base's tip whenever what it is to hold has changed.
 *
 * Why there is one of each, whatever dies when, and nobody's work is replaced:
 *  - a commit is pushed only after the item of its place names it, by a write conditional on the version read;
 *  - a push names the tip that it replaces, and that is a commit which the item names, or none: what somebody else has
 *    pushed makes it fail, or is seen before;
 *  - a pull request is looked for by its branch before one is opened, and hosts have one at most of a branch.
 */

/** Where a pull request of a place stands. */
export interface Place {
  readonly call: Call;
  readonly host: ProposalHost;
  readonly target: ProposingTarget;
  /** Below the target (proposal-branch.ts). */
  readonly place: string;
  readonly item: ProposalItem | undefined;
}

export type Looked =
  | { readonly kind: 'none' }
  | { readonly kind: 'open' | 'foreign' | 'merged' | 'closed'; readonly proposal: Proposal };

/** What has become of the pull request of a place; one that ended before is none. @throws ProposalHostFailed */
export async function look({ host, target, item }: Place): Promise<Looked> {
  if (item === undefined) return { kind: 'none' };
  const proposal =
    item.open === undefined ? await host.find(item.branch, target.branch) : await host.read(item.open.number);
  if (proposal === undefined) return { kind: 'none' };
  // Opened again by people it is what it was, once it was taken for this anew.
  if (item.open === undefined && item.ended.includes(proposal.number)) return { kind: 'none' };
  switch (proposal.state.kind) {
    case 'open': {
      const { head } = proposal;
      const ours = head === undefined || item.heads.some(({ commit }) => commit === head);
      return { kind: ours ? 'open' : 'foreign', proposal };
    }
    case 'merged':
    case 'closed':
      return { kind: proposal.state.kind, proposal };
  }
}

/** What a pull request is to hold: all of it, in place of whatever it held before. */
export interface Wanted {
  readonly plans: readonly CommitPlan[];
  readonly holds: readonly HeldUpload[];
  /** Fingerprint of what the plans depend on in Git. */
  readonly base: string;
  readonly declares: readonly string[];
  /** What uploads of it are to be delivered with. */
  readonly brings?: ProposalItem['brings'];
  readonly text: (takes: Takes) => Promise<ProposalText>;
}

export type Proposed =
  | { readonly kind: 'open'; readonly held: HeldProposal }
  /** Something has changed meanwhile: to be looked at anew. */
  | { readonly kind: 'again' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'blocked'; readonly says: string }
  | { readonly kind: 'refused-content'; readonly says: string };

const AGAIN = { kind: 'again' } as const;
const NOT_FORCED =
  'the host does not let Fairlead build its own branches anew: allow forced pushes below fairlead/ for who delivers';
/** Longer than this a call does not wait for a host's push interval: the sweep rings again. */
const INTERVAL_MILLISECONDS = 60_000;

/**
 * Makes the branch hold just this, and sees that there is one open pull request of it.
 * @throws ProposalHostFailed, GitFailed, CommitOutsideSlot
 */
export async function propose(
  place: Place,
  tip: string | undefined,
  wanted: Wanted,
  looked: Looked,
): Promise<Proposed> {
  const built = await build(place, tip, wanted, looked);
  if (built.kind !== 'built') return built;
  const { item, head } = built;
  const { call, host, target } = place;
  const text = await wanted.text(host.takes);
  const known = looked.kind === 'open' ? looked.proposal : undefined;
  const opened = known ?? (await host.open(item.branch, target.branch, text));
  // One that was there already, of a call that was cut off, has an older text. What people make of it is left to them.
  const isSaid = known !== undefined && item.foreign === undefined && isSame(item.text, text);
  if (!isSaid && (known !== undefined || built.change === 'none')) await host.update(opened.number, text);
  const proposal = known === undefined ? opened : await host.read(opened.number);
  if (proposal.state.kind !== 'open') return AGAIN;

  const now = call.parts.now().toISOString();
  const since = item.open?.number === proposal.number ? item.open.since : now;
  const { number, url } = proposal;
  const written = await writeProposal(call.parts.table, target.name, place.place, item, {
    open: { number, url, since },
    head,
    text: { ...text, labels: [...text.labels] },
    into: intoOf(target),
    lookedAt: now,
    foreign: undefined,
    closing: undefined,
  });
  if (written === undefined) return AGAIN;
  return { kind: 'open', held: { number, url, branch: item.branch, head, since } };
}

export const intoOf = ({ repository, branch }: ProposingTarget) => ({ repository, branch });

const isSame = (one: ProposalItem['text'], other: ProposalText): boolean =>
  one !== undefined && canonicalJson(one) === canonicalJson({ ...other, labels: [...other.labels] });

type Built =
  | {
      readonly kind: 'built';
      readonly item: ProposalItem;
      readonly head: string;
      readonly change: 'pushed' | 'none';
    }
  | Exclude<Proposed, { readonly kind: 'open' }>;

async function build(
  { call, target, place, item }: Place,
  tip: string | undefined,
  { plans, holds, base, declares, brings }: Wanted,
  looked: Looked,
): Promise<Built> {
  const { parts, clone, repository, identity } = call;
  const ours = (commit: string | undefined): boolean =>
    commit === undefined || item?.heads.some((head) => head.commit === commit) === true;
  let branch = item?.branch ?? branchOf(target.name, place);
  let remote = await headOf(clone, branch);
  if (!ours(remote) && looked.kind === 'open') return { kind: 'foreign' };
  for (let turn = 2; !ours(remote) && turn <= TURNS; turn++) {
    branch = branchOf(target.name, place, turn);
    remote = await headOf(clone, branch);
  }
  if (!ours(remote))
    return { kind: 'blocked', says: `the branches "${branch}" and before are not Fairlead's` };

  const content = contentOfPlans(plans);
  const newest = item?.heads.at(-1);
  const stands = item?.base === base && item.content === content && item.branch === branch;
  if (item !== undefined && newest !== undefined && stands && remote === newest.commit) {
    const heads = [...item.heads.slice(0, -1), { ...newest, holds: [...holds] }];
    const written = await writeProposal(parts.table, target.name, place, item, { heads });
    return written === undefined
      ? AGAIN
      : { kind: 'built', item: written, head: newest.commit, change: 'none' };
  }

  const wait = await untilNextPush(parts.table, repository, parts.now());
  if (wait > INTERVAL_MILLISECONDS)
    return { kind: 'blocked', says: 'the host asks not to be pushed to so soon' };
  if (wait > 0) await parts.pause(wait);
  const commits = await makeCommits(clone, tip, plans, parts.now(), identity);
  const head = commits.at(-1) ?? '';
  // What people have looked at stays, where it was only not known any more what it was built of.
  if (item !== undefined && newest !== undefined && remote === newest.commit && item.content === '')
    if (isSameHeld(newest.holds, holds) && (await isSameTree(clone, head, remote))) {
      const written = await writeProposal(parts.table, target.name, place, item, {
        heads: [...item.heads.slice(0, -1), { ...newest, holds: [...holds] }],
        base,
        content,
        declares: [...declares],
        brings,
      });
      return written === undefined ? AGAIN : { kind: 'built', item: written, head: remote, change: 'none' };
    }
  const written = await writeProposal(parts.table, target.name, place, item, {
    branch,
    into: intoOf(target),
    heads: [...(item?.heads ?? []), { commit: head, holds: [...holds] }],
    base,
    content,
    declares: [...declares],
    brings,
  });
  if (written === undefined) return AGAIN;
  const outcome = await pushCommit(clone, head, remote, branch);
  await keepPush(parts.table, repository, parts.now());
  switch (outcome.kind) {
    case 'pushed':
      parts.log('proposal pushed', { target: target.name, place, branch, commit: head });
      return { kind: 'built', item: written, head, change: 'pushed' };
    case 'moved':
      // Nobody was faster: the host lets no branch be built anew.
      if ((await headOf(clone, branch)) === remote) return { kind: 'blocked', says: NOT_FORCED };
      return AGAIN;
    case 'refused-content':
      return { kind: 'refused-content', says: outcome.says };
    case 'blocked':
    case 'in-doubt':
      return { kind: 'blocked', says: outcome.says };
  }
}

const isSameHeld = (some: readonly HeldUpload[], others: readonly HeldUpload[]): boolean =>
  canonicalJson(some.map(nameOf)) === canonicalJson(others.map(nameOf));

async function isSameTree(clone: Clone, one: string, other: string): Promise<boolean> {
  try {
    return (await clone.treeId(one, '')) === (await clone.treeId(other, ''));
  } catch (error) {
    // It is not here.
    if (error instanceof GitFailed) return false;
    throw error;
  }
}

/** The same as long as the same files are the same; what a commit says of where they come from is not among it. */
const contentOfPlans = (plans: readonly CommitPlan[]): string =>
  digestOf(
    canonicalJson(
      plans.map(({ replaces, removes, files, within }) => [
        replaces ?? '',
        [...(removes ?? [])].sort(),
        [...within].sort(),
        [...files].map(([path, { mode, data }]) => [path, mode, blobIdOf(data)]).sort(),
      ]),
    ),
  );

/** Its record says where it is proposed; one that another delivery has changed meanwhile is left. */
export async function recordProposed(
  { parts }: Call,
  record: WaitingRecord,
  held: HeldProposal,
): Promise<void> {
  const before = record.state === 'proposed' ? record.proposal : undefined;
  if (before?.number === held.number && before.head === held.head) return;
  const proposal = {
    ...held,
    since: before?.number === held.number ? before.since : parts.now().toISOString(),
  };
  const state = { ...contentOf(record), state: 'proposed', proposal, attempted: record.attempted } as const;
  const item = { ...recordItem(record, state, record), ...state };
  if ((await putTagged(parts, item, record.version)) === undefined) return;
  parts.log('upload proposed', { key: record.key, upload: record.versionId, url: held.url });
}

/**
 * Closes a pull request of which nothing is left to be merged: what it held ended otherwise, and nobody has declined it.
 * `again`: it was merged meanwhile, or another delivery was faster. @throws ProposalHostFailed
 */
export async function closeOwn(
  { call, host, target, place, item }: Place,
  { number }: Proposal,
  why: string,
): Promise<'closed' | 'again'> {
  const { table } = call.parts;
  const said = await writeProposal(table, target.name, place, item, { closing: why });
  if (said === undefined) return 'again';
  await host.close(number, why);
  const after = await host.read(number);
  if (after.state.kind === 'merged') return 'again';
  call.parts.log('proposal closed', { target: target.name, place, number, why });
  const written = await writeProposal(table, target.name, place, said, over(said, number));
  return written === undefined ? 'again' : 'closed';
}

/** What an item says of a pull request that has ended. */
export const over = ({ ended }: ProposalItem, number: string) =>
  ({
    open: undefined,
    closing: undefined,
    foreign: undefined,
    text: undefined,
    head: undefined,
    base: '',
    content: '',
    declares: [],
    ended: [...ended, number],
  }) as const;
