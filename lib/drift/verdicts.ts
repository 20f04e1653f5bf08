import type { Json, ObjectReference } from '../objects/objects.ts';

/** What one object, release or target is judged to be (drift.md). */
export type Verdict = 'in-sync' | 'changed' | 'added' | 'missing' | 'extra' | 'unknown';

/** A path inside an object. A list item is named by its keys where the list has keys, else by its index. */
export type PathStep =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'key'; readonly keys: Readonly<Record<string, Json>> }
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'index'; readonly index: number };
export type Path = readonly PathStep[];

/** Who likely wrote a path: a tool's name, not a person's. */
export interface Attribution {
  /** managedFields' manager; absent where nobody owns the path (a deletion, a stripped or admission-written field). */
  readonly manager?: string;
  readonly operation?: 'Apply' | 'Update';
  readonly subresource?: string;
  /** Upper bound of when (ISO, 1 s resolution): when that manager last changed any of its fields. */
  readonly since?: string;
  /** How we know, in words for people: `likely with kubectl-edit`, `by another revision of the chart`. */
  readonly likely: string;
  /** Who did it, where the API server's audit log says so. */
  readonly by?: Author;
}

/** From one event of the API server's audit log: who was authenticated. Text from outside. */
export interface Author {
  /** The session's name where there is one (a person's, with single sign-on), else the user's in Kubernetes. */
  readonly name: string;
  /** Of AWS. */
  readonly arn?: string;
  /** Whom the request was made as, where that is another (`kubectl --as`). */
  readonly actingAs?: string;
  /** `kubectl/v1.35.0`. */
  readonly agent?: string;
  /** Where the request came from. */
  readonly address?: string;
  readonly verb: string;
  /** ISO. */
  readonly at: string;
}

/** One difference. */
export interface Finding {
  readonly verdict: Exclude<Verdict, 'in-sync' | 'unknown'>;
  readonly object: ObjectReference;
  /** Empty for a whole object that is missing or extra. */
  readonly path: Path;
  /** As people read it: `spec.template.spec.containers[name=web].image`. */
  readonly at: string;
  /** Absent where that side has nothing. Secret values are never here: see `secret`. */
  readonly desired?: Json;
  readonly live?: Json;
  /** The value is a Secret's: only that it differs may be said. */
  readonly secret: boolean;
  readonly attribution?: Attribution;
  /** More to say, for people: `being deleted since …`, `order differs`, `kind not served`. */
  readonly note?: string;
  /** What people's rules say of it (drift.yaml). */
  readonly rule?: FindingRule;
  /**
   * Where it looks rewritten at admission: a digest that is the same for the same rewriting of other objects of the
   * kind, so that they can be told once.
   */
  readonly group?: string;
  /** Where Git declares the object: the template's path inside its chart, or the manifest's in the repository. */
  readonly source?: string;
  /** Where many releases are told as one: whose it is, `shop/web`. */
  readonly scope?: string;
}

/** A rule of `drift.yaml` that is about a finding and does not ignore it. */
export interface FindingRule {
  /** Its place in the file, counted from 1. */
  readonly number: number;
  readonly reason: string;
  readonly severity?: 'info' | 'warning' | 'critical';
  /** How long it must last before people are told. */
  readonly waitSeconds?: number;
}

export type ObjectVerdict =
  | {
      readonly kind: 'in-sync';
      readonly object: ObjectReference;
      readonly notes: readonly string[];
      readonly admission?: readonly string[];
    }
  | {
      readonly kind: 'drift';
      readonly object: ObjectReference;
      readonly findings: readonly Finding[];
      /**
       * Digests of what nobody owns and no default explains, one a finding. Taken at the first check after a rollout and given back
       * (`Judgement.admitted`), they say that this is what admission put there, and has not changed since.
       */
      readonly admission?: readonly string[];
    }
  | {
      readonly kind: 'unknown';
      readonly object: ObjectReference;
      readonly reason: string;
      readonly rule?: string;
    };
