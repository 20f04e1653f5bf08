import type { ListedIncident } from '../lib/alerts/incident-list.ts';
import type { Snooze } from '../lib/alerts/snoozes.ts';

/**
 * Everything that the page shows of an installation, wherever it runs; sent whole whenever something of it has changed.
 * Nothing in it is a value that people may not see.
 */
export interface PageState {
  readonly installation: string;
  readonly bucket: string;
  /** What the page's own reading lacks, in words for people; absent where it reads all. */
  readonly problems?: readonly string[];
  readonly targets: readonly TargetView[];
  /** Open ones first. */
  readonly incidents: readonly IncidentView[];
  /** Newest first. */
  readonly deliveries: readonly DeliveryView[];
}

export interface FreezeView {
  /** ARN. */
  readonly by: string;
  /** ISO. */
  readonly at: string;
  readonly reason?: string;
}

export interface TargetView {
  readonly name: string;
  readonly repository: string;
  readonly branch: string;
  readonly deployer: string;
  readonly namespaces: readonly string[];
  /** What Git was last read at. */
  readonly commit?: string | undefined;
  /** The newest verdict's time (ISO). */
  readonly checkedAt?: string | undefined;
  /** While it lasts: of the whole target. */
  readonly snooze?: Snooze | undefined;
  /** Of the whole target. */
  readonly freeze?: FreezeView | undefined;
  readonly scopes: readonly ScopeView[];
}

export interface ScopeView {
  readonly scope: string;
  readonly verdict: string;
  readonly findings: number;
  /** Workloads that are not current yet. */
  readonly unready: number;
  readonly reason?: string | undefined;
  readonly commit?: string | undefined;
  readonly at: string;
  readonly chart?: { readonly name: string; readonly version: string } | undefined;
  readonly snooze?: Snooze | undefined;
  /** Its own, or that of the whole target. */
  readonly freeze?: FreezeView | undefined;
}

export interface IncidentView extends ListedIncident {
  /** What its newest alert says in half a line. */
  readonly headline?: string | undefined;
}

export interface DeliveryView {
  readonly key: string;
  readonly versionId: string;
  readonly target?: string | undefined;
  /** `received`, `checked`, `frozen`, `proposed`, `delivered`, `rejected`, `superseded`, `failed`, `declined`, `done`. */
  readonly state: string;
  readonly commit?: string | undefined;
  /** ISO. */
  readonly receivedAt: string;
  readonly endedAt?: string | undefined;
  /** Of what was delivered: a commit of its own, what Git had already, or a pull request that was merged with changes. */
  readonly change?: 'commit' | 'unchanged' | 'edited' | undefined;
  /** Of what waits in a pull request: where. */
  readonly proposal?: string | undefined;
  /** Of what was superseded: the upload that went first. */
  readonly by?: string | undefined;
  /** How often somebody has asked to take it again. */
  readonly replays: number;
  readonly reasons: readonly ReasonView[];
  readonly warnings: readonly ReasonView[];
}

export interface ReasonView {
  readonly code: string;
  readonly message: string;
  readonly place?: string | undefined;
  readonly whatToDo: string;
  readonly excerpt?: string | undefined;
}

/** The alerts of one incident, the newest first. */
export interface TimelineView {
  readonly key: string;
  /** What shows the same in a terminal, where the key can be part of a command. */
  readonly command?: string;
  readonly alerts: readonly AlertView[];
  /** Older ones that are not here. */
  readonly older?: number;
}

export interface AlertView {
  readonly sequence: number;
  /** ISO. */
  readonly at: string;
  readonly kind: string;
  readonly severity: string;
  readonly headline: string;
  /** `not-yet`: written, and on its way to people. */
  readonly told: 'told' | 'not-yet';
  /** A snooze kept it from mail, pagers and chats. */
  readonly quiet?: { readonly until: string; readonly reason: string };
  /** Why a scope cannot be judged, or what the deployer says. */
  readonly says?: string;
  /** RBAC rules to paste, as YAML. */
  readonly rule?: string;
  readonly unready: readonly string[];
  /** Of many scopes that are told as one. */
  readonly members: readonly MemberView[];
  /** Members beyond those that fit. */
  readonly moreMembers: number;
  readonly findings: readonly FindingView[];
  /** Findings beyond those that fit. */
  readonly more: number;
  /** Of the findings, the first so many are new. */
  readonly fresh?: number;
  readonly gone: readonly FindingView[];
  readonly commit?: string;
  readonly chart?: string;
  readonly remedies: readonly RemedyView[];
}

export interface MemberView {
  readonly scope: string;
  readonly findings?: number;
  readonly severity?: string;
}

export interface RemedyView {
  readonly title: string;
  readonly text: readonly string[];
  readonly commands: readonly string[];
  /** Lines of YAML, for a file in Git. */
  readonly paste: readonly string[];
}

export interface FindingView {
  readonly verdict: string;
  /** `Deployment/web`. */
  readonly object: string;
  /** Where in it; empty for a whole object. */
  readonly at: string;
  /** `hidden`: the value is a Secret's. */
  readonly values: 'shown' | 'hidden' | 'whole-object';
  /** As text of one or many lines; absent where that side has nothing. */
  readonly desired?: string;
  readonly live?: string;
  /** Who likely, what a rule says, what else is to be said. */
  readonly notes: readonly string[];
}

/** What is behind a page: an installation, or the newest that was read of one. */
export interface PageSource {
  state(): PageState;
  /** The alerts of an incident; undefined where there is none. */
  timeline(key: string): Promise<TimelineView | undefined>;
}
