import * as z from 'zod';
import { entries } from './entries.ts';
import { isHttps } from './repository-url.ts';

/** Name or ARN of a secret in Secrets Manager. */
const secret = z.string().min(1, 'the name or ARN of a secret in Secrets Manager');

const HOST_KEY =
  /^(?:[^\s#|@]\S*\s+)?((?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))\s+[A-Za-z0-9+/]{40,}={0,2})(?:\s.*)?$/;

/** `ssh-ed25519 AAAA…`, or a line of known_hosts; kept is type and key. */
const hostKey = z
  .string()
  .regex(HOST_KEY, {
    error:
      'a host key is "ssh-ed25519 AAAA…", or a line of "ssh-keyscan HOST" (compare it with what the host publishes)',
    abort: true,
  })
  .refine(holdsItsType, 'the key is damaged or of another type than it says')
  .transform((line) => (HOST_KEY.exec(line)?.[1] ?? line).replace(/\s+/, ' '));

/** The key's bytes begin with their type's name (RFC 4253, section 6.6). */
function holdsItsType(line: string): boolean {
  const [type = '', base64 = ''] = (HOST_KEY.exec(line)?.[1] ?? ' ').split(/\s+/);
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length > type.length + 4 && bytes.subarray(4, 4 + type.length).toString('latin1') === type;
}

/** How a repository is opened (docs/credentials.md). */
export const credential = z.discriminatedUnion('kind', [
  entries({ kind: z.literal('none') }),
  entries({
    kind: z.literal('token'),
    /** Its string is the token. */
    secret,
    /** The user name that goes with it over HTTPS. */
    username: z.string().min(1).default('x-access-token'),
  }),
  entries({
    kind: z.literal('github-app'),
    /** The app's id, or its client id. */
    appId: z
      .union([z.int().positive(), z.string().regex(/^(\d+|Iv[\w.]+)$/)], 'an app id, or a client id (Iv…)')
      .transform(String),
    /** Of the app on the account that the repository belongs to. */
    installationId: z.int().positive(),
    /** Its string is a private key of the app, as GitHub gives it (PEM). */
    secret,
    /** GitHub Enterprise Server: `https://HOST/api/v3`. */
    api: z.string().refine(isHttps, 'an https:// address').default('https://api.github.com'),
  }),
  entries({
    kind: z.literal('ssh'),
    /** Its string is a private key without passphrase, as ssh-keygen writes it. */
    secret,
    /** What the host may show; any other is refused. */
    hostKeys: z.array(hostKey).min(1, 'pin at least one host key: "ssh-keyscan HOST" prints them'),
  }),
  /** AWS CodeCommit, with the function's own role: no secret. */
  entries({ kind: z.literal('codecommit') }),
]);

/** What commits are signed with; unsigned where left out. */
export const signing = z.discriminatedUnion('kind', [
  /** The secret's string is an armoured OpenPGP private key without passphrase. */
  entries({ kind: z.literal('openpgp'), secret }),
  /** The secret's string is an SSH private key without passphrase. */
  entries({ kind: z.literal('ssh'), secret }),
]);

// biome-ignore lint/suspicious/noControlCharactersInRegex: what would break the line of a commit
const ONE_LINE = /^[^<>\n\r\u0000-\u001f]+$/;

/** Whom commits are by. Hosts that show "Verified" compare the address with that of the key. */
export const author = entries({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(ONE_LINE, 'a name on one line, without < and >')
    .default('Fairlead'),
  email: z
    .string()
    .max(200)
    .regex(/^[^\s<>@]+@[^\s<>@]+$/, 'an address such as "fairlead@example.com"')
    .default('fairlead@localhost'),
});
