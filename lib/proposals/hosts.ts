import type { Environment } from '../aws/environment.ts';
import type { Secrets } from '../aws/secrets.ts';
import { DIRECT, type Outward } from '../outward/outward.ts';
import { keptSecret } from '../repository/credentials/credential.ts';
import { type GitHubAppSettings, gitHubAppToken } from '../repository/credentials/github-app.ts';
import type { HostApi } from './call.ts';
import { type ApiCredential, bearer } from './credentials.ts';
import { GITHUB_HEADERS, gitHubAdvice, gitHubProposals } from './github.ts';
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
      const { api, project } = placed(settings, url);
      const [owner = '', name = ''] = project;
      const { credential } = settings;
      const pass =
        credential.kind === 'token'
          ? tokenOf(credential, parts)
          : bearer(
              `GitHub App ${credential.appId}`,
              gitHubAppToken(
                { ...credential, api },
                { repository: name, contents: 'read', pullRequests: 'write' },
                { ...parts, outward: parts.outward ?? DIRECT },
              ),
            );
      const host = apiFor('GitHub', api, project, pass, parts, GITHUB_HEADERS, gitHubAdvice);
      return gitHubProposals(host, [owner, name]);
    }
    case 'gitlab':
    case 'bitbucket':
    case 'codecommit':
      throw new ProposalHostFailed('refused', `pull requests of ${settings.kind} are not known`);
  }
}

const tokenOf = ({ secret }: TokenSettings, { secrets }: ProposalParts): ApiCredential =>
  bearer(`the token in secret "${secret}"`, keptSecret(secrets, secret));

const NAMES: Readonly<Record<TokenHost, string>> = {
  github: 'GitHub',
  gitlab: 'GitLab',
  bitbucket: 'Bitbucket',
};

function placed(
  { kind, api: given, project: named }: Place & { readonly kind: TokenHost },
  url: string,
): { readonly api: string; readonly project: readonly string[] } {
  const api = (given ?? apiOf(kind, url))?.replace(/\/+$/, '');
  const project = named === undefined ? projectIn(kind, url, api) : projectOf(kind, named);
  if (api !== undefined && project !== undefined) return { api, project };
  throw new ProposalHostFailed(
    'refused',
    `${named ?? url} is no repository of ${NAMES[kind]}: say which one it is there`,
  );
}

const apiFor = (
  host: string,
  api: string,
  project: readonly string[],
  credential: ApiCredential,
  { outward = DIRECT, now }: ProposalParts,
  headers: Readonly<Record<string, string>>,
  advice: HostApi['advice'],
): HostApi => ({ host, api, project: project.join('/'), credential, headers, outward, now, advice });
