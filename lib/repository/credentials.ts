import type { Secrets } from '../aws/secrets.ts';
import type { Credential, Repository } from '../config/config.ts';
import { placeOf } from '../config/repository-url.ts';
import { type AwsIdentity, codeCommitCredential } from './credentials/codecommit.ts';
import type { GitCredential } from './credentials/credential.ts';
import { gitHubAppCredential } from './credentials/github-app.ts';
import { sshCredential } from './credentials/ssh.ts';
import { tokenCredential } from './credentials/token.ts';

export type { AwsIdentity } from './credentials/codecommit.ts';
export { ownSsh } from './credentials/ssh.ts';
export { givenToken } from './credentials/token.ts';

export interface CredentialParts {
  readonly secrets: Secrets;
  /** Who this function is at AWS; needed for CodeCommit alone. */
  readonly identity?: () => Promise<AwsIdentity>;
  readonly now: () => Date;
}

/** With what `deliver-uploads` opens a repository; undefined where the configuration names nothing. */
export const writeCredentialOf = (repository: Repository, parts: CredentialParts) =>
  credentialOf(repository.credential, repository.url, 'write', parts);

/** With what `read-desired` opens it. */
export const readCredentialOf = (repository: Repository, parts: CredentialParts) =>
  credentialOf(repository.readCredential, repository.url, 'read', parts);

/** Made anew for each delivery and reading, so that a rotated secret is read by the next one. */
function credentialOf(
  credential: Credential,
  url: string,
  contents: 'read' | 'write',
  { secrets, identity = nobody, now }: CredentialParts,
): GitCredential | undefined {
  switch (credential.kind) {
    case 'none':
      return undefined;
    case 'token':
      return tokenCredential(credential, secrets);
    case 'ssh':
      return sshCredential(credential, secrets);
    case 'github-app': {
      const repository = (new URL(url).pathname.split('/').at(-1) ?? '').replace(/\.git$/, '');
      return gitHubAppCredential(credential, { repository, contents }, secrets, now);
    }
    case 'codecommit': {
      const place = placeOf(url);
      if (place?.kind !== 'codecommit') throw new Error(`${url} is no repository of CodeCommit`);
      return codeCommitCredential({ url, region: place.region }, identity, now);
    }
  }
}

const nobody = () => Promise.reject(new Error('this process has no AWS identity'));
