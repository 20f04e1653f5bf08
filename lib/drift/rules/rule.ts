import type { Finding } from '../verdicts.ts';

/** How grave a finding is told as, where a rule says so. */
export type RuleSeverity = 'info' | 'warning' | 'critical';

/**
 * One entry of `drift.yaml`, well formed. What it does not name it does not look at; what it names must all hold.
 * Without `waitSeconds` and `severity` it ignores what it selects; with either of them the finding stays, and is told
 * later or as graver or milder.
 */
export interface DriftRule {
  /** Its place in the file, counted from 1: what people read in notes. */
  readonly number: number;
  readonly line: number;
  /** `Kind` or `Kind.group`, a glob; `Kind.core` is the group without a name. */
  readonly kind?: string;
  /** Globs. */
  readonly name?: string;
  readonly namespace?: string;
  readonly manager?: string;
  /** Only what looks rewritten at admission: what people and tools do there is told all the same. */
  readonly by?: 'admission';
  /** The chart's name. */
  readonly chart?: string;
  /** As `parsePlace` (place.ts) reads it. */
  readonly path?: string;
  readonly verdict?: Finding['verdict'];
  readonly waitSeconds?: number;
  readonly severity?: RuleSeverity;
  readonly reason: string;
  /** `2026-12-31`: the last day (UTC) that it holds. */
  readonly expires?: string;
}

/** What is wrong in `drift.yaml`, for people. The rule that it is in does nothing; the others hold. */
export interface RuleProblem {
  readonly line: number;
  /** `rules[2].wait`. */
  readonly key: string;
  readonly message: string;
}

/** What `drift.yaml` of a commit says. */
export interface DriftRules {
  readonly rules: readonly DriftRule[];
  readonly problems: readonly RuleProblem[];
}

/** Limits of one file, and of what is in it. Its authors may write to Git; a mistake of theirs must stay cheap. */
export const RULE_LIMITS = {
  /** Bytes of drift.yaml. */
  file: 256 * 1024,
  rules: 500,
  /** Characters of a path, and its steps. */
  path: 1024,
  steps: 48,
  /** Characters of any other value. */
  value: 512,
  /** Problems that are told of one file. */
  problems: 100,
  /** A wait that is longer is no wait. */
  waitSeconds: 7 * 24 * 60 * 60,
} as const;
