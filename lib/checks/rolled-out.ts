import type { ScopeMemory } from './rollout.ts';
import type { VerdictItem } from './verdict-items.ts';

/** What was delivered, as its record tells it. Times in ISO. */
export interface DeliveredChange {
  readonly commit: string;
  readonly receivedAt: string;
  /** After the push. */
  readonly endedAt: string;
  readonly chart?: { readonly name: string; readonly version: string };
}

/** What checks have written down of the scope that it went to. */
export interface RolloutSight {
  readonly verdict: VerdictItem | undefined;
  /** Of the target itself: `unknown` where its cluster could not be asked at all. */
  readonly target: VerdictItem | undefined;
  readonly memory: ScopeMemory | undefined;
  /** ISO: when the rollout began that people were told is stalled. */
  readonly stalledSince: string | undefined;
}

/** What differs, and what the deployer says of it. */
export interface Obstacles {
  /** Names and paths, no values. */
  readonly differs: readonly string[];
  /** Findings beyond those. */
  readonly more: number;
  readonly notReady: readonly string[];
  readonly deployerSays?: string;
}

/** How far a delivery is in the cluster. `seen`: the commit that the last check judged. */
export type RolloutProgress =
  | { readonly kind: 'under-way'; readonly says: string; readonly obstacles?: Obstacles }
  /** The cluster runs a commit that holds the change, and all that it declares is current. */
  | { readonly kind: 'rolled-out'; readonly seen: string }
  /** Not there by the deadline of the target's configuration. */
  | ({ readonly kind: 'stalled'; readonly seen: string; readonly since: string } & Obstacles)
  /** The deployer has applied it, and the cluster is otherwise all the same: somebody changed it. */
  | ({ readonly kind: 'differs'; readonly seen: string } & Obstacles)
  /** Nothing deploys it, or nothing looks at the cluster: waiting longer would tell nothing more. */
  | { readonly kind: 'unseen'; readonly says: string }
  /** A later commit declares another version of the chart. */
  | { readonly kind: 'replaced'; readonly seen: string; readonly chart: string };

/**
 * Whether what was delivered runs in the cluster, by what the checks have written. A later tip counts, too: one whose
 * branch was looked up after the push holds the commit, since history is never rewritten.
 */
export function rolloutProgress(delivered: DeliveredChange, sight: RolloutSight): RolloutProgress {
  const { verdict, target, memory, stalledSince } = sight;
  if (target?.checks === 'none' && target.at > delivered.endedAt)
    return { kind: 'unseen', says: target.reason ?? 'nothing is checked' };
  if (target?.verdict === 'unknown' && target.at > delivered.endedAt)
    return underWay(`the cluster could not be judged: ${target.reason ?? 'nobody said why'}`);
  if (verdict === undefined) {
    // What a check does not find declared has no verdict, and the target's is written last.
    return target !== undefined && holds(target, delivered)
      ? { kind: 'unseen', says: NOT_DEPLOYED(short(target.commit)) }
      : underWay('no check has seen it yet');
  }
  if (!holds(verdict, delivered))
    return underWay(`the last check, of ${short(verdict.commit)}, was before it`);

  const seen = verdict.commit;
  const { chart } = verdict;
  if (delivered.chart !== undefined && chart !== undefined && !isSame(delivered.chart, chart))
    return { kind: 'replaced', seen, chart: `${chart.name} ${chart.version}` };

  const obstacles = obstaclesOf(verdict);
  // One that began before this upload is told already, and may end with it.
  const stalled = stalledSince !== undefined && stalledSince >= delivered.receivedAt;
  switch (verdict.verdict) {
    case 'in-sync':
      if (verdict.unready === 0) return { kind: 'rolled-out', seen };
      return stalled
        ? { kind: 'stalled', seen, since: stalledSince, ...obstacles }
        : underWay(`applied; ${verdict.unready} not ready yet`, obstacles);
    case 'rollout':
      return underWay(obstacles.deployerSays ?? 'the deployer has not applied it yet', obstacles);
    case 'drift':
      if (memory?.waiting === undefined) return { kind: 'differs', seen, ...obstacles };
      return stalled
        ? { kind: 'stalled', seen, since: stalledSince, ...obstacles }
        : underWay(obstacles.deployerSays ?? 'the deployer has not applied it yet', obstacles);
    case 'unknown':
      return underWay(`the release could not be judged: ${verdict.reason ?? 'nobody said why'}`);
  }
}

const holds = ({ commit, readAt }: VerdictItem, delivered: DeliveredChange): boolean =>
  commit === delivered.commit || (readAt !== undefined && readAt > delivered.endedAt);

const isSame = (a: NonNullable<DeliveredChange['chart']>, b: NonNullable<VerdictItem['chart']>): boolean =>
  a.name === b.name && a.version === b.version;

function obstaclesOf({ differs = [], findings, notReady = [], reason }: VerdictItem): Obstacles {
  return {
    differs,
    more: Math.max(0, findings - differs.length),
    notReady,
    ...(reason === undefined ? {} : { deployerSays: reason }),
  };
}

const NOT_DEPLOYED = (commit: string): string =>
  `nothing below apply/ deploys it as of commit ${commit}: upload the release's chart, or put its release.yaml back`;

const underWay = (says: string, obstacles?: Obstacles): RolloutProgress => ({
  kind: 'under-way',
  says,
  ...(obstacles === undefined ? {} : { obstacles }),
});

const SHORT_COMMIT = 10;
const short = (commit: string): string => commit.slice(0, SHORT_COMMIT);
