import type { Environment } from '../aws/environment.ts';
import type { Secrets } from '../aws/secrets.ts';
import { placeOf } from '../config/repository-url.ts';
import { DIRECT, type Outward } from '../outward/outward.ts';
import { keptSecret } from '../repository/credentials/credential.ts';
import { type GitHubAppSettings, gitHubAppToken } from '../repository/credentials/github-app.ts';
import { bitbucketAdvice, bitbucketProposals } from './bitbucket.ts';
import { type ApiCredential, bearer, ofAccount } from './credentials.ts';
import { GITHUB_HEADERS, gitHubAdvice, gitHubProposals } from './github.ts';
import { gitLabAdvice, gitLabProposals } from './gitlab.ts';
import { type ProposalHost, ProposalHostFailed } from './proposals.ts';
import { apiOf, projectIn, projectOf, type TokenHost } from './repository-name.ts';

/** Who hosts the proposals of a repository, and with what Fairlead speaks to them. */
export type ProposalHostSettings =
  | (Place & {
      readonly kind: 'github';
      readonly credential: TokenSettings | ({ readonly kind: 'github-app' } & Omit<GitHubAppSettings, 'api'>);
    })
  | (Place & { readonly kind: 'gitlab'; readonly credential: TokenSettings })
  | (Place & { readonly kind: 'bitbucket'; readonly credential: TokenSettings })
  /** With the function's own role. */
  | { readonly kind: 'codecommit' };

interface Place {
  /** Default: where the host of the repository's URL has it, as its documentation says. */
  readonly api?: string | undefined;
  /** `acme/cluster`; default: as the repository's URL says. */
  readonly project?: string | undefined;
}

interface TokenSettings {
  readonly kind: 'token';
  /** Name or ARN in Secrets Manager; its string is the token. */
  readonly secret: string;
  /** Bitbucket: whose account an API token is of. Left out: the token is a repository's or a workspace's own. */
  readonly email?: string | undefined;
}

export interface ProposalParts {
  readonly secrets: Secrets;
  readonly now: () => Date;
  /** How hosts are reached; default: as they are. CodeCommit is reached as AWS is. */
  readonly outward?: Outward | undefined;
  /** For CodeCommit's client. */
  readonly environment: Environment;
}

/**
 * The host of a repository's proposals; nothing is asked yet.
 * @param url of the repository, as git opens it
 * @throws ProposalHostFailed where the URL is not of such a host
 */
export async function proposalHostOf(
  settings: ProposalHostSettings,
  url: string,
  parts: ProposalParts,
): Promise<ProposalHost> {
  switch (settings.kind) {
    case 'github': {
      const { api, project, names } = placed(settings, url);
      const pass = gitHubPass(settings.credential, api, names[1], parts);
      return gitHubProposals(
        { ...apiFor('GitHub', api, project, pass, parts), headers: GITHUB_HEADERS, advice: gitHubAdvice },
        names,
      );
    }
    case 'gitlab': {
      const { api, project } = placed(settings, url);
      const pass = tokenOf(settings.credential, parts);
      return gitLabProposals({ ...apiFor('GitLab', api, project, pass, parts), advice: gitLabAdvice });
    }
    case 'bitbucket': {
      const { api, project, names } = placed(settings, url);
      const pass = tokenOf(settings.credential, parts);
      return bitbucketProposals(
        { ...apiFor('Bitbucket', api, project, pass, parts), advice: bitbucketAdvice },
        names,
      );
    }
    case 'codecommit': {
      const place = placeOf(url);
      if (place?.kind !== 'codecommit')
        throw new ProposalHostFailed('refused', `${url} is no repository of CodeCommit`);
      // Its client is large, and few have repositories there.
      const { codeCommit, codeCommitPulls } = await import('../aws/codecommit.ts');
      const { codeCommitProposals } = await import('./codecommit.ts');
      return codeCommitProposals(
        codeCommitPulls(codeCommit(parts.environment, place.region), place.name),
        place,
      );
    }
  }
}

function tokenOf({ secret, email }: TokenSettings, { secrets }: ProposalParts): ApiCredential {
  const called = `the token in secret "${secret}"`;
  const kept = keptSecret(secrets, secret);
  return email === undefined ? bearer(called, kept) : ofAccount(called, email, kept);
}

function gitHubPass(
  credential: Extract<ProposalHostSettings, { kind: 'github' }>['credential'],
  api: string,
  repository: string,
  parts: ProposalParts,
): ApiCredential {
  if (credential.kind === 'token') return tokenOf(credential, parts);
  const token = gitHubAppToken(
    { ...credential, api },
    { repository, contents: 'read', pullRequests: 'write' },
    { ...parts, outward: parts.outward ?? DIRECT },
  );
  return bearer(`GitHub App ${credential.appId}`, token);
}

const NAMES: Readonly<Record<TokenHost, string>> = {
  github: 'GitHub',
  gitlab: 'GitLab',
  bitbucket: 'Bitbucket',
};

function placed(
  { kind, api: given, project: named }: Place & { readonly kind: TokenHost },
  url: string,
): { readonly api: string; readonly project: string; readonly names: readonly [string, string] } {
  const api = (given ?? apiOf(kind, url))?.replace(/\/+$/, '');
  const parts = named === undefined ? projectIn(kind, url, api) : projectOf(kind, named);
  const [first, second] = parts ?? [];
  if (api !== undefined && first !== undefined && second !== undefined)
    return { api, project: [first, second, ...(parts ?? []).slice(2)].join('/'), names: [first, second] };
  throw new ProposalHostFailed(
    'refused',
    `${named ?? url} is no repository of ${NAMES[kind]}: say which one it is there`,
  );
}

const apiFor = (
  host: string,
  api: string,
  project: string,
  credential: ApiCredential,
  { outward = DIRECT, now }: ProposalParts,
) => ({ host, api, project, credential, headers: {}, outward, now });
