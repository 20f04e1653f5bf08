import { createHash, createHmac } from 'node:crypto';
import type { Denial } from '../denials.ts';
import { basicPass, CredentialUnusable, type GitCredential } from './credential.ts';

/** What AWS gives a role or a person to sign with. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface CodeCommitPlace {
  readonly url: string;
  readonly region: string;
}

/** AWS CodeCommit with the function's own role: each call carries a signature that is good for some minutes. */
export function codeCommitCredential(
  { url, region }: CodeCommitPlace,
  identity: () => Promise<AwsIdentity>,
  now: () => Date,
): GitCredential {
  return {
    async pass() {
      const found = await identity().catch((error: unknown) => {
        const why = error instanceof Error ? error.name : 'Error';
        throw new CredentialUnusable(`there are no AWS credentials to sign with for CodeCommit (${why})`);
      });
      const { sessionToken } = found;
      const username = found.accessKeyId + (sessionToken === undefined ? '' : `%${sessionToken}`);
      const pass = basicPass(username, gitPassword(new URL(url), region, found, now()));
      return sessionToken === undefined
        ? pass
        : { ...pass, secrets: [...pass.secrets, sessionToken, encodeURIComponent(sessionToken)] };
    },
    // The SDK's own cache gives new credentials before the old ones end.
    renew: async () => 'same',
    advice: adviceOf,
  };
}

/**
 * The password of a Git call to CodeCommit: Signature Version 4 over a request of the method `GIT`, with its time in
 * front (as AWS's git-remote-codecommit makes it).
 */
export function gitPassword(
  { host, pathname }: URL,
  region: string,
  identity: AwsIdentity,
  now: Date,
): string {
  const time = now.toISOString().replace(/[-:]|\.\d{3}Z/g, '');
  const date = time.slice(0, 8);
  const scope = `${date}/${region}/codecommit/aws4_request`;
  const canonical = `GIT\n${pathname}\n\nhost:${host}\n\nhost\n`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const key = [date, region, 'codecommit', 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${identity.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash}`)
    .digest('hex');
  return `${time}Z${signature}`;
}

function adviceOf(denial: Denial): string {
  switch (denial) {
    case 'unauthorised':
    case 'forbidden':
    case 'key-refused':
    case 'host-key':
      return "CodeCommit does not let this function's role in (403): does the repository exist in this account and region, and does no policy of the organisation or of a VPC endpoint deny codecommit:GitPull or GitPush?";
    case 'no-such-repository':
      return 'CodeCommit has no such repository (404): are the name and the region in its URL right?';
  }
}
