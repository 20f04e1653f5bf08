import type { Secrets } from '../../aws/secrets.ts';
import type { Denial } from '../denials.ts';

/** What one call of git carries to the server, in its environment alone: never in argv or the URL. */
export interface Pass {
  /** The whole header, for HTTP. */
  readonly header?: string;
  /** The command that git speaks SSH through; it names files, never a secret. */
  readonly ssh?: string;
  /** How the server is reached, as `-c name=value`; never a secret. */
  readonly config?: readonly string[];
  /** What must not be in anything that git or the server prints. */
  readonly secrets: readonly string[];
  /** After the call: what was laid out for it is gone. */
  close(): Promise<void>;
}

/** A credential knows how to give git what it needs, and what to say when that does not open the door. */
export interface GitCredential {
  /** @throws CredentialUnusable */
  pass(): Promise<Pass>;
  /**
   * After a denial: reads what the credential is made of anew, since it may have been rotated meanwhile. `same`: there
   * is no use in trying again.
   * @throws CredentialUnusable
   */
  renew(): Promise<'changed' | 'same'>;
  /** One line for the person who must act: what is wrong and what to do. */
  advice(denial: Denial): string;
}

/** There is a credential, and git cannot be given it. The message says what to do, and holds no part of the secret. */
export class CredentialUnusable extends Error {
  override readonly name = 'CredentialUnusable';
}

export const nothingToClose = async (): Promise<void> => {};

/** HTTP Basic (RFC 7617), with what must be hidden of it. */
export function basicPass(username: string, password: string): Pass {
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  return {
    header: `Authorization: Basic ${encoded}`,
    secrets: [encoded, password, encodeURIComponent(password)],
    close: nothingToClose,
  };
}

/** A secret as it was read last: read at the first need, and again when a denial asks for it. */
export interface KeptSecret {
  /** @throws CredentialUnusable */
  value(): Promise<string>;
  renew(): Promise<'changed' | 'same'>;
}

/** @param id name or ARN in Secrets Manager */
export function keptSecret(secrets: Secrets, id: string): KeptSecret {
  let kept: string | undefined;
  const read = async (): Promise<string> => {
    let found: string;
    try {
      found = (await secrets.read(id)).trim();
    } catch (error) {
      const why = error instanceof Error ? error.name : 'Error';
      throw new CredentialUnusable(
        `the secret "${id}" cannot be read (${why}): does it exist in this account and region, under this name?`,
      );
    }
    if (found === '') throw new CredentialUnusable(`the secret "${id}" is empty`);
    return found;
  };
  return {
    async value() {
      kept ??= await read();
      return kept;
    },
    async renew() {
      const before = kept;
      kept = await read();
      return kept === before ? 'same' : 'changed';
    },
  };
}
