import type { ScopeObservation } from '../checks/observation.ts';
import type { Deployer, Severity } from '../config/config.ts';
import type { Digest } from '../content/tree.ts';
import type { Finding } from '../drift/verdicts.ts';
import type { FirstSeen } from './waiting.ts';

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

/** Nothing was ever told of it. */
export const NEVER = { opening: 0, sequence: 0 } as const;

export type DriftIncident =
  | (Numbered & { readonly kind: 'in-sync' })
  /** All that differs is to wait, as rules of drift.yaml say, and nobody has been told. */
  | (Numbered & { readonly kind: 'waiting'; readonly firstSeen: FirstSeen })
  | (Numbered & {
      readonly kind: 'drifting';
      readonly since: string;
      /** Each severity that this incident was told with. */
      readonly told: readonly Severity[];
      /** One short digest a finding (object, path, live value): what "the same findings" is decided by. */
      readonly fingerprints: readonly string[];
      /** As many of the findings as fit, so that what has gone can be named. */
      readonly findings: readonly Finding[];
      /** Of findings that are to wait; absent where there are none. */
      readonly firstSeen?: FirstSeen;
    });

export type RolloutIncident =
  /** The cluster shows `render`; nothing is under way. */
  | (Numbered & { readonly kind: 'shown'; readonly render?: Digest | undefined })
  | (Numbered & { readonly kind: 'rolling'; readonly since: string; readonly render?: Digest | undefined })
  | (Numbered & {
      readonly kind: 'stalled';
      readonly since: string;
      readonly render?: Digest | undefined;
      /** Of what was told to be still different: the same is not told a second time as drift. */
      readonly fingerprints: readonly string[];
    });

export type UnknownIncident =
  | (Numbered & { readonly kind: 'judged' })
  /** Could not be judged, but not often enough to say so. `since`: the first check that could not. */
  | (Numbered & {
      readonly kind: 'failing';
      readonly failures: number;
      readonly since: string;
      /** A right to read that a scope loses, which was judged before, somebody took. */
      readonly history?: 'judged-before';
    })
  /** `told`: the severity that people were told it with; absent where it was a warning. */
  | (Numbered & { readonly kind: 'unknown'; readonly since: string; readonly told?: Severity });

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
  /** As people write it: `shop/web`. */
  readonly scope: string;
  /** The commit that was judged. */
  readonly commit: string;
  /** Address of the repository, without credentials. */
  readonly repository: string;
  /** The target's root in it. */
  readonly root: string;
  readonly deployer: Deployer;
  /** Argo CD's namespace, for the commands in alerts. */
  readonly argocdNamespace?: string;
  /** The repository is not laid out by Fairlead. */
  readonly layout?: 'foreign';
  /** ISO time of the check. */
  readonly at: string;
  readonly rolloutDeadlineMinutes: number;
  /** Whether the target was ever checked before: what its first check finds in place was not rolled out now. */
  readonly history: 'first-check' | 'checked-before';
}

/** installation + target + scope + class + number of opening: the same from first alert to resolve. */
const incidentKey = (
  { installation, target, scope }: Pick<DecisionContext, 'installation' | 'target' | 'scope'>,
  kind: IncidentClass,
  opening: number,
): string => `${installation}/${target}/${scope}/${kind}/${opening}`;

/** What every alert of a check's incident begins with. */
export const alertBase = (
  context: DecisionContext,
  kind: IncidentClass,
  { opening, sequence }: Numbered,
  severity: Severity,
) =>
  ({
    schema: 1,
    installation: context.installation,
    target: context.target,
    scope: context.scope,
    incident: incidentKey(context, kind, opening),
    sequence,
    at: context.at,
    severity,
  }) as const;

/** Where Git is, and who applies it. */
export const whereOf = (context: DecisionContext, seen: Pick<ScopeObservation, 'chart' | 'appliedBy'>) => ({
  commit: context.commit,
  repository: context.repository,
  root: context.root,
  deployer: context.deployer,
  ...(context.argocdNamespace === undefined ? {} : { argocdNamespace: context.argocdNamespace }),
  ...(context.layout === undefined ? {} : { layout: context.layout }),
  ...(seen.chart === undefined ? {} : { chart: seen.chart }),
  ...(seen.appliedBy === undefined ? {} : { appliedBy: seen.appliedBy }),
});
