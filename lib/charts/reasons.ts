/**
 * Why an upload is rejected: a closed vocabulary of codes, each with its prose and what to do.
 * Alerts, tags, the CLI and docs/uploading.md say the same because they read it here.
 */
export const REASONS = {
  'key-unknown-target': 'The key names no target of this installation.',
  'key-malformed': 'The key has none of the valid forms.',
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof REASONS;

export interface Place {
  /** Path inside the package, values file or manifest. */
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** JSON pointer inside the object or the values. */
  readonly pointer?: string;
}

/** One reason. `message` is our own words and never holds a secret; `excerpt` is a quoted, masked line or two of a tool. */
export interface Reason {
  readonly code: ReasonCode;
  readonly message: string;
  readonly place?: Place;
  readonly whatToDo: string;
  readonly excerpt?: string;
}
