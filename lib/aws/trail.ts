import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What a line of the log names, so that one upload can be followed from the bucket to the alert. Two ids are the whole
 * chain (docs/runbook.md, "Follow an upload, a commit or an alert"): `upload` up to the push, `commit` from it on.
 * They stand in every line that is written while what they name is worked on; nothing of it decides anything.
 */
export interface Trail {
  /** The version id of an uploaded object: in its record, its tags and its commit's trailer too. */
  readonly upload?: string;
  /** The key that it was uploaded to. */
  readonly key?: string;
  /** The uploads of a release that are judged together. */
  readonly uploads?: readonly string[];
  readonly repository?: string;
  readonly branch?: string;
  readonly target?: string;
  /** The tip of the branch that is read or checked. */
  readonly commit?: string;
  /** Lambda's id of the call that this one was made by. */
  readonly calledBy?: string;
}

const trails = new AsyncLocalStorage<Trail>();

/** What is worked on now. */
export const trail = (): Trail => trails.getStore() ?? {};

/** Names for whatever `work` writes, beside those that it has already. */
export const following = <Answer>(more: Trail, work: () => Answer): Answer =>
  trails.run({ ...trail(), ...more }, work);
