import { type Diagnosis, ok, skipped, warning, wrong } from './diagnosis.ts';

/** How a repository answered a credential. Pushes are by dry run: nothing was written. */
export type GitTried =
  | { readonly kind: 'let-in' }
  /** It knows who asks, or does not, and says no. `says` is for people and holds no secret. */
  | { readonly kind: 'refused'; readonly says: string }
  /** Not reached, or what is no answer of a Git server. */
  | { readonly kind: 'failed'; readonly says: string }
  | { readonly kind: 'not-tried'; readonly why: string };

export interface GitTries {
  readonly repository: string;
  readonly url: string;
  readonly branch: string;
  readonly read: GitTried;
  readonly branchIs: 'there' | 'not-there' | 'not-known';
  /** `not-needed`: nothing is ever delivered to it. */
  readonly write: GitTried | 'not-needed';
  /** With the credential that is to read only. */
  readonly writeByReader: GitTried;
  /** CodeCommit: the caller's own rights, and not those of the functions. */
  readonly as: 'the-functions' | 'the-caller';
}

/** Whether `read-desired` can read a branch, `deliver-uploads` push to it, and the first one not. */
export function judgeGit(tries: GitTries): readonly Diagnosis[] {
  const { repository, url, branch, read, branchIs, write, writeByReader, as } = tries;
  const where = `repository ${repository}, branch ${branch}`;
  const look = `git ls-remote ${url} ${branch}   # with the same credential; docs/credentials.md says what each answer means`;
  const mine = as === 'the-caller' ? ' (CodeCommit: with your own rights, not those of the functions)' : '';
  const found: Diagnosis[] = [told(where, 'read', read, mine, look)];
  if (branchIs === 'not-there')
    found.push(
      wrong(
        where,
        'there is no such branch',
        `git push ${url} HEAD:refs/heads/${branch}   # from a clone with one commit, or correct \`branch\` of the target`,
      ),
    );
  if (write !== 'not-needed') found.push(told(where, 'push (dry run)', write, mine, look));
  if (read.kind === 'let-in' && as === 'the-functions') found.push(judgeReader(where, writeByReader));
  return found;
}

function told(where: string, what: string, tried: GitTried, mine: string, mend: string): Diagnosis {
  switch (tried.kind) {
    case 'let-in':
      return ok(where, `${what}${mine}`);
    case 'refused':
    case 'failed':
      return wrong(where, `${what}: ${tried.says}${mine}`, mend);
    case 'not-tried':
      return skipped(where, `${what}: ${tried.why}`);
  }
}

/** The function that reads charts of strangers holds nothing that could change them. */
function judgeReader(where: string, tried: GitTried): Diagnosis {
  switch (tried.kind) {
    case 'let-in':
      return warning(
        where,
        'the readCredential may push, too: whoever takes over read-desired can write to Git',
        'Make one that only reads (docs/credentials.md), and put it into the secret of readCredential',
      );
    case 'refused':
      return ok(where, 'the readCredential cannot push');
    case 'failed':
      return skipped(where, `whether the readCredential can push is not known: ${tried.says}`);
    case 'not-tried':
      return skipped(where, `whether the readCredential can push: ${tried.why}`);
  }
}
