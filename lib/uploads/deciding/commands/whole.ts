import type { Reason } from '../../../charts/reasons.ts';
import type { CommitPlan } from '../../../repository/commit.ts';
import { releaseFile } from '../../../repository/layout.ts';
import { slotOf } from '../../record/keys.ts';
import type { TouchedSlot } from '../../record/record.ts';
import { type Candidate, type Decided, type Group, type GroupParts, judgeTogether } from '../group.ts';
import { obstaclesOf } from '../obstacles.ts';
import { withoutTaken } from '../owners.ts';
import { placesOf } from '../plan.ts';
import { type Replaced, whoChanged } from '../replaced.ts';
import { readStanding, type Standing } from '../standing.ts';

/** What a commit of several slots at once comes to. */
export type WholeDecision =
  | {
      readonly kind: 'planned';
      /** Absent: all of it stands already. */
      readonly change?: {
        readonly plan: Omit<CommitPlan, 'message'>;
        /** Whose work it replaces, slot by slot. */
        readonly replaced: readonly Replaced[];
        /** The file that people have removed, without which nothing deploys the release. */
        readonly takenOut?: string;
      };
      readonly touched: readonly TouchedSlot[];
      readonly warnings: readonly Reason[];
    }
  | { readonly kind: 'rejected'; readonly reasons: readonly Reason[] }
  | { readonly kind: 'waits'; readonly says: string };

/**
 * Decides over all of a release that a command brings, by what uploads are decided by: what is in the way in Git, the
 * render, who else declares one of the objects. All of it goes, in one commit, or nothing does.
 * @param candidates one a slot, of one release
 * @param isRefused what else may speak against it, by the release as it stands
 * @throws GitFailed
 */
export async function decideWhole(
  parts: GroupParts,
  tip: string | undefined,
  candidates: readonly Candidate[],
  isRefused: (standing: Standing) => Promise<Reason | undefined>,
): Promise<WholeDecision> {
  const { clone, target } = parts;
  const [first] = candidates;
  if (first === undefined) throw new Error('a command brings something');
  const places = placesOf(target, first.key);
  const standing = await readStanding(clone, tip, places);
  const group: Group = { target, slots: candidates.map((candidate) => [candidate]) };
  const [obstacle] = await obstaclesOf(clone, tip, [group], standing);
  if (obstacle?.kind === 'refused') return { kind: 'rejected', reasons: [obstacle.reason] };
  const refusal = await isRefused(standing);
  if (refusal !== undefined) return { kind: 'rejected', reasons: [refusal] };

  const verdict = await judgeTogether(parts, standing, candidates);
  if (verdict.kind === 'unjudged') return { kind: 'waits', says: verdict.says };
  if (verdict.kind === 'rejected') return verdict;
  const { planned, declares } = verdict;
  const decisions = await withoutTaken(parts, tip, [group], [{ planned, declares, rejected: [] }]);
  const reasons = decisions.flatMap(({ rejected }) => rejected.flatMap((one) => one.reasons));
  if (reasons.length > 0) return { kind: 'rejected', reasons };

  const plan = togetherOf(planned);
  const [{ warnings } = { warnings: [] }] = planned;
  const touched = planned.map(touchedBy);
  if (plan === undefined) return { kind: 'planned', touched, warnings };
  const file = first.key.kind === 'manifest' ? undefined : releaseFile(target, first.key);
  const isTakenOut =
    file !== undefined && target.deployer !== 'none' && !standing.has(file) && !plan.files.has(file);
  return {
    kind: 'planned',
    change: {
      plan,
      replaced: tip === undefined ? [] : await whoseIn(parts, tip, planned),
      ...(isTakenOut ? { takenOut: file } : {}),
    },
    touched,
    warnings,
  };
}

const touchedBy = ({ accepted: { key, record }, files }: Decided): TouchedSlot => ({
  slot: slotOf(key),
  files,
  digest: record.digest,
  ...(key.kind === 'chart' && record.chart !== undefined ? { chart: record.chart } : {}),
  ...(key.kind === 'chart' && record.signer !== undefined ? { signer: record.signer } : {}),
});

/** One commit of those that follow each other; undefined where none changes anything. */
function togetherOf(planned: readonly Decided[]): Omit<CommitPlan, 'message'> | undefined {
  const plans = planned.flatMap(({ change }) => (change.kind === 'commit' ? [change.plan] : []));
  if (plans.length === 0) return undefined;
  const [replaces] = plans.flatMap((plan) => (plan.replaces === undefined ? [] : [plan.replaces]));
  return {
    ...(replaces === undefined ? {} : { replaces }),
    files: new Map(plans.flatMap(({ files }) => [...files])),
    within: [...new Set(plans.flatMap(({ within }) => within))],
  };
}

async function whoseIn(
  { clone }: GroupParts,
  tip: string,
  planned: readonly Decided[],
): Promise<readonly Replaced[]> {
  const found: Replaced[] = [];
  // One by one: each may deepen the clone.
  for (const { change } of planned) {
    if (change.kind === 'unchanged' || change.replaces === undefined) continue;
    const replaced = await whoChanged(clone, tip, change.replaces);
    if (replaced !== undefined) found.push(replaced);
  }
  return found;
}
