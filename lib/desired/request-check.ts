import { randomUUID } from 'node:crypto';
import type { Queue } from '../aws/queues.ts';
import type { Table } from '../aws/table.ts';
import type { Target } from '../config/config.ts';
import type { CheckRequest, Doorbell } from '../messages/messages.ts';
import { GitFailed, NoAccess } from '../repository/git-failed.ts';
import { type DesiredParts, type DesiredReading, readDesired } from './desired.ts';
import { type NewestDesired, readNewest, recordNewest } from './sequence.ts';
import { forgetUnread, recordUnread } from './unread.ts';

export interface RequestParts extends DesiredParts {
  readonly table: Table;
  readonly checks: Queue<CheckRequest>;
  readonly doorbells: Queue<Doorbell>;
  readonly now: () => Date;
}

/** Two readers of one target meet now and then; more than this in a row is no coincidence. */
const ATTEMPTS = 5;

export type Requested =
  | { readonly kind: 'no-branch' }
  | ({ readonly kind: 'read' } & Pick<NewestDesired, 'commit' | 'sequence'> & { readonly releases: number })
  /** Git did not let us in: what is known is checked, and says so. `nothing-known`: there is nothing to check yet. */
  | {
      readonly kind: 'no-access';
      readonly checked: 'newest-known' | 'nothing-known';
      readonly reason: string;
    };

/**
 * Reads what the target's branch declares now, records it as the newest, and asks for a check of it.
 * Where Git cannot be read, the newest that is known is checked all the same: drift does not wait for Git. Why it
 * cannot be read is kept for that check to tell.
 * @throws what reading threw, after that; `no-access` is an answer, since only a person can mend it
 */
export async function requestCheck(target: Target, parts: RequestParts): Promise<Requested> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Looked up before Git is: what is recorded in between may be newer than what is read here.
    const before = await readNewest(parts.table, target.name);
    const readAt = parts.now().toISOString();
    let reading: DesiredReading;
    try {
      reading = await readDesired(target, parts);
    } catch (error) {
      const reason =
        error instanceof GitFailed ? await recordUnread(parts.table, target.name, error.output) : undefined;
      if (before.newest !== undefined) await send(parts.checks, target, before.newest);
      if (!(error instanceof NoAccess) || reason === undefined) throw error;
      return {
        kind: 'no-access',
        checked: before.newest === undefined ? 'nothing-known' : 'newest-known',
        reason,
      };
    }
    await forgetUnread(parts.table, target.name);
    if (reading.kind === 'no-branch') return { kind: reading.kind };
    const recorded = await recordNewest(parts.table, target.name, before, {
      commit: reading.state.commit,
      desired: reading.digest,
      at: parts.now().toISOString(),
    });
    if (recorded.kind === 'conflict') continue;
    await send(parts.checks, target, recorded.newest, readAt);
    if (reading.staleValues.length > 0 && !target.driftOnly) await ring(parts.doorbells, target);
    const { commit, sequence } = recorded.newest;
    return { kind: reading.kind, commit, sequence, releases: reading.state.releases.length };
  }
  throw new Error(
    `target ${target.name}: its newest desired state was recorded ${ATTEMPTS} times while reading it`,
  );
}

const send = (
  checks: Queue<CheckRequest>,
  target: Target,
  { commit, sequence, desired }: NewestDesired,
  readAt?: string,
) =>
  checks.send({
    schema: 1,
    target: target.name,
    commit,
    sequence,
    desired,
    ...(readAt === undefined ? {} : { readAt }),
  });

/** deliver-uploads rewrites the ConfigMaps that no longer follow their values.yaml. */
const ring = (doorbells: Queue<Doorbell>, { repository, branch }: Target) =>
  doorbells.send(
    { schema: 1, repository, branch, because: 'values' },
    { group: `${repository}#${branch}`, deduplication: randomUUID() },
  );
