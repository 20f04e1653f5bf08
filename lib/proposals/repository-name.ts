import { withScheme } from '../config/repository-url.ts';

/** Hosts that are spoken to over HTTPS with a token; CodeCommit's repositories are found by lib/config/repository-url.ts. */
export type TokenHost = 'github' | 'gitlab' | 'bitbucket';

/**
 * Where a host's API is, when its repository is opened at that Git URL: that of the public service, or of one's own
 * server at the place that its documentation names. Undefined for what is no URL of a host.
 */
export function apiOf(kind: TokenHost, gitUrl: string): string | undefined {
  const { hostname, port, protocol } = parsed(gitUrl) ?? {};
  if (hostname === undefined || hostname === '') return undefined;
  // SSH has a port of its own, which says nothing of HTTPS.
  const plain = protocol === 'http:';
  const own = `${plain ? 'http' : 'https'}://${hostname}${protocol === 'ssh:' || port === '' ? '' : `:${port}`}`;
  switch (kind) {
    case 'github':
      // ssh.github.com is the same service behind port 443.
      return /^(ssh\.|www\.)?github\.com$/.test(hostname) ? 'https://api.github.com' : `${own}/api/v3`;
    case 'gitlab':
      return hostname === 'altssh.gitlab.com' ? 'https://gitlab.com/api/v4' : `${own}/api/v4`;
    case 'bitbucket':
      return /^(altssh\.)?bitbucket\.org$/.test(hostname) ? 'https://api.bitbucket.org/2.0' : undefined;
  }
}

/** Names as hosts take them; a slash or a dot alone would lead elsewhere in the API. */
const SEGMENT = /^(?!\.{1,2}$)[\p{L}\p{N}_.~+@ -]{1,255}$/u;
const LONGEST_DEPTH = 22;

/**
 * What the host calls the repository, a part each: owner and name; in GitLab all groups that it lies in, too. Undefined
 * where the URL is not that host's.
 * @param api a GitLab below a path of its server says so there
 */
export function projectIn(kind: TokenHost, gitUrl: string, api?: string): readonly string[] | undefined {
  const url = parsed(gitUrl);
  return url === undefined ? undefined : projectOf(kind, withoutRoot(kind, url, api));
}

/** The same from the name as people write it: `acme/cluster`, `group/sub/cluster`. */
export function projectOf(kind: TokenHost, name: string): readonly string[] | undefined {
  const path = name.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  const segments = path.split('/').map(decoded);
  const whole = segments.every((segment) => segment !== undefined && SEGMENT.test(segment));
  if (!whole) return undefined;
  const fits =
    kind === 'gitlab' ? segments.length >= 2 && segments.length <= LONGEST_DEPTH : segments.length === 2;
  return fits ? segments.flatMap((segment) => segment ?? []) : undefined;
}

function parsed(gitUrl: string): URL | undefined {
  const text = withScheme(gitUrl);
  return /^(https?|ssh):\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

/** GitLab, "Install GitLab under a relative URL": repositories and the API have that path in front; SSH has not. */
function withoutRoot(kind: TokenHost, url: URL, api: string | undefined): string {
  if (kind !== 'gitlab' || api === undefined || url.protocol === 'ssh:' || !URL.canParse(api))
    return url.pathname;
  const root = new URL(api).pathname.replace(/\/api\/v4\/?$/, '');
  return root !== '' && url.pathname.startsWith(`${root}/`) ? url.pathname.slice(root.length) : url.pathname;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
