import type { JsonObject } from '../../objects/objects.ts';
import { text } from '../json-reading.ts';

/** The commit that is read, and where it is of: an Application may deploy from anywhere. */
export interface Here {
  readonly branch: string;
  readonly commit: string;
  /** Unknown where the repository is a folder of this machine: then every Git address may be this one. */
  readonly url?: string | undefined;
  /** Argo CD's own namespace. */
  readonly argocdNamespace: string;
  /** Paths of the files below a folder, relative to it; '' is the whole commit. */
  files(folder: string): Promise<readonly string[]>;
  /** A file of the commit as text, undefined if there is none. */
  read(path: string): Promise<string | undefined>;
}

export function isThisRepository(source: JsonObject, { url }: Here): boolean {
  const repository = text(source.repoURL);
  return url === undefined || (repository !== undefined && normalised(repository) === normalised(url));
}

/** Why the source follows another revision of this repository than the one that is read; undefined where it does not. */
export function revisionElsewhere(source: JsonObject, { branch, commit }: Here): string | undefined {
  const revision = text(source.targetRevision) ?? 'HEAD';
  return ['HEAD', branch, `refs/heads/${branch}`, commit].includes(revision)
    ? undefined
    : `the Application follows "${revision.slice(0, 200)}", not the branch "${branch}"`;
}

/** Spellings of one address are one repository (argo-cd#23564; argo-cd, util/git/git.go, NormalizeGitURL). */
const normalised = (url: string): string =>
  url
    .trim()
    .toLowerCase()
    .replace(/^([\w.-]+@)?([\w.-]+):(?!\/\/)\/?/, (_whole, user = '', host) => `ssh://${user}${host}/`)
    .replace(/^ssh:\/\/[^@/]*@/, 'ssh://')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
