import type { AlertKind } from '../alerts/alert.ts';
import type { Deployer, Severity } from '../config/config.ts';
import type { Digest } from '../content/tree.ts';
import type { Finding } from '../drift/verdicts.ts';

/** The classes of incidents that checks open; `delivery` belongs to uploads and repositories. */
export type IncidentClass = 'drift' | 'stalled' | 'unknown';

/**
 * What is remembered of a scope and class. `opening` counts the incidents of this scope and class, so that a second
 * drift is a second incident; `sequence` counts the alerts of the current one.
 */
interface Numbered {
  readonly opening: number;
  readonly sequence: number;
}

export type DriftIncident =
  | (Numbered & { readonly kind: 'in-sync' })
  | (Numbered & {
      readonly kind: 'drifting';
      readonly since: string;
      readonly severity: Severity;
      /** One short digest a finding (object, path, live value): what "the same findings" is decided by. */
      readonly fingerprints: readonly string[];
      /** As many of the findings as fit, so that what has gone can be named. */
      readonly findings: readonly Finding[];
    });

export type RolloutIncident =
  /** The cluster shows `render`; nothing is under way. */
  | (Numbered & { readonly kind: 'shown'; readonly render?: Digest | undefined })
  | (Numbered & { readonly kind: 'rolling'; readonly since: string; readonly render?: Digest | undefined })
  | (Numbered & { readonly kind: 'stalled'; readonly since: string; readonly render?: Digest | undefined });

export type UnknownIncident =
  | (Numbered & { readonly kind: 'judged'; readonly at: string })
  /** Could not be judged, but not often enough to say so. `since`: the last check that could. */
  | (Numbered & { readonly kind: 'failing'; readonly failures: number; readonly since: string })
  | (Numbered & { readonly kind: 'unknown'; readonly since: string });

/** Everything remembered of one scope. A class never seen is absent. */
export interface Incidents {
  readonly drift?: DriftIncident | undefined;
  readonly stalled?: RolloutIncident | undefined;
  readonly unknown?: UnknownIncident | undefined;
}

/** What a decision needs beside the state and the observation. */
export interface DecisionContext {
  readonly installation: string;
  readonly target: string;
  /** The commit that was judged. */
  readonly commit: string;
  /** Address of the repository, without credentials. */
  readonly repository: string;
  /** The target's root in it. */
  readonly root: string;
  readonly deployer: Deployer;
  /** Argo CD's namespace, for the commands in alerts. */
  readonly argocdNamespace?: string;
  /** ISO time of the check. */
  readonly at: string;
  readonly rolloutDeadlineMinutes: number;
  /** Whether the target was ever checked before: what its first check finds in place was not rolled out now. */
  readonly history: 'first-check' | 'checked-before';
}

/** installation + target + scope + class + number of opening: the same from first alert to resolve. */
export const incidentKey = (
  context: Pick<DecisionContext, 'installation' | 'target'>,
  scope: string,
  kind: IncidentClass,
  opening: number,
): string => `${context.installation}/${context.target}/${scope}/${kind}/${opening}`;

/** What a class says when it opens, goes on and closes. */
export const ALERTS_OF = {
  drift: ['drift', 'drift-changed', 'converged'],
  stalled: ['stalled', 'rolled-out'],
  unknown: ['unknown', 'known-again'],
} as const satisfies Record<IncidentClass, readonly AlertKind[]>;
