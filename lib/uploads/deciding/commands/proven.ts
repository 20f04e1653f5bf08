import type { VerdictItem } from '../../../checks/verdict-items.ts';
import type { Digest } from '../../../content/tree.ts';
import type { SlotMark } from '../../record/slots.ts';
import { formatChart, type NamedChart } from './release.ts';

/** What is known of a release in the target that it is promoted from. */
export interface ProofSight {
  /** What Fairlead delivered of its chart last. */
  readonly mark: Pick<SlotMark, 'digest' | 'chart' | 'commit'> | undefined;
  /** Of the release. */
  readonly verdict: VerdictItem | undefined;
  /** Of the target itself: written last by each check. */
  readonly target: VerdictItem | undefined;
  readonly checkEveryMinutes: number;
  readonly now: Date;
}

export type Proof =
  /** Nothing that was delivered stands there. */
  | { readonly kind: 'nothing' }
  | ({ readonly kind: 'proven'; readonly seen: string; readonly at: string } & PromotedChart)
  /** In words for people. */
  | ({ readonly kind: 'unproven'; readonly why: string } & PromotedChart);

export interface PromotedChart {
  readonly chart: NamedChart;
  readonly digest: Digest;
  /** Its commit in the target that it comes from. */
  readonly commit: string;
}

/** A check may be late, or missed, now and then; this many in a row say that nobody looks any more. */
const CHECKS_MISSED = 3;
/** Shorter than this is no age. Minutes. */
const FRESH_MINUTES = 60;
const SHORT_COMMIT = 12;

/**
 * Whether what was delivered last to a target is rolled out there and in sync: pure over what its checks have written.
 * A verdict names the content that it was about, so that no commit has to be looked up: a chart that somebody has edited
 * in Git, or another one that came since, is another content.
 */
export function proofOf({ mark, verdict, target, checkEveryMinutes, now }: ProofSight): Proof {
  if (mark?.chart === undefined) return { kind: 'nothing' };
  const promoted = { chart: mark.chart, digest: mark.digest, commit: mark.commit };
  const unproven = (why: string): Proof => ({ kind: 'unproven', why, ...promoted });
  if (target === undefined) return unproven('no check has looked at its cluster yet');
  if (target.checks === 'none') return unproven('nothing checks its cluster');
  if (target.verdict === 'unknown')
    return unproven(`its cluster could not be judged: ${target.reason ?? 'nobody said why'}`);
  const limit = Math.max(FRESH_MINUTES, CHECKS_MISSED * checkEveryMinutes);
  if (now.getTime() - Date.parse(target.at) > limit * 60_000)
    return unproven(`its last check was at ${target.at}, too long ago`);
  if (verdict === undefined || verdict.at < target.at)
    return unproven(`its last check, at ${target.at}, found nothing that deploys it`);
  const { chartTree } = verdict;
  if (chartTree !== mark.digest) return unproven(otherContent(verdict, mark.chart));
  switch (verdict.verdict) {
    case 'in-sync':
      return verdict.unready === 0
        ? { kind: 'proven', seen: verdict.commit, at: verdict.at, ...promoted }
        : unproven(`${verdict.unready} of it not ready yet: ${listed(verdict.notReady)}`);
    case 'rollout':
      return unproven(verdict.reason ?? 'its deployer has not applied it yet');
    case 'drift':
      return unproven(
        `the cluster differs from it in ${verdict.findings} places: ${listed(verdict.differs)}`,
      );
    case 'unknown':
      return unproven(`it could not be judged: ${verdict.reason ?? 'nobody said why'}`);
  }
}

function otherContent({ chart, chartTree, commit }: VerdictItem, delivered: NamedChart): string {
  const seen = `the last check, of commit ${commit.slice(0, SHORT_COMMIT)},`;
  if (chart === undefined) return `${seen} could not tell its chart`;
  if (chart.name !== delivered.name || chart.version !== delivered.version)
    return `${seen} saw chart ${formatChart(chart)}`;
  return chartTree === undefined
    ? `${seen} was by an earlier release of Fairlead, and did not say which content it saw`
    : `${seen} saw that version with other content than was delivered: somebody has changed it in Git, or it is newer`;
}

const NAMED = 3;
const listed = (lines: readonly string[] = []): string =>
  `${lines.slice(0, NAMED).join(', ')}${lines.length > NAMED ? ', …' : ''}`;
