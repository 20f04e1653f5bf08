import { CALLS_AT_ONCE, eachAtOnce } from '../../at-once/at-once.ts';
import { reason } from '../../charts/reasons.ts';
import { CommitOutsideSlot, type CommitPlan, makeCommits, pushCommit } from '../../repository/commit.ts';
import { findInHistory, NEAR } from '../../repository/history.ts';
import { decideGroups } from '../deciding/decide.ts';
import { planStaleValues } from '../deciding/follow.ts';
import type { Candidate } from '../deciding/group.ts';
import { slotOf } from '../record/keys.ts';
import { placeOf } from '../record/place.ts';
import { readMark } from '../record/slots.ts';
import { answer } from './answers.ts';
import { mayLand, recordAttempt } from './attempts.ts';
import { takeBatch } from './batch.ts';
import { goneInWords, wasThere } from './branch-gone.ts';
import { AGAIN, type Attempt, type Call, nameOf, type Round, requestReads, type ToCommit } from './call.ts';
import { commandRound } from './commands.ts';
import { endedBefore } from './ended-before.ts';
import { setFrozenAside } from './frozen.ts';
import { leaveForSweep, STILL_ON_ITS_WAY, setAside } from './held.ts';
import { settleLanded } from './landed.ts';
import { slotsOnTheirWay } from './on-its-way.ts';
import { withoutProposal } from './proposal-ends.ts';
import { isProposing } from './proposal-host.ts';
import { proposeUploads } from './propose-uploads.ts';
import { untilNextPush } from './push-interval.ts';
import { settle, settleDelivered, supersedeOlder } from './settle.ts';
import { takeWaiting } from './take.ts';

/** Longer than this a call does not wait for a host's push interval: the sweep rings again. */
const INTERVAL_MILLISECONDS = 60_000;

/** Two calls of one branch get out of each other's step: at most so long. */
const CONTENDED_MILLISECONDS = 500;

/** Fetch, decide, commit, push: as much of what waits as one push takes. */
export async function round(call: Call): Promise<Round> {
  const { parts, repository, clone } = call;
  const wait = await untilNextPush(parts.table, repository, parts.now());
  if (wait > INTERVAL_MILLISECONDS) return { kind: 'too soon' };
  if (wait > 0) await parts.pause(wait);
  // The tip before the records: see attempts.ts.
  const tip = (await clone.fetchTip())?.id;
  if (tip === undefined && (await wasThere(call))) return { kind: 'blocked', says: goneInWords(call) };
  const commanded = await commandRound(call, tip);
  if (commanded !== undefined) return commanded;
  const waiting = await waitingOf(call, call.pace.limit);
  const planned = await decide(call, tip, await openUpon(call, tip, waiting));
  const follow = waiting.length === 0 ? await staleValues(call, tip) : [];
  const plans = [...planned.map(({ plan }) => plan), ...follow.map(({ plan }) => plan)];
  // Each of them was ended or set aside, if there were any; what they hid is next.
  if (plans.length === 0) return waiting.length > 0 ? AGAIN : { kind: 'done' };

  const commits = await build(call, tip, plans, planned);
  if (commits === 'obstructed') return AGAIN;
  const attempts = await record(call, tip, planned, commits);
  // Another delivery holds one of these: its commit must not go, nor those upon it. Build without it.
  if (attempts === 'contended') {
    await parts.pause(Math.random() * CONTENDED_MILLISECONDS);
    return AGAIN;
  }

  const targets = [
    ...planned.map(({ candidate }) => candidate.record.target),
    ...follow.map(({ target }) => target),
  ];
  const outcome = await pushCommit(clone, commits.at(-1) ?? '', tip);
  const pushed = attempts.map(({ candidate, ...delivered }) => ({
    record: candidate.record,
    commit: delivered.commit,
    end: () => settleDelivered(parts, call.line, candidate, delivered, 'commit'),
  }));
  return answer(call, outcome, { commits, attempts: pushed, targets });
}

/** What has waited longest and was not set aside, of so many slots; none where nothing else waits. */
export const waitingOf = (
  { parts, line, aside, frozen }: Call,
  slots: number,
): Promise<readonly Candidate[]> =>
  takeWaiting(parts, line, {
    slots,
    isAside: (entry) => aside.has(nameOf(entry)) || frozen.has(nameOf(entry)),
  });

/** Those that are open upon this tip: without what is committed or has ended already, and without what came too late. */
async function openUpon(
  call: Call,
  tip: string | undefined,
  waiting: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const { parts, line, targets, refused } = call;
  const found = await settleLanded(call, tip, waiting);
  const unfound = waiting.filter((candidate) => !found.has(candidate));
  const ended = await eachAtOnce(unfound, CALLS_AT_ONCE, (candidate) => endedBefore(parts, line, candidate));
  const open: Candidate[] = [];
  for (const [at, candidate] of unfound.entries()) {
    if (ended[at]) continue;
    const { record } = candidate;
    // The configuration may have changed since it was received.
    const placed = placeOf(record.key, parts.config);
    if (placed.kind === 'refused' && mayLand(record, tip, refused, parts.now()))
      setAside(call, [candidate], STILL_ON_ITS_WAY);
    else if (placed.kind === 'refused')
      await settle(parts, line, record, { state: 'rejected', reasons: placed.reasons });
    else if (targets.some(({ name }) => name === record.target)) open.push(candidate);
    else leaveForSweep(call, [candidate]);
  }
  const proposing = targets.filter(isProposing);
  const { proposed = [], pushed = [] } = Object.groupBy(open, ({ record }) =>
    proposing.some(({ name }) => name === record.target) ? 'proposed' : 'pushed',
  );
  const ours = await eachAtOnce(pushed, CALLS_AT_ONCE, (one) => withoutProposal(call, one));
  const current = ours.filter((one) => one !== undefined);
  const going = await setFrozenAside(call, await supersedeOlder(parts, line, current));
  const thawed = await setFrozenAside(call, proposed);
  await proposeUploads(call, tip, proposing, {
    going: thawed,
    // Frozen ones may be merged or closed by people all the same.
    frozen: proposed.filter(({ record }) => call.frozen.has(nameOf(record))),
  });
  return going;
}

/** Decides over as many uploads as one push takes; ends or sets aside what needs none. */
async function decide(
  call: Call,
  tip: string | undefined,
  waiting: readonly Candidate[],
): Promise<readonly ToCommit[]> {
  const { parts, line, targets, pace, repository, clone, judge } = call;
  const groups = takeBatch(waiting, targets, pace);
  const toCommit: ToCommit[] = [];
  const standing: Omit<ToCommit, 'plan'>[] = [];
  const decisions = await decideGroups(
    { ...parts, repositoryUrl: repository.url, clone, judge },
    tip,
    groups,
  );
  const isAwaited = (record: Candidate['record']) => mayLand(record, tip, call.refused, parts.now());
  for (const [index, decision] of decisions.entries()) {
    const { held = [], rejected = [] } = Object.groupBy(decision.rejected, ({ record }) =>
      isAwaited(record) ? 'held' : 'rejected',
    );
    setAside(call, held, STILL_ON_ITS_WAY);
    await eachAtOnce(rejected, CALLS_AT_ONCE, ({ record, reasons }) =>
      settle(parts, line, record, { state: 'rejected', reasons }),
    );
    if (decision.waits !== undefined) setAside(call, groups[index]?.slots.flat() ?? [], decision.waits);
    for (const { accepted, change, ...decided } of decision.planned) {
      const candidate = { key: accepted.key, record: accepted.record };
      if (change.kind === 'commit') toCommit.push({ candidate, plan: change.plan, ...decided });
      else standing.push({ candidate, ...decided });
    }
  }
  const slots = standing.map(({ candidate }) => slotOf(candidate.key));
  const onTheirWay = await slotsOnTheirWay(call, tip, slots);
  const isHeldUp = ({ candidate }: (typeof standing)[number]) => onTheirWay.has(slotOf(candidate.key));
  setAside(
    call,
    standing.filter(isHeldUp).map(({ candidate }) => candidate),
    STILL_ON_ITS_WAY,
  );
  const asTheyStand = standing.filter((one) => !isHeldUp(one));
  await unchanged(call, tip, asTheyStand);
  // Who waits for a rollout waits for a look that is later than the outcome.
  await requestReads(
    call,
    asTheyStand.map(({ candidate }) => candidate.record.target),
  );
  return toCommit;
}

/**
 * Git holds them already: the outcome names the commit that brought what is there, or the tip, where that one is long
 * ago or people have taken it out of the history.
 */
async function unchanged(
  { parts, line, clone }: Call,
  tip: string | undefined,
  held: readonly Omit<ToCommit, 'plan'>[],
): Promise<void> {
  if (tip === undefined || held.length === 0) return;
  const marks = await eachAtOnce(held, CALLS_AT_ONCE, ({ candidate }) =>
    readMark(parts.table, slotOf(candidate.key)),
  );
  const brought = marks.map((mark, at) => (mark?.files === held[at]?.files ? mark?.commit : undefined));
  const sought = brought.flatMap((commit) => (commit === undefined ? [] : [{ commit, base: undefined }]));
  const found = await findInHistory(clone, tip, sought, NEAR);
  await eachAtOnce([...held.entries()], CALLS_AT_ONCE, ([at, { candidate, files, warnings, images }]) => {
    const commit = brought[at];
    const holds = commit !== undefined && found.has(commit) ? commit : tip;
    const delivered = { commit: holds, files, warnings, images };
    return settleDelivered(parts, line, candidate, delivered, 'unchanged');
  });
}

/** What people changed in values.yaml, where a read found that the deployer's copy does not follow. */
async function staleValues({ because, clone, targets }: Call, tip: string | undefined) {
  if (because !== 'values' || tip === undefined) return [];
  return planStaleValues(clone, tip, targets);
}

/** One upload whose place is taken by somebody's file ends; it must not hold up the others, nor their file go. */
async function build(
  { parts, line, clone, identity }: Call,
  tip: string | undefined,
  plans: readonly CommitPlan[],
  planned: readonly ToCommit[],
): Promise<readonly string[] | 'obstructed'> {
  try {
    for (let seconds = 0; ; seconds++) {
      const at = new Date(parts.now().getTime() + seconds * 1000);
      const commits = await makeCommits(clone, tip, plans, at, identity);
      const isTried = ({ candidate }: ToCommit, index: number) =>
        candidate.record.attempted.some(({ commit }) => commit === commits[index]);
      if (!planned.some(isTried)) return commits;
    }
  } catch (error) {
    if (!(error instanceof CommitOutsideSlot)) throw error;
    const obstructed = planned[error.plan];
    if (obstructed === undefined) throw error;
    const { path } = error;
    const reasons = [reason('place-taken', { path }, { file: path })];
    await settle(parts, line, obstructed.candidate.record, { state: 'rejected', reasons });
    return 'obstructed';
  }
}

/** Writes into each record which commit may be pushed for it from now on: see attempts.ts. */
async function record(
  { parts, refused }: Call,
  tip: string | undefined,
  planned: readonly ToCommit[],
  commits: readonly string[],
): Promise<readonly Attempt[] | 'contended'> {
  const attempts = await eachAtOnce([...planned.entries()], CALLS_AT_ONCE, async ([index, one]) => {
    const { candidate, files, warnings, images } = one;
    const commit = commits[index] as string;
    const attempt = {
      commit,
      files,
      at: parts.now().toISOString(),
      ...(tip === undefined ? {} : { base: tip }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(images === undefined ? {} : { images }),
    };
    const written = await recordAttempt(parts.table, candidate.record, attempt, refused);
    return written === undefined
      ? undefined
      : { candidate: { ...candidate, record: written }, commit, files, warnings, images };
  });
  const held = attempts.filter((attempt) => attempt !== undefined);
  if (held.length === attempts.length) return held;
  // Those that are written down are ours, and are not pushed. The others may be another call's.
  for (const { commit } of held) refused.add(commit);
  return 'contended';
}
