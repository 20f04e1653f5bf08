/** Why a server does not let us in, from git's and ssh's own words. */
export type Denial =
  /** HTTP 401. */
  | 'unauthorised'
  /** HTTP 403, or a key that may only read. */
  | 'forbidden'
  /** HTTP 404, which is also what hosts say of what one may not see. */
  | 'no-such-repository'
  /** The server does not know the SSH key. */
  | 'key-refused'
  /** The server does not show an SSH host key that is pinned. */
  | 'host-key';

/** In this order: the first that matches decides. */
const WORDINGS: readonly (readonly [RegExp, Denial])[] = [
  // OpenSSH (sshconnect.c, kex.c)
  [/^Host key verification failed|HOST IDENTIFICATION HAS CHANGED|no matching host key type/im, 'host-key'],
  [/Permission denied \([\w,-]*publickey|Too many authentication failures/i, 'key-refused'],
  // GitHub over SSH
  [/^ERROR: (The key you are authenticating with|Write access to repository)/m, 'forbidden'],
  [/^ERROR: Repository not found/m, 'no-such-repository'],
  // git (http.c, remote-curl.c, connect.c)
  [
    /^fatal: Authentication failed for|could not read (Username|Password)|returned error: 401/m,
    'unauthorised',
  ],
  [/returned error: 403/, 'forbidden'],
  [/returned error: 404|^fatal: repository '.*' not found/m, 'no-such-repository'],
  [/does not appear to be a git repository/, 'no-such-repository'],
];

/** @param output what git printed. The server's own lines (`remote: …`) decide nothing: a hook may say anything */
export function denialOf(output: string): Denial | undefined {
  const own = output
    .split(/\r\n|[\r\n]/)
    .filter((line) => !line.startsWith('remote:'))
    .join('\n');
  return WORDINGS.find(([wording]) => wording.test(own))?.[1];
}
