import type { Secrets } from '../../aws/secrets.ts';
import type { Denial } from '../denials.ts';
import { basicPass, type GitCredential, keptSecret, nothingToClose } from './credential.ts';

export interface TokenSettings {
  readonly secret: string;
  readonly username: string;
}

/** A token of the host, as the password of HTTPS. */
export function tokenCredential({ secret, username }: TokenSettings, secrets: Secrets): GitCredential {
  const kept = keptSecret(secrets, secret);
  return {
    pass: async () => basicPass(username, await kept.value()),
    renew: () => kept.renew(),
    advice: (denial) => adviceOf(denial, `the token in secret "${secret}"`),
  };
}

/** A token that is at hand, as at a terminal. */
export function givenToken(username: string, token: string): GitCredential {
  return {
    pass: async () => (token === '' ? { secrets: [], close: nothingToClose } : basicPass(username, token)),
    renew: async () => 'same',
    advice: (denial) => adviceOf(denial, 'the token that was given'),
  };
}

function adviceOf(denial: Denial, token: string): string {
  switch (denial) {
    case 'unauthorised':
    case 'key-refused':
    case 'host-key':
      return `the host does not accept ${token} (401): it is wrong, has expired or was revoked; put a new one into its place, nothing needs to be deployed`;
    case 'forbidden':
      return `the host refuses ${token} (403): it may not do this; give it access to the contents of this repository (at GitHub also: authorise it for the organisation)`;
    case 'no-such-repository':
      return `the host says that there is no such repository (404): is its URL right, and may ${token} see it?`;
  }
}
