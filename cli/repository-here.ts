import { isAbsolute, join } from 'node:path';
import type { Target } from '../lib/config/config.ts';
import { placeOf } from '../lib/config/repository-url.ts';
import { rootOf } from '../lib/config/root.ts';
import { type Clone, openClone } from '../lib/repository/clone.ts';
import { givenToken, ownSsh } from '../lib/repository/credentials.ts';
import { denialOf } from '../lib/repository/denials.ts';
import { type GitFailed, NoAccess } from '../lib/repository/git-failed.ts';
import { DataFolderInUse, lockFolder } from '../local/lock.ts';
import type { Asked } from './asking.ts';
import { UsageError } from './command.ts';
import { nearest } from './nearest.ts';

/** The repository that was named, to be read from here. */
export interface RepositoryHere {
  readonly clone: Clone;
  close(): Promise<void>;
}

/**
 * Opens the clone that is kept in `folder`; where another run is at it, one of its own in `passing`.
 * @throws what making folders throws
 */
export async function openRepository(
  { repo, branch }: Pick<Asked, 'repo' | 'branch'>,
  folder: string,
  passing: string,
): Promise<RepositoryHere> {
  const token = process.env.FAIRLEAD_GIT_TOKEN;
  const credential =
    placeOf(repo)?.kind === 'ssh'
      ? ownSsh()
      : token
        ? givenToken(process.env.FAIRLEAD_GIT_USERNAME ?? 'x-access-token', token)
        : undefined;
  const release = await lockFolder(folder).catch((error: unknown) => {
    if (error instanceof DataFolderInUse) return undefined;
    throw error;
  });
  const place = release === undefined ? passing : folder;
  const clone = await openClone({ url: repo, branch, folder: join(place, 'clone.git'), credential });
  return { clone, close: release ?? (async () => {}) };
}

/** In words for people. */
export const noBranchOf = ({ repo, branch }: Asked): string =>
  `${repo} has no branch "${branch}" with a commit: name another with --branch`;

/** The targets that the tip has below `fairlead/`. */
async function targetsIn(clone: Clone, asked: Asked): Promise<readonly string[]> {
  const tip = await clone.fetchTip();
  if (tip === undefined) throw new UsageError(noBranchOf(asked));
  const entries = await clone.list(tip.id, 'fairlead');
  const names = entries.filter(({ path }) => path.includes('/')).map(({ path }) => path.split('/')[0] ?? '');
  return [...new Set(names)].sort();
}

/** The one target of the repository. @throws UsageError where there are others, or none that has a name */
export async function onlyTarget(clone: Clone, asked: Asked): Promise<string> {
  const { repo, branch } = asked;
  const names = await targetsIn(clone, asked);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new UsageError(
    only === undefined
      ? `${repo} has no folder fairlead/ on branch "${branch}": say with --root FOLDER what the cluster is deployed from`
      : `name a target: the repository has ${names.join(', ')}, and each is of a cluster of its own`,
  );
}

/** For a target that declares nothing: what is said if its folder is not even there; undefined if it is. */
export async function noFolderOf(
  clone: Clone,
  target: Pick<Target, 'name' | 'root'>,
  asked: Asked,
): Promise<string | undefined> {
  const root = rootOf(target);
  if (root === '') return undefined;
  const tip = await clone.fetchTip();
  if (tip === undefined || (await clone.treeId(tip.id, root)) !== undefined) return undefined;
  const gone = `${asked.repo} has no folder ${root} on branch "${asked.branch}"`;
  if (asked.root !== undefined) return `${gone}: is --root right?`;
  const names = await targetsIn(clone, asked);
  const meant = nearest(target.name, names);
  if (meant !== undefined) return `${gone}: did you mean ${meant}?`;
  return names.length === 0
    ? `${gone}: say with --root FOLDER what the cluster is deployed from`
    : `${gone}: its targets are ${names.join(', ')}`;
}

/** What a person can do about git's failure; its own words where there is nothing better. */
export function repositoryAdvice(error: GitFailed, { repo }: Pick<Asked, 'repo'>): string {
  if (error instanceof NoAccess) return error.message.replace(/^git \S+ failed \(-?\d+\): /, '');
  const said = error.output.trim();
  switch (denialOf(error.output)) {
    case 'unauthorised':
    case 'forbidden':
      return `${repo} does not let us in without credentials: put a token that may read it into FAIRLEAD_GIT_TOKEN`;
    case 'no-such-repository':
      if (isAbsolute(repo))
        return `the folder ${repo} is no Git repository, or is not there: --repo is another, or an address that begins with https://`;
      return `there is no repository ${repo}, or it is private: is the address right? A private one needs a token in FAIRLEAD_GIT_TOKEN`;
    case 'key-refused':
    case 'host-key':
    case undefined:
      return /spawn git ENOENT/.test(said)
        ? 'git is not installed here: Fairlead reads the repository with it (https://git-scm.com/downloads)'
        : `${repo} could not be read: ${tellingLine(said)}`;
  }
}

/** ssh says why, and git that it failed; git says first what it does, and last what went wrong. */
function tellingLine(said: string): string {
  const lines = said.split(/[\r\n]+/);
  const line =
    lines.find((one) => /^ssh: /.test(one)) ?? lines.findLast((one) => /^(fatal|error):/.test(one));
  return line ?? said.slice(0, 500);
}
