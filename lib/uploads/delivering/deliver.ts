import { join } from 'node:path';
import type { Doorbell } from '../../messages/messages.ts';
import { outwardOf } from '../../outward/outward.ts';
import { openClone } from '../../repository/clone.ts';
import { writeCredentialOf } from '../../repository/credentials.ts';
import { GitFailed } from '../../repository/git.ts';
import { saysOf } from '../../repository/refusals.ts';
import { ringBell } from '../record/waiting.ts';
import { beginCall, type Call, type DeliverParts, type Round } from './call.ts';
import { commandOf } from './commands.ts';
import { blocked, failOverdue, isSaidBlocked, unblocked } from './held.ts';
import { round, waitingOf } from './rounds.ts';
import { takeWaiting } from './take.ts';
import { takeCommand } from './take-commands.ts';

export type { DeliverParts } from './call.ts';

export type Delivery =
  /** Nothing waited, or what waits was left for later. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'delivered'; readonly commits: number }
  | { readonly kind: 'blocked'; readonly says: string };

/** After this the rest is left to the next bell, so that no call is cut off in the middle. */
const CALL_MILLISECONDS = 2 * 60 * 1000;

/** Delivers all that waits for a repository's branch: one push for all, in the order of each slot. */
export async function deliverUploads(bell: Doorbell, parts: DeliverParts): Promise<Delivery> {
  const repository = parts.config.repositories.find(({ name }) => name === bell.repository);
  const targets = parts.config.targets.filter(
    (target) => target.repository === bell.repository && target.branch === bell.branch,
  );
  // Taken out of the configuration meanwhile.
  if (repository === undefined || targets.length === 0) return { kind: 'idle' };
  const waiting = await takeWaiting(parts, bell, { slots: 1, isAside: () => false });
  const asked =
    waiting.length > 0 || bell.because === 'values' || (await takeCommand(parts, bell)) !== undefined;
  if (!asked && !(await isSaidBlocked({ parts, targets }))) return { kind: 'idle' };

  const clone = await openClone({
    url: repository.url,
    branch: bell.branch,
    credential: writeCredentialOf(repository, {
      ...parts,
      outward: outwardOf(parts.config.gitNetwork, parts),
    }),
    folder: join(parts.scratch, 'clones', `${repository.name}-${encodeURIComponent(bell.branch)}.git`),
  });
  const call = beginCall(bell, targets, repository, clone, parts);
  const last = await rounds(call).catch((error: unknown): Round => {
    if (!(error instanceof GitFailed)) throw error;
    return { kind: 'blocked', says: saysOf(error.output) };
  });
  await failOverdue(call, [...call.aside.values()]);
  switch (last.kind) {
    case 'blocked':
      await blocked(call, last.says);
      return last;
    case 'again':
      await ringBell(parts.doorbell, call.line);
      break;
    case 'done':
      await unblocked(call);
      break;
    case 'too soon':
      break;
  }
  return call.commits === 0 ? { kind: 'idle' } : { kind: 'delivered', commits: call.commits };
}

/** Rounds until nothing is left that can be done now, or time is up (`again`). */
async function rounds(call: Call): Promise<Round> {
  const begun = call.parts.now().getTime();
  for (;;) {
    const last = await round(call);
    if (last.kind !== 'again') return last;
    if (call.commits > 0) await unblocked(call);
    // What is left was set aside; there is no need to ask the server for it.
    if (call.because !== 'values' && !(await isMoreWaiting(call))) return { kind: 'done' };
    if (call.parts.now().getTime() - begun > CALL_MILLISECONDS) return last;
  }
}

const isMoreWaiting = async (call: Call): Promise<boolean> =>
  (await commandOf(call)) !== undefined || (await waitingOf(call, 1)).length > 0;
