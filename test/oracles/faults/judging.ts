import type { Evidence, HistoryCommit, UploadedVersion } from './evidence.ts';
import { type ReadBranch, trailersOf } from './history.ts';

/** What all rules have in common, of uploads and of commands. */
export interface Violation {
  readonly rule: Rule;
  readonly what: string;
}

export type Rule =
  | 'one outcome'
  | 'nothing waits'
  | 'evidence shares'
  | 'bad is rejected'
  | 'good is not rejected'
  | 'one commit'
  | 'own commit'
  | 'only its slot'
  | 'its content'
  | 'superseded by newer'
  | 'in order'
  | 'tip holds newest'
  | 'nothing else committed'
  | 'nobody overwritten'
  | 'values in step'
  | 'rendered before'
  | 'version immutable'
  | 'given once'
  | 'only what it names'
  | 'as asked'
  | 'frozen waits'
  | 'nothing stays frozen';

export type Wrong = (rule: Rule, what: string) => void;

/** Commits that name it, anywhere. */
export type Claimed = readonly { readonly branch: ReadBranch; readonly commit: HistoryCommit }[];

export const outcomeOf = ({ tags }: UploadedVersion): string | undefined => tags['fairlead-outcome'];
export const commitOf = ({ tags }: UploadedVersion): string => tags['fairlead-commit'] ?? '';
export const codesOf = ({ tags }: UploadedVersion): readonly string[] =>
  (tags['fairlead-reason'] ?? '').split(' ');
export const named = ({ key, versionId }: UploadedVersion): string => `${key} ${versionId}`;
export const urlOf = ({ bucket }: Evidence, { key, versionId }: UploadedVersion): string =>
  `s3://${bucket}/${key}?versionId=${versionId}`;
export const idsOf = (claimed: Claimed): string => claimed.map(({ commit }) => commit.id).join(', ');

/** By the URL that commits name. */
export function claimsOf(
  branches: readonly ReadBranch[],
  foreign: ReadonlySet<string>,
): ReadonlyMap<string, Claimed> {
  const claims = new Map<string, Claimed>();
  for (const branch of branches) {
    for (const commit of branch.commits) {
      if (foreign.has(commit.id)) continue;
      for (const url of trailersOf(commit, 'Fairlead-Upload'))
        claims.set(url, [...(claims.get(url) ?? []), { branch, commit }]);
    }
  }
  return claims;
}

/** Positive: a is newer. Undefined: in the same second, and Fairlead need not know more. */
export function newer(a: UploadedVersion, b: UploadedVersion): number | undefined {
  if (a.told.time !== b.told.time) return a.told.time > b.told.time ? 1 : -1;
  if (a.told.sequencer === undefined || b.told.sequencer === undefined) return undefined;
  return BigInt(`0x${a.told.sequencer}`) > BigInt(`0x${b.told.sequencer}`) ? 1 : -1;
}

/** Whether that is why this one was not delivered, as far as anybody knows; of one slot both. */
export const supersedes = (other: UploadedVersion, version: UploadedVersion): boolean =>
  other !== version && outcomeOf(other) === 'delivered' && newer(other, version) !== -1;

/** It names one commit of its branch, and that one names it; nobody else does. Its position there. */
export function checkOwnCommit(
  version: UploadedVersion & { readonly claimed: Claimed; readonly branch: ReadBranch },
  wrong: Wrong,
): number | undefined {
  const { claimed, branch } = version;
  const commit = commitOf(version);
  if (claimed.length > 1) wrong('one commit', `${named(version)} is claimed by ${idsOf(claimed)}`);
  const position = branch.positionOf(commit);
  if (position === undefined)
    wrong('own commit', `${named(version)} names ${commit}, which is not in its branch`);
  const [own] = claimed;
  if (position !== undefined && own !== undefined && (own.commit.id !== commit || own.branch !== branch))
    wrong(
      'own commit',
      `${named(version)} names ${commit} and is claimed by ${own.commit.id} of ${own.branch.name}`,
    );
  return position;
}
