import type { Digest } from '../content/tree.ts';
import type { Finding } from '../drift/verdicts.ts';

/** What a check saw of one scope. Pure data: lib/incidents decides what to tell. */
export type ScopeState =
  /** The cluster is what the tip declares. `workloads`: by kstatus, what has not become current yet. */
  | { readonly kind: 'in-sync'; readonly unready: readonly string[] }
  /**
   * Differs from what the deployer last applied, or from a tip whose deadline has passed: then `deployer` is what the
   * deployer says of not having applied it.
   */
  | {
      readonly kind: 'drift';
      readonly findings: readonly Finding[];
      readonly deployer?: string;
      readonly unjudged?: Unjudged;
      /** Findings besides these: more than are told one by one (lib/incidents/told-apart.ts). */
      readonly beyond?: number;
    }
  /** The tip is not applied yet; what differs from it is pending, not drift. */
  | {
      readonly kind: 'rollout';
      readonly findings: readonly Finding[];
      readonly deployer?: string;
      readonly unjudged?: Unjudged;
      /** Findings besides these: more than are told one by one (lib/incidents/told-apart.ts). */
      readonly beyond?: number;
    }
  | ({ readonly kind: 'unknown' } & Unjudged);

/** Why some of it could not be judged, in words for people. `rule`: the RBAC rules to add, as YAML. */
export interface Unjudged {
  readonly reason: string;
  readonly rule?: string;
  /**
   * Identities (lib/objects) of those that could not, sorted; absent where nobody knows which, or where they are more
   * than `UNJUDGED_OBJECTS`. What was found of them before is neither there nor gone.
   */
  readonly objects?: readonly string[];
}

/** More of one scope are named by none: it may be any. */
export const UNJUDGED_OBJECTS = 500;

/**
 * A release (`shop/web`), the manifests of a target (`manifests`), the target itself (`target`), or its rules
 * (`drift.yaml`), which are in sync or, where something is wrong in them, unknown.
 */
export type Scope =
  | { readonly kind: 'release'; readonly namespace: string; readonly name: string }
  /** Flux: `of` is a Kustomization that the manifests declare, and whose own are meant (`manifests/flux-system/apps`). */
  | { readonly kind: 'manifests'; readonly of?: { readonly namespace: string; readonly name: string } }
  | { readonly kind: 'target' }
  | { readonly kind: 'rules' };

/** The deployer's own object that applies a scope, as the cluster has it: what people ask to put things back. */
export interface Applier {
  readonly kind: 'HelmRelease' | 'Kustomization' | 'Application';
  readonly namespace: string;
  readonly name: string;
  /** When it undoes what others change. `nothing`: it is suspended, and does nothing when asked either. */
  readonly putsBack: 'by-itself' | 'with-a-change-in-git' | 'when-asked' | 'nothing';
  /** Where Git declares it, from the repository's root. */
  readonly file?: string;
}

export interface ScopeObservation {
  readonly scope: Scope;
  /** Absent where there is none, or none was found. */
  readonly appliedBy?: Applier;
  readonly chart?: {
    readonly name: string;
    readonly version: string;
    /** The range that is declared, where nobody says which version of it runs. */
    readonly newestOf?: string | undefined;
  };
  /** Of a chart in Git: the content that the tip has of it. */
  readonly chartTree?: Digest;
  readonly state: ScopeState;
  /** What the tip declares for the scope; when it changes, a rollout begins. */
  readonly render?: Digest;
  /** Findings that rules of drift.yaml ignore: how many, and the first of them in words. */
  readonly ignored?: { readonly count: number; readonly notes: readonly string[] };
  /** Of the rules: what people should know and nobody is woken for, such as one that has expired. */
  readonly remarks?: readonly string[];
}

export interface Observation {
  readonly target: string;
  /** Empty where none was ever read. */
  readonly commit: string;
  readonly sequence: number;
  /** ISO time of the check. */
  readonly at: string;
  readonly scopes: readonly ScopeObservation[];
}

export const formatScope = (scope: Scope): string => {
  switch (scope.kind) {
    case 'release':
      return `${scope.namespace}/${scope.name}`;
    case 'manifests':
      return scope.of === undefined ? 'manifests' : `manifests/${scope.of.namespace}/${scope.of.name}`;
    case 'target':
      return 'target';
    case 'rules':
      return 'drift.yaml';
  }
};
