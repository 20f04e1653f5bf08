import type { JsonObject } from '../../objects/objects.ts';
import type { CommitFiles } from '../flux/commit-files.ts';
import { isSameRepository } from '../flux/same-repository.ts';
import { text } from '../json-reading.ts';

/** The commit that is read, and where it is of: an Application may deploy from anywhere. */
export interface Here {
  readonly branch: string;
  readonly commit: string;
  /** Unknown where the repository is a folder of this machine: then every Git address may be this one. */
  readonly url?: string | undefined;
  /** Argo CD's own namespace. */
  readonly argocdNamespace: string;
  /** Whether what an Application names is the cluster that is checked. */
  readonly isItsCluster: (destination: { server: string | undefined; name: string | undefined }) => boolean;
  readonly files: CommitFiles;
}

/** Paths of the files below a folder, relative to it; '' is the whole commit. */
export const inFolder = ({ files }: Here, folder: string): readonly string[] =>
  files.below(folder).map((path) => (folder === '' ? path : path.slice(folder.length + 1)));

/** A file of the commit as text, undefined if there is none. @throws UnreadableFiles for a link */
export const textIn = async ({ files }: Here, path: string): Promise<string | undefined> =>
  files.has(path) ? (await files.read([path])).get(path)?.data.toString('utf8') : undefined;

export function isThisRepository(source: JsonObject, { url }: Here): boolean {
  const repository = text(source.repoURL);
  return url === undefined || (repository !== undefined && isSameRepository(repository, url));
}

/** Why the source follows another revision of this repository than the one that is read; undefined where it does not. */
export function revisionElsewhere(source: JsonObject, { branch, commit }: Here): string | undefined {
  const revision = text(source.targetRevision) ?? 'HEAD';
  return ['HEAD', branch, `refs/heads/${branch}`, commit].includes(revision)
    ? undefined
    : `the Application follows "${revision.slice(0, 200)}", not the branch "${branch}"`;
}
