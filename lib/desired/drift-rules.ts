import type { Target } from '../config/config.ts';
import type { DriftRules } from '../drift/rules/rule.ts';
import { BlobTooLarge } from '../repository/clone.ts';
import { driftRulesFile } from '../repository/layout.ts';
import type { CommitReader } from './commit-reader.ts';
import { readRules } from './drift-file.ts';

/**
 * The rules of the target's `drift.yaml` as the commit has them, with all that is wrong in them; undefined where there
 * is no such file.
 * @throws what the clone throws
 */
export async function readDriftRules(
  target: Target,
  clone: CommitReader,
  commit: string,
): Promise<DriftRules | undefined> {
  try {
    const text = await driftFileText(target, clone, commit);
    return text === undefined ? undefined : readRules(text);
  } catch (error) {
    if (!(error instanceof BlobTooLarge)) throw error;
    return { rules: [], problems: [{ line: 1, key: '(the whole)', message: error.message }] };
  }
}

/** `drift.yaml` as the commit has it, undefined where there is none. @throws BlobTooLarge, and what the clone throws */
export async function driftFileText(
  target: Target,
  clone: CommitReader,
  commit: string,
): Promise<string | undefined> {
  const id = await clone.treeId(commit, driftRulesFile(target));
  return id === undefined ? undefined : (await clone.blobs([id])).get(id)?.toString('utf8');
}
