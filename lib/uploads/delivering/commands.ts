import { reason } from '../../charts/reasons.ts';
import type { Verb } from '../../commands/command.ts';
import type { Target } from '../../config/config.ts';
import { digestOf } from '../../content/tree.ts';
import { CommitOutsideSlot, makeCommits, pushCommit } from '../../repository/commit.ts';
import { decideCommand } from '../deciding/commands/decide-command.ts';
import type { AskedCommand, CommandDecision } from '../deciding/commands/decision.ts';
import { freezeByCommand, takeBackFreeze } from '../record/freeze-by-command.ts';
import { orderOf } from '../record/order.ts';
import { endUpload } from '../record/outcome.ts';
import { outcomeInTags } from '../record/outcome-in-tags.ts';
import { placeOf } from '../record/place.ts';
import type { AttemptedCommit, Outcome, TouchedSlot } from '../record/record.ts';
import { keepVersion, raiseMark } from '../record/slots.ts';
import { removeWaiting } from '../record/waiting.ts';
import { answer } from './answers.ts';
import { findAttempted, mayLand, recordAttempt } from './attempts.ts';
import { AGAIN, type Call, nameOf, type Round, requestReads } from './call.ts';
import { leaveForSweep, STILL_ON_ITS_WAY, setAside } from './held.ts';
import { settleLanded } from './landed.ts';
import { slotsOnTheirWay } from './on-its-way.ts';
import { isProposing, type ProposingTarget } from './proposal-host.ts';
import { type ProposedCommand, proposeCommand, withdrawCommand } from './propose-command.ts';
import { settle } from './settle.ts';
import { takeWaiting } from './take.ts';
import { takeCommand, takeCommands, type WaitingCommand } from './take-commands.ts';

/**
 * Commands of people go before what waits of uploads, one a push: they are few, somebody waits for each, and what it
 * decides (a freeze, what stands) counts for the uploads of the same round.
 *
 * Killed anywhere, it is carried out again to the same end: a freeze is the same freeze by its order, a commit is looked
 * for before it is made again (attempts.ts), and a rollback's freeze is there before its push.
 */

/** Two calls of one branch get out of each other's step: at most so long. */
const CONTENDED_MILLISECONDS = 500;

/** A round of its own for the command that has waited longest; undefined where there is none. */
export async function commandRound(call: Call, tip: string | undefined): Promise<Round | undefined> {
  const waiting = await commandOf(call);
  if (waiting === undefined) return undefined;
  const { parts } = call;
  const { record } = waiting;

  if ((await settleLandedOf(call, tip, record.target)) === 'some') return AGAIN;
  if (await endedBefore(call, waiting)) return AGAIN;
  const placed = placeOf(record.key, parts.config);
  if (placed.kind !== 'command') {
    // The configuration has changed since it was received.
    const reasons = placed.kind === 'refused' ? placed.reasons : [reason('key-malformed', {})];
    await refuse(call, tip, waiting, { state: 'rejected', reasons });
    return AGAIN;
  }
  if (!call.targets.some(({ name }) => name === record.target)) {
    leaveForSweep(call, [waiting]);
    return AGAIN;
  }
  return carryOut(call, tip, waiting, placed.target);
}

/**
 * Ends what is in Git already, of commands and of the target's uploads, where whoever pushed it has died: only then do
 * the slots' marks say what came to them after a command was given.
 */
async function settleLandedOf(call: Call, tip: string | undefined, target: string): Promise<'some' | 'none'> {
  if (tip === undefined) return 'none';
  const { parts, line, clone, refused } = call;
  const uploads = await takeWaiting(parts, line, {
    slots: Number.POSITIVE_INFINITY,
    isAside: ({ key }) => !key.startsWith(`${target}/`),
  });
  const landed = await settleLanded(call, tip, uploads);
  const commands = await Array.fromAsync(takeCommands(parts, line));
  const carriedOut = await findAttempted(clone, tip, commands, refused);
  for (const [waiting, attempt] of carriedOut) await settleCommand(call, waiting, attempt, 'commit');
  return landed.size + carriedOut.size > 0 ? 'some' : 'none';
}

/** The command whose turn it is, of those that were not set aside. */
export const commandOf = ({ parts, line, aside, frozen }: Call): Promise<WaitingCommand | undefined> =>
  takeCommand(parts, line, (entry) => aside.has(nameOf(entry)) || frozen.has(nameOf(entry)));

async function carryOut(
  call: Call,
  tip: string | undefined,
  waiting: WaitingCommand,
  target: Target,
): Promise<Round> {
  const { verb } = waiting.command;
  switch (verb.kind) {
    case 'freeze':
    case 'unfreeze':
      await changeFreeze(call, waiting);
      await settle(call.parts, call.line, waiting.record, doneBy(verb));
      return AGAIN;
    case 'rollback':
    case 'promote':
    case 'remove':
      return changeGit(call, tip, waiting, {
        target,
        record: waiting.record,
        command: { ...waiting.command, verb },
      });
  }
}

const doneBy = ({ kind }: Extract<Verb, { kind: 'freeze' | 'unfreeze' }>): Outcome => ({
  state: 'done',
  what: kind === 'freeze' ? 'frozen' : 'unfrozen',
});

const changeFreeze = (
  { parts }: Call,
  { record, command: { verb, id, by } }: WaitingCommand,
): Promise<void> =>
  freezeByCommand(parts.table, {
    target: record.target,
    verb,
    id,
    by: by.arn,
    order: orderOf(record),
    at: parts.now().toISOString(),
  });

const unfreeze = ({ parts }: Call, { record, command }: WaitingCommand): Promise<void> =>
  takeBackFreeze(parts.table, record.target, command);

async function changeGit(
  call: Call,
  tip: string | undefined,
  waiting: WaitingCommand,
  asked: AskedCommand<'rollback' | 'promote' | 'remove'>,
): Promise<Round> {
  const { parts, repository, clone, judge } = call;
  const { target } = asked;
  const moved = whyMoved(waiting.record);
  const decision: CommandDecision =
    moved === undefined
      ? await decideCommand({ ...parts, repositoryUrl: repository.url, clone, judge }, tip, asked)
      : { kind: 'rejected', reasons: [moved] };
  switch (decision.kind) {
    case 'waits':
      setAside(call, [waiting], decision.says);
      return AGAIN;
    case 'rejected':
      return withoutCommit(call, tip, target, waiting, { state: 'rejected', reasons: decision.reasons });
    case 'superseded':
      return withoutCommit(call, tip, target, waiting, { state: 'superseded', by: decision.by });
    case 'unchanged': {
      // Also where it waits: what may still arrive is not to be tried again meanwhile.
      await changeFreeze(call, waiting);
      const slots = decision.touched.map(({ slot }) => slot);
      if ((await slotsOnTheirWay(call, tip, slots)).size > 0) setAside(call, [waiting], STILL_ON_ITS_WAY);
      else {
        const left = await withdraw(call, tip, target, waiting, HOLDS_ALREADY);
        if (left.kind === 'merged') return endedByPeople(call, waiting, left);
        // A pull request that changes nothing any more harms nobody.
        const change = waiting.record.state === 'proposed' ? 'commit' : 'unchanged';
        await settleCommand(call, waiting, decision, change);
      }
      return AGAIN;
    }
    case 'commit':
      await changeFreeze(call, waiting);
      return isProposing(target)
        ? proposed(call, tip, target, waiting, decision)
        : push(call, tip, waiting, decision);
  }
}

/** Whoever gave it had another branch before his eyes. What freezes and thaws is of the target, wherever that is. */
function whyMoved({ target, repository, branch, movedFrom: from }: WaitingCommand['record']) {
  if (from === undefined) return undefined;
  return reason('command-target-moved', {
    target,
    from: `branch ${from.branch} of ${from.repository}`,
    to: `branch ${branch} of ${repository}`,
  });
}

const NOTHING_LEFT = 'The command that this was for can be carried out no more: its record says why.';
const HOLDS_ALREADY = 'The branch that this was for holds all of it already.';

const withdraw = async (
  call: Call,
  tip: string | undefined,
  target: Target,
  waiting: WaitingCommand,
  why: string,
) =>
  isProposing(target) ? withdrawCommand(call, tip, target, waiting, why) : ({ kind: 'withdrawn' } as const);

/** Something speaks against it; what people have merged is delivered all the same. */
async function withoutCommit(
  call: Call,
  tip: string | undefined,
  target: Target,
  waiting: WaitingCommand,
  outcome: Parameters<typeof refuse>[3],
): Promise<Round> {
  const left = await withdraw(call, tip, target, waiting, NOTHING_LEFT);
  if (left.kind !== 'withdrawn') return endedByPeople(call, waiting, left);
  await refuse(call, tip, waiting, outcome);
  return AGAIN;
}

/** How people ended its pull request is how it ends. */
async function endedByPeople(
  call: Call,
  waiting: WaitingCommand,
  ended: Extract<ProposedCommand, { readonly kind: 'stays' | 'merged' | 'declined' }>,
): Promise<Round> {
  switch (ended.kind) {
    case 'stays':
      return AGAIN;
    case 'merged': {
      const { commit, change, attempt: { touched = [], warnings = [] } = {} } = ended;
      // What stands then is the reviewers', and nobody's upload: Git is looked through for who did it.
      const left =
        change === 'commit'
          ? touched
          : touched.map(({ slot }) => ({ slot, files: '', digest: digestOf('') }));
      await settleCommand(call, waiting, { commit, touched: left, warnings }, change);
      return AGAIN;
    }
    case 'declined':
      await unfreeze(call, waiting);
      await settle(call.parts, call.line, waiting.record, { state: 'declined', url: ended.url });
      return AGAIN;
  }
}

async function proposed(
  call: Call,
  tip: string | undefined,
  target: ProposingTarget,
  waiting: WaitingCommand,
  decision: Extract<CommandDecision, { readonly kind: 'commit' }>,
): Promise<Round> {
  const outcome = await proposeCommand(call, tip, target, waiting, decision).catch((error: unknown) =>
    placeTaken(error),
  );
  switch (outcome.kind) {
    case 'stays':
    case 'merged':
    case 'declined':
      return endedByPeople(call, waiting, outcome);
    case 'refused-content': {
      const reasons = [reason('refused-by-repository', { says: outcome.says })];
      return withoutCommit(call, tip, target, waiting, { state: 'rejected', reasons });
    }
    case 'place-taken':
      return withoutCommit(call, tip, target, waiting, { state: 'rejected', reasons: outcome.reasons });
  }
}

/** Somebody's file lies where its commit needs a folder, or the reverse. @throws all else */
function placeTaken(error: unknown) {
  if (!(error instanceof CommitOutsideSlot)) throw error;
  const { path } = error;
  return { kind: 'place-taken', reasons: [reason('place-taken', { path }, { file: path })] } as const;
}

async function push(
  call: Call,
  tip: string | undefined,
  waiting: WaitingCommand,
  { plan, touched, warnings }: Extract<CommandDecision, { readonly kind: 'commit' }>,
): Promise<Round> {
  const { parts, clone, refused, identity } = call;
  const commit = await build().catch(async (error: unknown) => {
    const { reasons } = placeTaken(error);
    await refuse(call, tip, waiting, { state: 'rejected', reasons });
    return undefined;
  });
  if (commit === undefined) return AGAIN;
  const attempt: AttemptedCommit = {
    commit,
    files: '',
    at: parts.now().toISOString(),
    touched,
    ...(tip === undefined ? {} : { base: tip }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  const record = await recordAttempt(parts.table, waiting.record, attempt, refused);
  if (record === undefined) {
    await parts.pause(Math.random() * CONTENDED_MILLISECONDS);
    return AGAIN;
  }
  const written = { ...waiting, record };
  const outcome = await pushCommit(clone, commit, tip);
  return answer(call, outcome, {
    commits: [commit],
    targets: [record.target],
    attempts: [
      {
        record,
        commit,
        end: () => settleCommand(call, written, attempt, 'commit'),
        beforeRefused: () => unfreeze(call, written),
      },
    ],
  });

  async function build(): Promise<string> {
    for (let seconds = 0; ; seconds++) {
      const at = new Date(parts.now().getTime() + seconds * 1000);
      const [made = ''] = await makeCommits(clone, tip, [plan], at, identity);
      if (!waiting.record.attempted.some(({ commit }) => commit === made)) return made;
    }
  }
}

/** Ends it without a commit, unless one that was pushed for it may still land. */
async function refuse(
  call: Call,
  tip: string | undefined,
  waiting: WaitingCommand,
  outcome: Extract<Outcome, { readonly state: 'rejected' | 'superseded' }>,
): Promise<void> {
  const { parts, line, refused } = call;
  if (mayLand(waiting.record, tip, refused, parts.now())) {
    setAside(call, [waiting], STILL_ON_ITS_WAY);
    return;
  }
  await unfreeze(call, waiting);
  await settle(parts, line, waiting.record, outcome);
}

/** The marks of all slots that it touched before the record, as for an upload: see settle.ts. */
async function settleCommand(
  call: Call,
  { record }: WaitingCommand,
  { commit, touched = [], warnings = [] }: Pick<AttemptedCommit, 'commit' | 'touched' | 'warnings'>,
  change: 'commit' | 'unchanged' | 'edited',
): Promise<void> {
  const { parts, line } = call;
  for (const slot of touched) await raiseTouched(call, record, slot, commit);
  await settle(parts, line, record, {
    state: 'delivered',
    commit,
    change,
    ...(warnings.length === 0 ? {} : { warnings }),
  });
  await requestReads(call, [record.target]);
}

async function raiseTouched(
  { parts: { table } }: Call,
  record: WaitingCommand['record'],
  { slot, files, digest, chart, signer }: TouchedSlot,
  commit: string,
): Promise<void> {
  if (chart !== undefined) await keepVersion(table, slot, chart.version, digest, signer);
  const { chart: _, ...upload } = record;
  await raiseMark(
    table,
    slot,
    {
      ...upload,
      digest,
      ...(chart === undefined ? {} : { chart }),
      ...(signer === undefined ? {} : { signer }),
    },
    { commit, files },
  );
}

/**
 * The table was taken back to an earlier hour, and its tags say that it was carried out: nothing is committed again.
 * What it froze or thawed may have been lost with the table; its order keeps it from undoing what came later.
 */
async function endedBefore(call: Call, waiting: WaitingCommand): Promise<boolean> {
  const { parts, line } = call;
  const { record } = waiting;
  const outcome = await outcomeInTags(parts, record);
  if (outcome === undefined) return false;
  // Taken again on request: killed before its tags were taken off.
  if ('reasons' in outcome && record.replays !== undefined) return false;
  if (outcome.state === 'done' || outcome.state === 'delivered') await changeFreeze(call, waiting);
  const { measure: _, ...unmeasured } = parts;
  if ((await endUpload(unmeasured, record, outcome, 'elsewhere')) === 'ended')
    await removeWaiting(parts.table, line, record);
  return true;
}
