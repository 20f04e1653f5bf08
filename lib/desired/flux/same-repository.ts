/**
 * Whether two addresses are of one repository: scheme, user, port, capitals and the ending do not count, since a
 * cluster reads by SSH what a person wrote with https (argo-cd#23564 has the spellings).
 */
export const isSameRepository = (a: string, b: string): boolean => placeOf(a) === placeOf(b);

function placeOf(url: string): string {
  const plain = url.trim().toLowerCase();
  const [, address = plain] = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/.exec(plain) ?? [];
  // `git@host:path` has its colon where an address has a slash.
  const spelled =
    address === plain
      ? plain.replace(/^([^/:]+):(?!\/)/, '$1/')
      : address.replace(/^([^/]*?):\d+(?=\/|$)/, '$1');
  return spelled
    .replace(/^[^/@]*@/, '')
    .replace(/:\d+(?=\/)/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
}
