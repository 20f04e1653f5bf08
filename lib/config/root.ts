interface Rooted {
  readonly name: string;
  readonly root?: string | undefined;
}

/** How the configuration writes a root that is the repository itself. */
export const WHOLE_REPOSITORY = '.';

/** A target's root in its repository, without a trailing slash; '' is the whole of it. */
export const rootOf = ({ name, root }: Rooted): string =>
  root === WHOLE_REPOSITORY ? '' : (root ?? `fairlead/${name}`);

/** A path below the root, from the repository's. */
export const inRoot = (entry: Rooted, path: string): string => {
  const root = rootOf(entry);
  return root === '' ? path : `${root}/${path}`;
};
