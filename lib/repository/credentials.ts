import type { Secrets } from '../aws/secrets.ts';
import type { Credential, Repository } from '../config/config.ts';
import { placeOf } from '../config/repository-url.ts';
import { DIRECT, type Outward } from '../outward/outward.ts';
import { type AwsIdentity, codeCommitCredential } from './credentials/codecommit.ts';
import type { GitCredential } from './credentials/credential.ts';
import { gitHubAppCredential } from './credentials/github-app.ts';
import { withWay } from './credentials/outward.ts';
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
  /** How hosts are reached; default: as they are. */
  readonly outward?: Outward | undefined;
}

/** With what `deliver-uploads` opens a repository; undefined where the configuration names nothing. */
export const writeCredentialOf = (repository: Repository, parts: CredentialParts) =>
  onItsWay(repository.url, credentialOf(repository.credential, repository.url, 'write', parts), parts);

/** With what `read-desired` opens it. */
export const readCredentialOf = (repository: Repository, parts: CredentialParts) =>
  onItsWay(repository.url, credentialOf(repository.readCredential, repository.url, 'read', parts), parts);

const onItsWay = (
  url: string,
  credential: GitCredential | undefined,
  { outward = DIRECT }: CredentialParts,
) => (outward === DIRECT ? credential : withWay(url, outward, credential));

/** Made anew for each delivery and reading, so that a rotated secret is read by the next one. */
function credentialOf(
  credential: Credential,
  url: string,
  contents: 'read' | 'write',
  { secrets, identity = nobody, now, outward = DIRECT }: CredentialParts,
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
      return gitHubAppCredential(credential, { repository, contents }, { secrets, outward, now });
    }
    case 'codecommit': {
      const place = placeOf(url);
      if (place?.kind !== 'codecommit') throw new Error(`${url} is no repository of CodeCommit`);
      return codeCommitCredential({ url, region: place.region }, identity, now);
    }
  }
}

const nobody = () => Promise.reject(new Error('this process has no AWS identity'));
