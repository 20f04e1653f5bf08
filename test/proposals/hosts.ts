import type { ProposalHostSettings, ProposalParts } from '../../lib/proposals/hosts.ts';
import { proposalHostOf } from '../../lib/proposals/hosts.ts';
import type { ProposalHost } from '../../lib/proposals/proposals.ts';
import { gitServer, type TestGit } from '../lib/repository/server.ts';
import type { KeptProposals } from './servers/kept.ts';
import type { HostedRepository, MergeWay } from './servers/repository.ts';
import type { Fault, Heard } from './servers/serve.ts';
import { gitHubServer } from './servers.ts';

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
  readonly parts: ProposalParts;
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
  readonly api: string;
  readonly token: string;
  readonly kept: KeptProposals;
  readonly git: HostedRepository;
  readonly faults: Fault[];
  readonly heard: readonly Heard[];
  stop(): Promise<void>;
}

const spoken = async (
  start: (git: TestGit) => Promise<Served>,
  settings: (served: Served) => ProposalHostSettings,
): Promise<TestHost> => {
  const git = await gitServer();
  const served = await start(git);
  const partsWith = (token: string): ProposalParts => ({
    secrets: { read: async () => token },
    now: () => new Date(),
    environment: {},
  });
  const hostWith = (token: string) => proposalHostOf(settings(served), git.url, partsWith(token));
  return {
    git,
    host: await hostWith(served.token),
    hostWith,
    kept: served.kept,
    repository: served.git,
    faults: served.faults,
    heard: served.heard,
    token: served.token,
    parts: partsWith(served.token),
    async stop() {
      await served.stop();
      await git.stop();
    },
  };
};

export const HOSTS: readonly TestHostKind[] = [
  {
    name: 'GitHub',
    ways: ['merge', 'squash', 'rebase'],
    labels: 'labels',
    start: () =>
      spoken(
        ({ bare }) => gitHubServer({ bare }),
        ({ api }) => ({
          kind: 'github',
          api,
          project: 'acme/cluster',
          credential: { kind: 'token', secret: 'api' },
        }),
      ),
  },
];
