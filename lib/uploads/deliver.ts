import { join } from 'node:path';
import type { Doorbell } from '../messages/messages.ts';
import { openClone } from '../repository/clone.ts';
import { writeCredentialOf } from '../repository/credentials.ts';
import { GitFailed } from '../repository/git.ts';
import { saysOf } from '../repository/refusals.ts';
import { type DeliverParts, type Delivery, DeliveryCall } from './rounds.ts';
import { takeWaiting } from './settle.ts';

export type { DeliverParts, Delivery } from './rounds.ts';

/** Delivers all that waits for a repository's branch: one push for all, in the order of each slot. */
export async function deliverUploads(bell: Doorbell, parts: DeliverParts): Promise<Delivery> {
  const repository = parts.config.repositories.find(({ name }) => name === bell.repository);
  const targets = parts.config.targets.filter(
    (target) => target.repository === bell.repository && target.branch === bell.branch,
  );
  // Taken out of the configuration meanwhile.
  if (repository === undefined || targets.length === 0) return { kind: 'idle' };
  const waiting = await takeWaiting(parts, bell);
  if (waiting.length === 0 && bell.because !== 'values') return { kind: 'idle' };

  const clone = await openClone({
    url: repository.url,
    branch: bell.branch,
    credential: writeCredentialOf(repository, parts),
    folder: join(parts.scratch, 'clones', `${repository.name}-${encodeURIComponent(bell.branch)}.git`),
  });
  const delivery = new DeliveryCall(bell, targets, repository, clone, parts);
  try {
    return await delivery.run();
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error;
    return delivery.blocked(saysOf(error.output));
  }
}
