import { CALLS_AT_ONCE, eachAtOnce } from '../../at-once/at-once.ts';
import { reason } from '../../charts/reasons.ts';
import type { PushOutcome } from '../../repository/commit.ts';
import type { WaitingRecord } from '../record/record.ts';
import { mayLand } from './attempts.ts';
import { AGAIN, type Call, type Round, requestReads } from './call.ts';
import { STILL_ON_ITS_WAY, setAside } from './held.ts';
import { afterCulprit, afterRace, afterRefused, afterTaken } from './pace.ts';
import { keepPush } from './push-interval.ts';
import { settle } from './settle.ts';

const RACES = 10;
const PAUSE_MILLISECONDS = 500;
const PAUSE_GROWTH = 1.5;

/** What was pushed. */
export interface Pushed {
  /** All of it, in its order. */
  readonly commits: readonly string[];
  /** Those of uploads and commands; others follow what people changed. */
  readonly attempts: readonly PushedAttempt[];
  readonly targets: readonly string[];
}

/** An upload or command whose commit was pushed, which its record knows of. */
export interface PushedAttempt {
  readonly record: WaitingRecord;
  readonly commit: string;
  /** Ends it, delivered by that commit. */
  readonly end: () => Promise<void>;
  /** Undoes what was done for it before the push, where the server will not have it. */
  readonly beforeRefused?: () => Promise<void>;
}

/** Acts upon the server's answer to a push. */
export async function answer(call: Call, outcome: PushOutcome, pushed: Pushed): Promise<Round> {
  switch (outcome.kind) {
    case 'pushed':
      call.parts.log('pushed', { ...call.line, ...namesOf(pushed) });
      await keepPush(call.parts.table, call.repository, call.parts.now());
      return taken(call, pushed);
    case 'moved':
      // Where the server says so, it may have been sent it twice, and have taken it the first time.
      if (outcome.by === 'git') refuse(call, pushed);
      return overtaken(call);
    case 'refused-content':
      refuse(call, pushed);
      await keepPush(call.parts.table, call.repository, call.parts.now());
      return unwanted(call, outcome.says, pushed);
    case 'blocked':
      refuse(call, pushed);
      return { kind: 'blocked', says: outcome.says };
    case 'in-doubt':
      // The records keep the ids: the next call looks for them.
      return { kind: 'blocked', says: outcome.says };
  }
}

/** Where the chain of an upload goes on with a commit: the tip is what will be read and checked from now on. */
const namesOf = ({ commits, attempts }: Pushed) => ({
  commit: commits.at(-1),
  delivered: attempts.map(({ record, commit }) => ({ upload: record.versionId, commit })),
});

function refuse({ refused }: Call, { commits }: Pushed): void {
  for (const commit of commits) refused.add(commit);
}

async function taken(call: Call, { attempts, targets }: Pushed): Promise<Round> {
  call.pace = afterTaken(call.pace, attempts.length);
  call.commits += attempts.length;
  // The check first: it needs nothing of what follows, and people wait for it.
  await requestReads(call, targets);
  // Each is of a slot of its own.
  await eachAtOnce(attempts, CALLS_AT_ONCE, ({ end }) => end());
  return AGAIN;
}

async function overtaken(call: Call): Promise<Round> {
  call.pace = afterRace(call.pace);
  const { races } = call.pace;
  if (races >= RACES) return { kind: 'blocked', says: `the branch moved ${RACES} times in a row` };
  await call.parts.pause(Math.random() * PAUSE_MILLISECONDS * PAUSE_GROWTH ** (races - 1));
  return AGAIN;
}

/** One alone is known to be what the server will not have. */
async function unwanted(call: Call, says: string, { attempts }: Pushed): Promise<Round> {
  const [culprit] = attempts;
  if (culprit === undefined) return { kind: 'blocked', says };
  if (attempts.length > 1) {
    call.pace = afterRefused(call.pace, attempts.length);
    return AGAIN;
  }
  call.pace = afterCulprit(call.pace);
  const { record } = culprit;
  if (mayLand(record, record.attempted.at(-1)?.base, call.refused, call.parts.now())) {
    setAside(call, [culprit], STILL_ON_ITS_WAY);
    return AGAIN;
  }
  const reasons = [reason('refused-by-repository', { says })];
  await culprit.beforeRefused?.();
  await settle(call.parts, call.line, record, { state: 'rejected', reasons });
  return AGAIN;
}
