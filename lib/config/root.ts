/** A target's root in its repository, without a trailing slash. */
export const rootOf = (entry: { readonly name: string; readonly root?: string | undefined }): string =>
  entry.root ?? `fairlead/${entry.name}`;
