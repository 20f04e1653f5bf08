import type { Severity } from '../config/config.ts';
import type { Done } from '../uploads/record/record.ts';

/**
 * The audit trail of a release or a target, in one list: what was asked for and how it ended, what others did in Git,
 * and what the cluster did. docs/history.md describes each field.
 */
export type HistoryEntry = UploadEntry | CommitEntry | ClusterEntry;

/** An upload, or a command. */
export interface UploadEntry {
  readonly kind: 'upload';
  /** ISO: when it ended, else when it came. */
  readonly at: string;
  readonly scope: string;
  readonly what: 'chart' | 'values' | 'manifest' | 'command' | 'evidence';
  readonly outcome:
    | 'waiting'
    | 'frozen'
    | 'proposed'
    | 'delivered'
    | 'rejected'
    | 'superseded'
    | 'failed'
    | 'declined'
    | Done;
  readonly key: string;
  readonly versionId: string;
  /** ISO. */
  readonly uploadedAt?: string;
  readonly chart?: { readonly name: string; readonly version: string };
  /** Of a delivery: the commit that holds it. */
  readonly commit?: string;
  /** `unchanged`: Git had it already; `edited`: a reviewer changed it in the pull request. */
  readonly change?: 'commit' | 'unchanged' | 'edited';
  /** What the uploader said of itself; nobody vouches for it. */
  readonly claimed?: {
    readonly author?: string;
    readonly sourceCommit?: string;
    readonly sourceUrl?: string;
  };
  /** Who signed it, proven. */
  readonly signer?: string;
  /** Who gave the command, as AWS says. */
  readonly by?: string;
  readonly command?: string;
  readonly reason?: string;
  /** Whose changes in Git it replaced, as the commit says. */
  readonly replaced?: readonly string[];
  /** Why it was refused, superseded or declined: codes, a key, an address. */
  readonly because?: readonly string[];
  readonly cluster?: Rollout;
  /** `git`: only the commit says so, and whoever may push may write that. */
  readonly evidence: readonly ('record' | 'git')[];
}

/** How a delivery went in the cluster. `seconds`: from the push until it was seen. */
export interface Rollout {
  readonly state: 'rolled-out' | 'stalled';
  /** ISO. */
  readonly at: string;
  readonly seconds: number;
}

/** A commit of somebody else that changed what is delivered. */
export interface CommitEntry {
  readonly kind: 'commit';
  /** ISO, as its committer says. */
  readonly at: string;
  readonly scope: string;
  readonly commit: string;
  readonly author: string;
  readonly subject: string;
  /** It is written as Fairlead's own are, and no record knows it: a picked one, or a forged one. */
  readonly says?: 'fairlead';
}

/** What the checks saw. */
export interface ClusterEntry {
  readonly kind: 'cluster';
  /** ISO. */
  readonly at: string;
  readonly scope: string;
  /** As alerts have it: `drift`, `converged`, `rolled-out`, `stalled`, … */
  readonly event: string;
  readonly severity: Severity;
  readonly incident: string;
  readonly commit?: string;
  /** ISO: when what this is about began. */
  readonly since?: string;
  /** The first differences, masked as what people get. */
  readonly changes?: readonly Difference[];
  /** Differences beyond those. */
  readonly more?: number;
  readonly reason?: string;
}

export interface Difference {
  /** `Deployment/web spec.replicas` */
  readonly place: string;
  readonly verdict: string;
  /** As JSON; absent where that side has nothing, or nobody may see it. */
  readonly from?: string;
  readonly to?: string;
  /** Who likely, or who. */
  readonly by?: string;
}

export interface History {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  /** What could not be looked at, in words for people. */
  readonly missing: readonly string[];
}
