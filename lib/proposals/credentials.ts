import { CredentialUnusable, type KeptSecret } from '../repository/credentials/credential.ts';

/** What opens a host's API: a header, and never a part of the URL. */
export interface ApiCredential {
  /** For people: `the token in secret "x"`. */
  readonly called: string;
  /** @throws CredentialUnusable */
  pass(): Promise<ApiPass>;
  /** After a 401: whether there is another one by now. @throws CredentialUnusable */
  renew(): Promise<'changed' | 'same'>;
}

export interface ApiPass {
  readonly authorization: string;
  /** What must not be in anything that is told of the host's answer. */
  readonly secrets: readonly string[];
}

/** A token as the one who bears it sends it (RFC 6750). */
export const bearer = (called: string, token: KeptSecret): ApiCredential => ({
  called,
  async pass() {
    const value = headerSafe(called, await token.value());
    return { authorization: `Bearer ${value}`, secrets: [value] };
  },
  renew: () => token.renew(),
});

/** A token that belongs to a person's account, with its address as the user (Bitbucket Cloud, "API tokens"). */
export const ofAccount = (called: string, email: string, token: KeptSecret): ApiCredential => ({
  called,
  async pass() {
    const value = headerSafe(called, await token.value());
    const encoded = Buffer.from(`${email}:${value}`).toString('base64');
    return { authorization: `Basic ${encoded}`, secrets: [value, encoded] };
  },
  renew: () => token.renew(),
});

function headerSafe(called: string, value: string): string {
  if (/^[\x21-\x7e]{1,4096}$/.test(value)) return value;
  throw new CredentialUnusable(
    `${called} is no token: put the token alone there, on one line, without spaces`,
  );
}
