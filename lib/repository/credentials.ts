import type { Secrets } from '../aws/secrets.ts';
import type { Credential } from '../config/config.ts';
import type { GitCredential } from './git.ts';

/** What a repository is opened with; undefined where the configuration names no credential. */
export async function credentialOf(
  credential: Credential,
  secrets: Secrets,
): Promise<GitCredential | undefined> {
  switch (credential.kind) {
    case 'none':
      return undefined;
    case 'token':
      return { username: credential.username, token: (await secrets.read(credential.secret)).trim() };
  }
}
