/**
 * Why a push was refused, from git's and the hosts' own words. What nobody knows counts as `blocked`: everything
 * waits and is tried again, so that a wording of tomorrow loses nothing.
 */
export type PushRefusal =
  /** Somebody else was faster: fetch, build anew on the new tip, push again. */
  | {
      readonly kind: 'moved';
      /**
       * By git itself, before it sent anything; or by the server, which may have been sent it twice (by HTTP, by a host
       * within itself) and have taken it the first time.
       */
      readonly by: 'git' | 'server';
    }
  /** Nothing can be pushed to this repository now: credentials, protection, host down. */
  | { readonly kind: 'blocked'; readonly says: string }
  /** This content is not wanted: a hook, a size limit, a secret scanner. */
  | { readonly kind: 'refused-content'; readonly says: string };

/** In this order: the first that matches decides. */
const WORDINGS: readonly (readonly [RegExp, PushRefusal['kind']])[] = [
  // git (remote.c, builtin/receive-pack.c, refs/files-backend.c)
  [/\(fetch first\)|\(non-fast-forward\)|\(stale info\)|non-fast-forward/i, 'moved'],
  [/cannot lock ref|incorrect old value|reference already exists|failed to update ref/i, 'moved'],
  [/\bis at [0-9a-f]{40} but expected/i, 'moved'],
  // Hosts that scan what is pushed: GitHub (GH001, GH009, GH013 with push protection), GitLab, Bitbucket, Azure.
  [/GH001|large files? detected|exceeds .{0,60}(file )?size limit|file.{0,40} too large/i, 'refused-content'],
  [/push protection|contains? secrets?|secrets? (was |were )?(detected|found)|GITLEAKS/i, 'refused-content'],
  [/VS403654|TF402455.*secret/i, 'refused-content'],
  // Protection of the branch or the repository, whatever is pushed.
  [/protected branch|GH006|GH013|repository rule violations|must use a pull request/i, 'blocked'],
  [/not allowed to push|TF40\d{4}|read[- ]only|archived|deny updating a hidden ref/i, 'blocked'],
  [/shallow update not allowed|quota|no space left|disk full/i, 'blocked'],
  // Content in git's own words.
  [
    /fsckobjects?|fsck error|missing necessary objects|unpacker error|index-pack (failed|abnormal)/i,
    'refused-content',
  ],
  [/hook declined|\(hook|update declined/i, 'refused-content'],
];

/** What was said, for people: server's lines first, in one line, cut. Characters. */
const SAYS_LENGTH = 300;

/** @param output what `git push --porcelain` printed, stdout and stderr */
export function classifyRefusal(output: string): PushRefusal {
  const kind = WORDINGS.find(([wording]) => wording.test(output))?.[1] ?? 'blocked';
  switch (kind) {
    case 'moved':
      return { kind, by: /\[remote rejected\]|\[remote failure\]/.test(output) ? 'server' : 'git' };
    case 'blocked':
    case 'refused-content':
      return { kind, says: saysOf(output) };
  }
}

/** The telling lines of git's output: what the server said, then git's own errors. */
export function saysOf(output: string): string {
  const lines = output.split(/[\r\n]+/).map((line) => line.trim());
  const remote = lines.filter((line) => /^remote:\s*\S/.test(line)).map((line) => line.slice(7).trim());
  const own = lines.filter((line) => /^(fatal|error):/.test(line) && !/failed to push some refs/.test(line));
  const rejected = lines.filter((line) => line.startsWith('!')).map((line) => line.split('\t').at(-1) ?? '');
  const says = [...remote, ...own, ...rejected].join('; ') || lines.filter(Boolean).join('; ');
  // Servers colour what they say, and hostile ones turn its direction.
  return says.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').slice(0, SAYS_LENGTH);
}
