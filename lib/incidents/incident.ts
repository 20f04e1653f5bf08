import type { Quiet } from '../alerts/alert.ts';
import type { ScopeObservation } from '../checks/observation.ts';
import type { Deployer, FirstCheck, Severity } from '../config/config.ts';
import type { Digest } from '../content/tree.ts';
import type { Finding } from '../drift/verdicts.ts';
import type { FirstSeen } from './waiting.ts';

/** The classes of incidents that checks open; `delivery` belongs to uploads and repositories. */
export type IncidentClass = 'drift' | 'stalled' | 'unknown';

/**
 * What is remembered of a scope and class. `opening` counts the incidents of this scope and class, so that a second
 * drift is a second incident; `sequence` counts the alerts of the current one.
 */
export interface Numbered {
  readonly opening: number;
  readonly sequence: number;
}

/** Nothing was ever told of it. */
export const NEVER = { opening: 0, sequence: 0 } as const;

/** What people have heard of an incident that is open. */
export interface Heard {
  /** Each severity that they were told it with, and not in a snooze. */
  readonly told: readonly Severity[];
  /** ISO: when it was last told, in a snooze or not. */
  readonly toldAt: string;
  /** The last was told in this snooze: people do not know how things are. */
  readonly hushed?: Quiet;
}

/**
 * What the summary of a first check named. It is accepted for now: people are told of what is new beside it, and of
 * what is left of it when `OBSERVE_DAYS` have passed.
 */
export interface Accepted {
  /** Counts the summaries that name this scope: one that does not know this number names it still. */
  readonly number: number;
  /** ISO: from when on the days count. */
  readonly at: string;
  readonly fingerprints: readonly string[];
  /** Digests of objects that nobody could look at yet: what is found of them is named, not alerted. */
  readonly unseen?: readonly string[];
}

/** Of findings: what "the same findings" is decided by, and since when. */
interface Differing {
  readonly since: string;
  /** One short digest a finding (object, path, live value). */
  readonly fingerprints: readonly string[];
  /** Of findings that are to wait; absent where there are none. */
  readonly firstSeen?: FirstSeen;
}

export type DriftIncident = Numbered & { readonly accepted?: Accepted } & (
    | { readonly kind: 'in-sync' }
    /** The first check of the target could not judge it: what the first that can finds is named, not alerted. */
    | { readonly kind: 'unseen' }
    /** Nothing differs but what was accepted. */
    | { readonly kind: 'accepted'; readonly accepted: Accepted }
    /** All that differs is to wait, as rules of drift.yaml say, and nobody has been told. */
    | { readonly kind: 'waiting'; readonly firstSeen: FirstSeen }
    | (Differing &
        Heard & {
          readonly kind: 'drifting';
          /** As many of the findings as fit, so that what has gone can be named. */
          readonly findings: readonly Finding[];
        })
    /**
     * Told as one of many, under the key of the target's incident number `burst`. Here `sequence` counts what there was
     * to tell of this scope: a number that the burst does not know yet is still to be told.
     */
    | (Differing & { readonly kind: 'member'; readonly burst: number; readonly severity: Severity })
  );

/** Many scopes that are told as one. Its members are the scopes whose own item says so; here is what was told of them. */
interface Together extends Heard {
  readonly since: string;
  /** A short digest of each scope with the number of what was told of it. */
  readonly listed: readonly string[];
  /** How many scopes it was of, from its beginning on. */
  readonly scopes: number;
}

/** The target's incident of many scopes that began to differ at once. */
export type BurstIncident = Numbered &
  ({ readonly kind: 'in-sync' } | (Together & { readonly kind: 'burst'; readonly severity: Severity }));

export type RolloutIncident = Numbered &
  /** The cluster shows `render`; nothing is under way. */
  (
    | { readonly kind: 'shown'; readonly render?: Digest | undefined }
    | { readonly kind: 'rolling'; readonly since: string; readonly render?: Digest | undefined }
    | (Heard & {
        readonly kind: 'stalled';
        readonly since: string;
        readonly render?: Digest | undefined;
        /** Of what was told to be still different: the same is not told a second time as drift. */
        readonly fingerprints: readonly string[];
      })
  );

export type UnknownIncident = Numbered &
  (
    | { readonly kind: 'judged' }
    /** Could not be judged, but not often enough to say so. `since`: the first check that could not. */
    | {
        readonly kind: 'failing';
        readonly failures: number;
        readonly since: string;
        /** ISO: the last check that counts. */
        readonly at?: string;
        /** A right to read that a scope loses, which was judged before, somebody took. */
        readonly history?: 'judged-before';
      }
    | (Heard & { readonly kind: 'unknown'; readonly since: string })
    /** Told as one of many, for the reason with that digest, under the key of that incident's number `burst`. */
    | {
        readonly kind: 'member';
        readonly since: string;
        readonly reason: string;
        readonly burst: number;
        readonly severity: Severity;
      }
  );

/** The target's incident of many scopes that cannot be judged for one reason. */
export type GroupIncident = Numbered &
  (
    | { readonly kind: 'judged' }
    | (Together & { readonly kind: 'group'; readonly reason: string; readonly rule?: string })
  );

/** Where a target is in its life. Absent until a check has judged anything of it. */
export interface Phase extends Numbered {
  /** `observing`: something is accepted for now, or was not looked at yet. */
  readonly kind: 'observing' | 'alerting';
  /** ISO: the first check that judged anything. */
  readonly since: string;
  /** `partly`: the target or its manifests could not be judged, so that scopes may appear that were there before. */
  readonly looked: 'partly' | 'wholly';
  /** A short digest of each scope with the number of the summary that named it. */
  readonly listed: readonly string[];
}

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
  /** What a first check finds: named in one summary, or told as drift. */
  readonly firstCheck: FirstCheck;
  /** Of an incident that stays open; 0 is never. */
  readonly remindAfterHours: number;
  /** A check whose clock is far ahead of ours does not say how long anything has lasted. */
  readonly clock: 'trusted' | 'ahead';
  /** That of the scope, or of the target, which lasts now. */
  readonly snooze?: Quiet;
  /** What a finding's severity is, by the rules of drift.yaml, of the configuration and by itself. */
  readonly severityOf: (finding: Finding) => Severity;
}

/** What a key says of the class: one reason that many scopes have is a class of its own, and so is the summary. */
export type KeyClass = IncidentClass | `unknown-${string}` | 'summary';

/** installation + target + scope + class + number of opening: the same from first alert to resolve. */
const incidentKey = (
  { installation, target, scope }: Pick<DecisionContext, 'installation' | 'target' | 'scope'>,
  kind: KeyClass,
  opening: number,
): string => `${installation}/${target}/${scope}/${kind}/${opening}`;

/** What every alert of a check's incident begins with. */
export const alertBase = (
  context: DecisionContext,
  kind: KeyClass,
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
