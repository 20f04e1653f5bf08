import type { RolloutProgress } from '../lib/checks/rolled-out.ts';
import { isBlocked } from '../lib/uploads/delivering/blocked.ts';
import { parseKey, type UploadKey } from '../lib/uploads/record/keys.ts';
import { Unavailable } from './aws-errors.ts';
import { EXIT_UNAVAILABLE, UsageError } from './command.ts';
import type { FoundInstallation } from './installation.ts';
import {
  type Ended,
  type Held,
  type KnownUpload,
  outcomeReader,
  tableOf,
  type UploadVersion,
} from './outcome.ts';
import { readRollout } from './rollout.ts';
import { lookUntil } from './waiting.ts';

/** What is waited for, and for how long unless somebody says. A target's rollout has 15 minutes by default. */
export const WAITS = {
  delivered: { seconds: 120, words: 'it is known how it ends' },
  proposed: { seconds: 120, words: 'its pull request is open, or it is known how it ends' },
  'rolled-out': { seconds: 1200, words: 'the cluster runs it' },
} as const;
export type WaitFor = keyof typeof WAITS;

/** Exit codes of what waits; the worst of several is the command's. */
export const EXIT = {
  done: 0,
  rejected: 1,
  'timed out': 2,
  failed: 3,
  superseded: 4,
  'not rolled out': 5,
  frozen: 6,
  declined: 7,
} as const;

/** Where it waits. `blocked`: for a repository that takes nothing now, of which an alert was told. */
export type Stage = Extract<KnownUpload, { readonly state: 'waiting' }>['stage'] | 'blocked';

/** What is known of one upload when the command ends. */
export type Result<Named extends UploadVersion = UploadVersion> = Named & {
  readonly ending:
    | { readonly kind: 'uploaded' }
    | { readonly kind: 'timed out'; readonly seconds: number; readonly stage: Stage }
    | { readonly kind: 'unreadable'; readonly says: string }
    /** It waits for as long as people want. */
    | { readonly kind: 'frozen'; readonly known: Extract<Held, { readonly stage: 'frozen' }> }
    | { readonly kind: 'proposed'; readonly known: Extract<Held, { readonly stage: 'proposed' }> }
    | { readonly kind: 'ended'; readonly known: Ended; readonly rollout?: RolloutProgress };
};

/** Of a command, whose key does not say it: the scope that it changes, and how that is to be in the end. */
export interface AwaitedChange {
  readonly awaits?: { readonly scope: string; readonly as: 'running' | 'gone' };
}

export interface Asking {
  readonly wait: WaitFor | 'no';
  readonly timeoutSeconds: number;
  /** Of what will be waited for. */
  readonly keys: readonly string[];
}

export interface Waiter {
  /** @param look how an outcome is found; by default as soon as the tags say it */
  wait<Named extends UploadVersion & AwaitedChange>(
    uploads: readonly Named[],
    look?: (upload: Named) => Promise<Ended | Held | undefined>,
  ): Promise<readonly Result<Named>[]>;
  exitOf(results: readonly Result[]): number;
  /** What could not be read and would have told more. */
  missing(): readonly string[];
}

/**
 * Waits for outcomes and, if asked, for their rollouts.
 * @throws UsageError, Unavailable at once where a rollout could not be seen at all: before anything is uploaded
 */
export async function waiterOf(
  installation: FoundInstallation,
  { wait, timeoutSeconds, keys }: Asking,
  signal: AbortSignal,
  progress: (line: string) => void,
): Promise<Waiter> {
  const reader = outcomeReader(installation, signal);
  const table = tableOf(installation);
  const right = { action: 'dynamodb:GetItem', on: `table ${installation.table}` };
  if (wait === 'rolled-out') {
    if (table === undefined) {
      throw new UsageError(
        'whether something is rolled out stands in the table: name it with FAIRLEAD_TABLE, or give --installation',
      );
    }
    // What it says is not asked yet, only whether it may be read.
    const nothing = { commit: '', receivedAt: '', endedAt: '' };
    for (const key of keys) {
      const place = placeOf(key);
      if (place !== undefined) await readRollout(table, right, place.target, place.scope, nothing);
    }
  }

  async function endingOf<Named extends UploadVersion & AwaitedChange>(
    upload: Named,
    look: (upload: Named) => Promise<Ended | Held | undefined>,
    deadline: number,
  ): Promise<Result['ending']> {
    if (wait === 'no') return { kind: 'uploaded' };
    let said = false;
    const known = await lookUntil(
      async () => {
        const found = await look(upload);
        if (!isProposed(found) || wait === 'proposed') return found;
        // Until somebody has merged or closed it.
        if (!said) progress(`${upload.key}: proposed${found.url === undefined ? '' : `: ${found.url}`}`);
        said = true;
        return undefined;
      },
      deadline,
      signal,
    );
    if (isProposed(known)) return { kind: 'proposed', known };
    if (known?.state === 'waiting') return { kind: 'frozen', known };
    if (known === undefined)
      return { kind: 'timed out', seconds: timeoutSeconds, stage: await stageOf(upload) };
    if (wait !== 'rolled-out' || known.state !== 'delivered') return { kind: 'ended', known };
    const rollout = await rolloutOf(upload, known, deadline);
    return { kind: 'ended', known, ...(rollout === undefined ? {} : { rollout }) };
  }

  async function stageOf(upload: UploadVersion): Promise<Stage> {
    const known = await reader.read(upload);
    if (known.state !== 'waiting') return 'unknown';
    const target = placeOf(upload.key)?.target;
    if (known.stage !== 'checked' || table === undefined || target === undefined) return known.stage;
    // Said only where it may be read: nobody needs this right.
    const blocked = await isBlocked(table, target).catch(() => false);
    return blocked ? 'blocked' : known.stage;
  }

  async function rolloutOf(
    upload: UploadVersion & AwaitedChange,
    known: Ended & { readonly state: 'delivered' },
    deadline: number,
  ): Promise<RolloutProgress | undefined> {
    const named = placeOf(upload.key);
    const { awaits = { scope: named?.scope ?? '', as: 'running' } } = upload;
    const place = named === undefined ? undefined : { ...named, scope: awaits.scope };
    const { receivedAt, endedAt, chart, commit } = known;
    if (table === undefined || place === undefined || receivedAt === undefined || endedAt === undefined)
      return undefined;
    const delivered = { commit, receivedAt, endedAt, ...(chart === undefined ? {} : { chart }) };
    progress(`${upload.key}: delivered in commit ${commit}; waiting for the cluster`);
    let said: string | undefined;
    let last: RolloutProgress | undefined;
    await lookUntil(
      async () => {
        last = await readRollout(table, right, place.target, place.scope, delivered);
        // Nothing is declared there any more, which is what was asked for.
        if (last.kind === 'unseen' && awaits.as === 'gone') last = { kind: 'rolled-out', seen: commit };
        if (last.kind !== 'under-way') return last;
        if (last.says !== said) progress(`${place.scope}: ${last.says}`);
        said = last.says;
        return undefined;
      },
      deadline,
      signal,
    );
    return last;
  }

  return {
    async wait(uploads, look = (upload) => reader.settled(upload)) {
      if (wait !== 'no') progress(`waiting until ${WAITS[wait].words}, at most ${timeoutSeconds} s`);
      const deadline = Date.now() + timeoutSeconds * 1000;
      return Promise.all(
        uploads.map(async (upload) => ({
          ...upload,
          ending: await endingOf(upload, look, deadline).catch((error: unknown): Result['ending'] => {
            if (!(error instanceof Unavailable)) throw error;
            return { kind: 'unreadable', says: error.message };
          }),
        })),
      );
    },
    exitOf: (results) => {
      const codes = results.map(({ ending }) => exitOf(ending));
      return WORST_FIRST.find((code) => codes.includes(code)) ?? EXIT.done;
    },
    missing: () => reader.missing(),
  };
}

const isProposed = (
  known: Ended | Held | undefined,
): known is Extract<Held, { readonly stage: 'proposed' }> =>
  known?.state === 'waiting' && known.stage === 'proposed';

/** The scope that checks judge it in. */
function placeOf(key: string): { readonly target: string; readonly scope: string } | undefined {
  const parsed = parseKey(key);
  switch (parsed.kind) {
    case 'malformed':
      return undefined;
    case 'evidence':
      return placeOf(parsed.package);
    case 'command':
      return { target: parsed.key.target, scope: 'target' };
    case 'slot':
      return { target: parsed.key.target, scope: scopeOf(parsed.key) };
  }
}

const scopeOf = (key: UploadKey): string =>
  key.kind === 'manifest' ? 'manifests' : `${key.namespace}/${key.release}`;

const WORST_FIRST = [
  EXIT.rejected,
  EXIT.failed,
  EXIT['not rolled out'],
  EXIT_UNAVAILABLE,
  EXIT.declined,
  EXIT.frozen,
  EXIT['timed out'],
  EXIT.superseded,
] as const;

function exitOf(ending: Result['ending']): number {
  switch (ending.kind) {
    case 'uploaded':
    case 'proposed':
      return EXIT.done;
    case 'timed out':
      return EXIT['timed out'];
    case 'frozen':
      return EXIT.frozen;
    case 'unreadable':
      return EXIT_UNAVAILABLE;
    case 'ended':
      return ending.known.state === 'delivered' ? exitOfRollout(ending.rollout) : EXIT[ending.known.state];
  }
}

function exitOfRollout(rollout: RolloutProgress | undefined): number {
  switch (rollout?.kind) {
    case undefined:
    case 'rolled-out':
      return EXIT.done;
    case 'under-way':
      return EXIT['timed out'];
    case 'stalled':
    case 'differs':
    case 'unseen':
      return EXIT['not rolled out'];
    case 'replaced':
      return EXIT.superseded;
  }
}
