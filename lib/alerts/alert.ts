import type { Reason } from '../charts/reasons.ts';
import type { Applier } from '../checks/observation.ts';
import type { AlertClass, Severity } from '../config/audiences.ts';
import type { Finding } from '../drift/verdicts.ts';

/** What every alert has. Plain data, written with the state it comes from; the forms make text of it. */
interface AlertBase {
  readonly schema: 1;
  readonly installation: string;
  readonly target: string;
  /** As people write it: `shop/web`, `manifests`, `target`, or the key of an upload. */
  readonly scope: string;
  /** installation + target + scope + class + number of opening: the same from first alert to resolve. */
  readonly incident: string;
  /** Counts up within the incident: an alert repeated after a crash has the same one. */
  readonly sequence: number;
  /** ISO. */
  readonly at: string;
  readonly severity: Severity;
  /**
   * Of an alert that closes its incident: the severities that the incident was told with, so that every audience that
   * got one of those gets this one too, whatever it filters by.
   */
  readonly told?: readonly Severity[];
  /**
   * Why it closes, where that is not that things are well again: the scope has gone from Git, or a later commit has
   * begun another rollout of it.
   */
  readonly because?: 'no-longer-declared' | 'later-commit';
  /** Somebody asked for silence: for machines and the record alone, not for mail, pagers and chats. */
  readonly quiet?: Quiet;
}

/** A snooze that an alert falls into. */
export interface Quiet {
  /** ISO. */
  readonly until: string;
  /** In the words of who snoozed it. */
  readonly reason: string;
}

interface Where {
  readonly commit: string;
  readonly repository: string;
  readonly root: string;
  readonly deployer: 'flux' | 'argocd' | 'none';
  /** Where Argo CD's Applications are, if it is the deployer. */
  readonly argocdNamespace?: string;
  readonly chart?: { readonly name: string; readonly version: string };
  /** The deployer's own object for the scope, where one was found. */
  readonly appliedBy?: Applier;
  /** The repository is not laid out by Fairlead: what no `appliedBy` says has no name that could be guessed. */
  readonly layout?: 'foreign';
  /** Where a delivery of Fairlead's brought it, and there was one before that: what a step back goes back to. */
  readonly takeBack?: TakeBack;
}

/** The newest delivery of a release, and what stood before it. */
export interface TakeBack {
  /** What was delivered last. */
  readonly brought: 'chart' | 'values';
  /** The chart that stands again after a step back, where it is known. */
  readonly to?: { readonly name: string; readonly version: string };
}

/** One scope of many that an alert of the whole target is about. */
export interface Member {
  /** As people write it: `shop/web`. */
  readonly scope: string;
  /** How many, of all kinds. */
  readonly findings: number;
  /** Of its gravest finding. */
  readonly severity: Severity;
  readonly appliedBy?: Applier;
}

/** What an alert of a burst has: many scopes of a target began to differ at once, and are told as one (scope `target`). */
interface Burst {
  /** Scopes that differ now, the gravest first, as many as fit. Absent where the alert is not of a burst. */
  readonly members?: readonly Member[];
  /** How many differ now: those of `members`, and those that did not fit. */
  readonly left?: number;
  /** How many have become as Git says since the burst began, without a word. */
  readonly resolved?: number;
}

interface Differing extends Burst {
  readonly findings: readonly Finding[];
  /** Findings beyond those that fit here. */
  readonly more?: number;
  readonly since: string;
}

interface Stalling {
  readonly since: string;
  readonly findings: readonly Finding[];
  readonly more?: number;
  readonly unready: readonly string[];
  readonly deployerSays?: string;
}

interface Unjudged {
  readonly reason: string;
  readonly rule?: string;
  readonly since: string;
  /** Scopes that cannot be judged for this one reason, as many as fit: then the alert is of the target. */
  readonly members?: readonly string[];
  /** How many: those of `members`, and those that did not fit. */
  readonly left?: number;
}

/** What every reminder has. */
interface Reminding {
  readonly kind: 'reminder';
  /** ISO: of a snooze that has ended, since which nobody was told how things are. */
  readonly snoozedUntil?: string;
}

/** An upload that was refused. */
export interface RefusedUpload {
  readonly upload: string;
  readonly claimedAuthor?: string;
  readonly reasons: readonly Reason[];
}

/** A test of the ways that alerts go, which somebody asked for. Nothing is wrong. */
interface Drill {
  /** As the person says. */
  readonly by: string;
  /** Whom it is for, as filters of audiences have it: who names any of these hears of it. */
  readonly reaches: {
    readonly targets: readonly string[];
    readonly namespaces: readonly string[];
    readonly classes: readonly AlertClass[];
    readonly severities: readonly Severity[];
  };
  /** Names of the channels that it is for; absent: all. */
  readonly channels?: readonly string[];
}

export type Alert =
  | (AlertBase & Where & Differing & { readonly kind: 'drift' })
  /** `findings`: all that differs now, the new ones first. */
  | (AlertBase &
      Where &
      Differing & {
        readonly kind: 'drift-changed';
        readonly fresh: number;
        readonly gone: readonly Finding[];
      })
  /** `scopes`: of a burst, how many it was of. `accepted`: findings that a first check named, and that are still there. */
  | (AlertBase &
      Where & {
        readonly kind: 'converged';
        readonly since: string;
        readonly scopes?: number;
        readonly accepted?: number;
      })
  /** What the first check of a target has found. Nobody is woken; what is new since is told at once. */
  | (AlertBase &
      Where &
      Required<Pick<Burst, 'members' | 'left'>> &
      Omit<Differing, keyof Burst> & { readonly kind: 'summary' })
  /** An incident that is still open, as it is now; key and next sequence of that incident. */
  | (AlertBase & Where & Differing & Reminding & { readonly of: 'drift' })
  | (AlertBase & Where & Stalling & Reminding & { readonly of: 'stalled' })
  | (AlertBase & Unjudged & Reminding & { readonly of: 'unknown' })
  | (AlertBase &
      Where & {
        readonly kind: 'rolled-out';
        readonly since: string;
        /** `stalled`: it resolves that alert. `rollout`: all went well, which people are not told by default. */
        readonly after: 'rollout' | 'stalled';
      })
  | (AlertBase & Where & Stalling & { readonly kind: 'stalled' })
  | (AlertBase & Unjudged & { readonly kind: 'unknown' })
  /** `scopes`: where it was of many, how many. */
  | (AlertBase & { readonly kind: 'known-again'; readonly since: string; readonly scopes?: number })
  /** `also`: refused within the same minute, as many as fit; `more`: how many do not. */
  | (AlertBase &
      RefusedUpload & {
        readonly kind: 'rejected';
        readonly also?: readonly RefusedUpload[];
        readonly more?: number;
      })
  | (AlertBase & {
      readonly kind: 'failed';
      /** Those that failed together, as many as fit. */
      readonly uploads: readonly string[];
      /** How many more there are. */
      readonly more?: number;
      /** Different ones, over all of them. */
      readonly reasons: readonly Reason[];
      /** Below it lie all their keys: what is given to `fairlead replay`. */
      readonly prefix: string;
    })
  /** The first upload that waits for a freeze. `scope`: what is frozen. */
  | (AlertBase & {
      readonly kind: 'frozen';
      readonly upload: string;
      /** Since when it is frozen (ISO). */
      readonly since: string;
      /** Who froze it: an ARN. */
      readonly by: string;
      /** In the words of who froze it. */
      readonly reason?: string;
    })
  | (AlertBase & { readonly kind: 'blocked'; readonly reason: string; readonly since: string })
  | (AlertBase & { readonly kind: 'unblocked'; readonly since: string })
  | (AlertBase & Drill & { readonly kind: 'drill' })
  | (AlertBase & Drill & { readonly kind: 'drill-over'; readonly since: string });

export type AlertKind = Alert['kind'];

/** Opens, goes on, or closes its incident; `single` has none. Pagers need to know. */
export const LIFE = {
  drift: 'opens',
  'drift-changed': 'continues',
  converged: 'closes',
  summary: 'single',
  reminder: 'continues',
  stalled: 'opens',
  'rolled-out': 'closes',
  unknown: 'opens',
  'known-again': 'closes',
  blocked: 'opens',
  unblocked: 'closes',
  drill: 'opens',
  'drill-over': 'closes',
  rejected: 'single',
  failed: 'single',
  frozen: 'single',
} as const satisfies Record<AlertKind, 'opens' | 'continues' | 'closes' | 'single'>;
