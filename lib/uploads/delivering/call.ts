import type { RemoteFunction } from '../../aws/functions.ts';
import type { ObjectStore } from '../../aws/objects.ts';
import type { Queue } from '../../aws/queues.ts';
import type { Secrets } from '../../aws/secrets.ts';
import type { ImageList } from '../../charts/image-list.ts';
import type { Reason } from '../../charts/reasons.ts';
import { capabilitiesOf, readProfile } from '../../cluster/profile.ts';
import type { Config, Repository, Target } from '../../config/config.ts';
import type { Doorbell, ReadRequest } from '../../messages/messages.ts';
import type { Clone } from '../../repository/clone.ts';
import type { CommitIdentity, CommitPlan } from '../../repository/commit.ts';
import type { AwsIdentity } from '../../repository/credentials.ts';
import { signerOf } from '../../repository/signing/signing.ts';
import type { Candidate } from '../deciding/group.ts';
import { type Judge, judgeBy } from '../deciding/judge.ts';
import type { Failing } from '../record/failing.ts';
import type { TagReadingParts } from '../record/outcome-in-tags.ts';
import type { WaitingRecord } from '../record/record.ts';
import type { Line } from '../record/waiting.ts';
import { FULL_PACE, type Pace } from './pace.ts';
import type { ProposalHosts } from './proposal-host.ts';

/** What deliver-uploads works with. */
export interface DeliverParts extends TagReadingParts {
  readonly config: Config;
  readonly content: ObjectStore;
  readonly state: ObjectStore;
  readonly render: RemoteFunction;
  readonly secrets: Secrets;
  /** Who this function is at AWS; needed for CodeCommit alone. */
  readonly identity?: () => Promise<AwsIdentity>;
  readonly reads: Queue<ReadRequest>;
  readonly doorbell: Queue<Doorbell>;
  /** Needed for targets with pull requests alone. */
  readonly proposals?: ProposalHosts;
  /** Clones lie below it and outlive a call. */
  readonly scratch: string;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** One call of deliver-uploads for one branch of a repository: its surroundings, and what it has learnt so far. */
export interface Call {
  readonly parts: DeliverParts;
  readonly line: Line;
  readonly because: Doorbell['because'];
  readonly targets: readonly Target[];
  readonly repository: Repository;
  readonly clone: Clone;
  readonly identity: CommitIdentity;
  readonly judge: Judge;
  /** Uploads that wait for something else than Git, and why; not looked at again in this call. */
  readonly aside: Map<string, Failing>;
  /** Uploads that people keep from going; not looked at again in this call, and no failure however long it lasts. */
  readonly frozen: Set<string>;
  /** Commits that are known not to be on the server. */
  readonly refused: Set<string>;
  /** How often a pull request was changed by somebody faster, by its place. */
  readonly overtaken: Map<string, number>;
  pace: Pace;
  /** Pushed so far. */
  commits: number;
}

export function beginCall(
  bell: Doorbell,
  targets: readonly Target[],
  repository: Repository,
  clone: Clone,
  parts: DeliverParts,
): Call {
  return {
    parts,
    line: { repository: bell.repository, branch: bell.branch },
    because: bell.because,
    targets,
    repository,
    clone,
    identity: { author: repository.author, signer: signerOf(repository.signing, parts.secrets) },
    judge: judgeBy(
      parts.render,
      oncePerTarget(async (target) => {
        const profile = await readProfile(parts.state, target.name);
        return { capabilities: capabilitiesOf(profile, target), schemas: profile?.schemas };
      }),
    ),
    aside: new Map(),
    frozen: new Set(),
    refused: new Set(),
    overtaken: new Map(),
    pace: FULL_PACE,
    commits: 0,
  };
}

/** One call judges all by the same profile. */
function oncePerTarget<Answer>(
  ask: (target: Target) => Promise<Answer>,
): (target: Target) => Promise<Answer> {
  const asked = new Map<string, Promise<Answer>>();
  return (target) => {
    const answer = asked.get(target.name) ?? ask(target);
    asked.set(target.name, answer);
    answer.catch(() => asked.delete(target.name));
    return answer;
  };
}

/** What a round comes to. */
export type Round =
  /** Something was done; there may be more. */
  | { readonly kind: 'again' }
  /** Nothing is left that can be done now; the repository was spoken to. */
  | { readonly kind: 'done' }
  /** The host asks not to be pushed to so soon. */
  | { readonly kind: 'too soon' }
  | { readonly kind: 'blocked'; readonly says: string };

export const AGAIN: Round = { kind: 'again' };

/** An upload with the commit that is to be made of it. */
export interface ToCommit {
  readonly candidate: Candidate;
  readonly plan: CommitPlan;
  readonly files: string;
  readonly warnings: readonly Reason[];
  readonly images?: ImageList | undefined;
}

/** An upload with the commit that was made of it, which its record knows of. */
export interface Attempt {
  readonly candidate: Candidate;
  readonly commit: string;
  readonly files: string;
  readonly warnings: readonly Reason[];
  readonly images?: ImageList | undefined;
}

export const nameOf = ({ key, versionId }: Pick<WaitingRecord, 'key' | 'versionId'>): string =>
  `${key}?${versionId}`;

/** "Look whether the cluster follows." */
export async function requestReads({ parts }: Call, targets: Iterable<string>): Promise<void> {
  for (const target of new Set(targets)) await parts.reads.send({ schema: 1, target, because: 'delivery' });
}
