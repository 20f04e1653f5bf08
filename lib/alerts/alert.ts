import type { Reason } from '../charts/reasons.ts';
import type { Severity } from '../config/config.ts';
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
  /** Why it closes, where that is not that things are well again: the scope has gone from Git. */
  readonly because?: 'no-longer-declared';
}

interface Where {
  readonly commit: string;
  readonly repository: string;
  readonly root: string;
  readonly deployer: 'flux' | 'argocd' | 'none';
  /** Where Argo CD's Applications are, if it is the deployer. */
  readonly argocdNamespace?: string;
  readonly chart?: { readonly name: string; readonly version: string };
}

export type Alert =
  | (AlertBase &
      Where & {
        readonly kind: 'drift';
        readonly findings: readonly Finding[];
        /** Findings beyond those that fit here. */
        readonly more?: number;
        readonly since: string;
      })
  | (AlertBase &
      Where & {
        readonly kind: 'drift-changed';
        /** All that differs now, the new ones first. */
        readonly findings: readonly Finding[];
        readonly fresh: number;
        readonly more?: number;
        readonly gone: readonly Finding[];
        readonly since: string;
      })
  | (AlertBase & Where & { readonly kind: 'converged'; readonly since: string })
  | (AlertBase &
      Where & {
        readonly kind: 'rolled-out';
        readonly since: string;
        /** `stalled`: it resolves that alert. `rollout`: all went well, which people are not told by default. */
        readonly after: 'rollout' | 'stalled';
      })
  | (AlertBase &
      Where & {
        readonly kind: 'stalled';
        readonly since: string;
        readonly findings: readonly Finding[];
        readonly more?: number;
        readonly unready: readonly string[];
        readonly deployerSays?: string;
      })
  | (AlertBase & {
      readonly kind: 'unknown';
      readonly reason: string;
      readonly rule?: string;
      readonly since: string;
    })
  | (AlertBase & { readonly kind: 'known-again'; readonly since: string })
  | (AlertBase & {
      readonly kind: 'rejected';
      readonly upload: string;
      readonly claimedAuthor?: string;
      readonly reasons: readonly Reason[];
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
  | (AlertBase & { readonly kind: 'blocked'; readonly reason: string; readonly since: string })
  | (AlertBase & { readonly kind: 'unblocked'; readonly since: string });

export type AlertKind = Alert['kind'];

/** Opens, goes on, or closes its incident; `single` has none. Pagers need to know. */
export const LIFE = {
  drift: 'opens',
  'drift-changed': 'continues',
  converged: 'closes',
  stalled: 'opens',
  'rolled-out': 'closes',
  unknown: 'opens',
  'known-again': 'closes',
  blocked: 'opens',
  unblocked: 'closes',
  rejected: 'single',
  failed: 'single',
} as const satisfies Record<AlertKind, 'opens' | 'continues' | 'closes' | 'single'>;
