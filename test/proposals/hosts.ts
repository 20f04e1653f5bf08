import type { ProposalHostSettings, ProposalParts } from '../../lib/proposals/hosts.ts';
import { proposalHostOf } from '../../lib/proposals/hosts.ts';
import type { ProposalHost } from '../../lib/proposals/proposals.ts';
import { gitServer, type TestGit } from '../lib/repository/server.ts';
import type { KeptProposals } from './servers/kept.ts';
import type { HostedRepository, MergeWay } from './servers/repository.ts';
import type { Fault, Heard } from './servers/serve.ts';
import { bitbucketServer, codeCommitServer, gitHubServer, gitLabServer } from './servers.ts';

/** One host with a repository of its own, as the contract's tests see it. */
export interface TestHost {
  readonly git: TestGit;
  readonly host: ProposalHost;
  /** The same host, spoken to with another token. */
  hostWith(token: string): Promise<ProposalHost>;
  readonly kept: KeptProposals;
  readonly repository: HostedRepository;
  readonly faults: Fault[];
  readonly heard: readonly Heard[];
  readonly token: string;
  stop(): Promise<void>;
}

/** What hosts differ in, where the contract lets them. */
export interface TestHostKind {
  readonly name: string;
  readonly ways: readonly MergeWay[];
  readonly labels: 'labels' | 'no-labels';
  start(): Promise<TestHost>;
}

interface Served {
  readonly kept: KeptProposals;
  readonly git: HostedRepository;
  readonly faults: Fault[];
  readonly heard: readonly Heard[];
  stop(): Promise<void>;
}

/** @param parts what a function has that holds this credential */
const spoken = async <Server extends Served>(
  start: (git: TestGit) => Promise<Server>,
  settings: (server: Server) => ProposalHostSettings,
  url: (server: Server, git: TestGit) => string,
  token: (server: Server) => string,
  parts: (server: Server, token: string) => ProposalParts,
): Promise<TestHost> => {
  const git = await gitServer();
  const server = await start(git);
  const hostWith = (credential: string) =>
    proposalHostOf(settings(server), url(server, git), parts(server, credential));
  return {
    git,
    host: await hostWith(token(server)),
    hostWith,
    kept: server.kept,
    repository: server.git,
    faults: server.faults,
    heard: server.heard,
    token: token(server),
    async stop() {
      await server.stop();
      await git.stop();
    },
  };
};

const partsWith = (_: unknown, token: string): ProposalParts => ({
  secrets: { read: async () => token },
  now: () => new Date(),
  environment: {},
});

/** One whose repository is opened elsewhere than at the host: the settings say its name. */
const byToken = <
  Server extends Served & { readonly api: string; readonly token: string; readonly project: string },
>(
  kind: 'github' | 'gitlab' | 'bitbucket',
  start: (options: { readonly bare: string }) => Promise<Server>,
) =>
  spoken(
    ({ bare }) => start({ bare }),
    ({ api, project }) => ({ kind, api, project, credential: { kind: 'token', secret: 'api' } }),
    (_, git) => git.url,
    ({ token }) => token,
    partsWith,
  );

export const HOSTS: readonly TestHostKind[] = [
  {
    name: 'GitHub',
    ways: ['merge', 'squash', 'rebase'],
    labels: 'labels',
    start: () => byToken('github', gitHubServer),
  },
  {
    name: 'GitLab',
    ways: ['merge', 'squash', 'rebase', 'fast-forward'],
    labels: 'labels',
    start: () => byToken('gitlab', gitLabServer),
  },
  {
    name: 'Bitbucket',
    ways: ['merge', 'squash', 'fast-forward'],
    labels: 'no-labels',
    start: () => byToken('bitbucket', bitbucketServer),
  },
  {
    name: 'CodeCommit',
    ways: ['merge', 'squash', 'fast-forward'],
    labels: 'no-labels',
    start: () =>
      spoken(
        ({ bare }) => codeCommitServer({ bare }),
        () => ({ kind: 'codecommit' }),
        ({ url }) => url,
        ({ keys }) => keys.secretAccessKey,
        ({ environment }, key) => ({
          ...partsWith(undefined, ''),
          environment: { ...environment, AWS_SECRET_ACCESS_KEY: key },
        }),
      ),
  },
];
