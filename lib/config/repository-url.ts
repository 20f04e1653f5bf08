/** How a repository is reached, read from its URL. */
export type RepositoryPlace =
  | { readonly kind: 'https'; readonly host: string; readonly path: string }
  | { readonly kind: 'ssh'; readonly host: string }
  | {
      readonly kind: 'codecommit';
      readonly region: string;
      readonly name: string;
      readonly partition: 'aws' | 'aws-cn';
    };

const LOOPBACK = /^(127\.0\.0\.1|localhost)$/;
/** `git@host:path`: git's short form of SSH, where no slash stands before the colon (git-clone(1), "GIT URLS"). */
const SHORT = /^([A-Za-z_][\w.-]*)@([A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)\/?([^\s]+)$/;
const SSH = /^ssh:\/\/[A-Za-z_][\w.-]*@[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?\/[A-Za-z0-9_~./@%+-]+$/;
const CODECOMMIT = /^git-codecommit(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(\.cn)?$/;
const CODECOMMIT_PATH = /^\/v1\/repos\/([\w.-]{1,100})$/;

/** The short form of SSH as a URL; anything else as it is. */
export const withScheme = (text: string): string => text.replace(SHORT, 'ssh://$1@$2/$3');

/** Where a URL leads; undefined for what is none that Fairlead opens. */
export function placeOf(text: string): RepositoryPlace | undefined {
  if (SSH.test(text)) return { kind: 'ssh', host: new URL(text).hostname };
  if (!isHttps(text)) return undefined;
  const { hostname: host, pathname: path } = new URL(text);
  const [, region, china] = CODECOMMIT.exec(host) ?? [];
  if (region === undefined) return { kind: 'https', host, path };
  const name = CODECOMMIT_PATH.exec(path)?.[1];
  if (name === undefined) return undefined;
  return { kind: 'codecommit', region, name, partition: china === undefined ? 'aws' : 'aws-cn' };
}

/** https, or http to this machine; without user or password. */
export function isHttps(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hostname } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}
