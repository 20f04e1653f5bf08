import type { Repository, Target } from '../../config/config.ts';
import type { PullRequests } from '../../config/delivery.ts';
import { type Outward, outwardOf } from '../../outward/outward.ts';
import type { ProposalHostSettings } from '../../proposals/hosts.ts';
import { type ProposalHost, ProposalHostFailed } from '../../proposals/proposals.ts';
import type { Call } from './call.ts';

/** Makes what speaks to a host; nothing is asked yet. @throws ProposalHostFailed */
export type ProposalHosts = (
  settings: ProposalHostSettings,
  repositoryUrl: string,
  outward: Outward | undefined,
) => Promise<ProposalHost>;

/** A target whose uploads are proposed. */
export type ProposingTarget = Target & { readonly delivery: PullRequests };

export const isProposing = (target: Target): target is ProposingTarget =>
  target.delivery.kind === 'pull-request';

/** @throws ProposalHostFailed */
export async function proposalHostOf(
  { parts, repository }: Call,
  target: ProposingTarget,
): Promise<ProposalHost> {
  if (parts.proposals === undefined)
    throw new ProposalHostFailed('refused', 'this process does not speak to hosts of pull requests');
  const settings = settingsOf(target.delivery, repository);
  return parts.proposals(settings, repository.url, outwardOf(parts.config.gitNetwork, parts));
}

/** With the credential that pushes, where that opens the API as well, or with one of its own. @throws ProposalHostFailed */
export function settingsOf(
  { host, apiCredential }: PullRequests,
  { credential }: Repository,
): ProposalHostSettings {
  if (host.kind === 'codecommit') return host;
  const own =
    apiCredential === undefined
      ? undefined
      : ({ kind: 'token', secret: apiCredential.secret, email: apiCredential.username } as const);
  const token =
    own ??
    (credential.kind === 'token' ? ({ kind: 'token', secret: credential.secret } as const) : undefined);
  switch (host.kind) {
    case 'github': {
      if (token !== undefined) return { ...host, kind: 'github', credential: token };
      if (credential.kind === 'github-app') return { ...host, kind: 'github', credential };
      break;
    }
    case 'gitlab':
      if (token !== undefined) return { ...host, kind: 'gitlab', credential: token };
      break;
    case 'bitbucket':
      if (token !== undefined) return { ...host, kind: 'bitbucket', credential: token };
      break;
  }
  throw new ProposalHostFailed(
    'refused',
    `what opens the repository (${credential.kind}) does not open its host's API: name a secret in delivery.apiCredential`,
  );
}
