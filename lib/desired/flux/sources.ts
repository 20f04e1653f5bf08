import { type KubernetesObject, partOf } from '../../objects/objects.ts';
import { at, list, text } from '../json-reading.ts';
import type { SourceView } from './commit-files.ts';
import { isSameRepository } from './same-repository.ts';

/** Finds an object that the same commit declares: by kind, whatever its version. */
export type FindDeclared = (kind: string, namespace: string, name: string) => KubernetesObject | undefined;

export type SourcePlace =
  /** This repository, at this branch; `view`: what the source gives of it. */
  | { readonly kind: 'here'; readonly view: SourceView }
  /** In words for people. */
  | { readonly kind: 'elsewhere'; readonly reason: string };

/** The repository that is read, and the name by which the cluster knows it where Git does not declare it. */
export interface FluxHere {
  readonly branch: string;
  /** Unknown where the repository is a folder of this machine. */
  readonly url?: string | undefined;
  /** GitRepositories that are this one by how the target was set up: `namespace/name`, or a name alone. */
  readonly ownSources: readonly string[];
}

const HERE: SourcePlace = { kind: 'here', view: {} };
const elsewhere = (reason: string): SourcePlace => ({ kind: 'elsewhere', reason });

/**
 * Whether a source is the repository in hand: by the address and branch of the `GitRepository` that Git declares
 * (fluxcd/source-controller, api/v1/gitrepository_types.go), else by its name.
 */
export function placeOfSource(
  reference: { readonly kind: string; readonly namespace: string; readonly name: string },
  here: FluxHere,
  find: FindDeclared,
): SourcePlace {
  const { kind, namespace, name } = reference;
  const spoken = `${kind}/${name}`;
  if (kind !== 'GitRepository') return elsewhere(`it comes from ${spoken}, not from this repository`);
  const isOwn = here.ownSources.includes(name) || here.ownSources.includes(`${namespace}/${name}`);
  const declared = find(kind, namespace, name);
  if (declared === undefined) {
    return isOwn ? HERE : elsewhere(`it comes from ${spoken}, which need not be this repository`);
  }
  const spec = partOf(declared.spec);
  const url = text(spec.url);
  // Where the repository is a folder of this machine, its name must do.
  if (here.url === undefined) {
    if (!isOwn) return elsewhere(`it comes from ${spoken}, which need not be this repository`);
  } else if (url !== undefined && !isSameRepository(url, here.url)) {
    return elsewhere(`it comes from ${spoken}, which is another repository`);
  }
  if (list(spec.include).length > 0)
    return elsewhere(`it comes from ${spoken}, which includes other repositories (spec.include)`);
  const found: SourcePlace = { kind: 'here', view: viewOf(declared) };
  const ref = at(spec, 'ref');
  const pinned = ['commit', 'name', 'semver', 'tag'].find((field) => text(ref?.[field]) !== undefined);
  const refName = text(ref?.name);
  if (pinned === 'name' && refName === `refs/heads/${here.branch}`) return found;
  if (pinned !== undefined)
    return elsewhere(
      `it comes from ${spoken}, which follows ${pinned} "${text(ref?.[pinned])}", not the branch "${here.branch}"`,
    );
  // source-controller's own default is master.
  const branch = text(ref?.branch) ?? 'master';
  return branch === here.branch || here.url === undefined
    ? found
    : elsewhere(`it comes from ${spoken}, which follows the branch "${branch}", not "${here.branch}"`);
}

/** Which files of the repository a GitRepository gives to the other controllers. */
export function viewOf({ spec }: KubernetesObject): SourceView {
  const { ignore, sparseCheckout } = partOf(spec);
  // source-controller takes the "./" away, since go-git does not know it.
  const starts = list(sparseCheckout).flatMap((path) => text(path)?.replace(/^\.\//, '') ?? []);
  return {
    ...(typeof ignore === 'string' ? { ignore } : {}),
    ...(starts.length === 0 ? {} : { sparseCheckout: starts }),
  };
}
