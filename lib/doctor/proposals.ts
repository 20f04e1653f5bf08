import type { Repository } from '../config/config.ts';
import { type ProposalParts, proposalHostOf } from '../proposals/hosts.ts';
import { ProposalHostFailed } from '../proposals/proposals.ts';
import { type ProposingTarget, settingsOf } from '../uploads/delivering/proposal-host.ts';
import { type Diagnosis, ok, skipped, wrong } from './diagnosis.ts';

/** No branch of an upload: a namespace has no dot. */
const BRANCH = 'fairlead/.doctor';

/**
 * Whether the host of a target's pull requests is reached with the credential for them: a pull request that cannot be is
 * looked for. Nothing is opened, so that a token which only reads is found out by the first delivery.
 */
export async function lookAtProposals(
  target: ProposingTarget,
  repository: Repository,
  parts: ProposalParts,
): Promise<Diagnosis> {
  const { delivery, branch } = target;
  const where = `pull requests of ${target.name}, repository ${repository.name}`;
  if (delivery.host.kind === 'codecommit')
    return skipped(
      where,
      'CodeCommit: the role of deliver-uploads opens them, and the deploy gives it the right',
    );
  try {
    const host = await proposalHostOf(settingsOf(delivery, repository), repository.url, parts);
    await host.find(BRANCH, branch);
    return ok(where, 'they can be listed; that they can be opened shows with the first one');
  } catch (error) {
    if (!(error instanceof ProposalHostFailed)) throw error;
    // Whoever runs this may be kept from the secret, and the function not.
    if (/cannot be read \(AccessDenied/.test(error.message))
      return skipped(where, 'you may not read its secret (secretsmanager:GetSecretValue)');
    return error.kind === 'unreached'
      ? skipped(where, error.message)
      : wrong(where, error.message, mendOf(target));
  }
}

const mendOf = ({ delivery }: ProposingTarget): string =>
  delivery.apiCredential === undefined
    ? 'Give the token that pushes the right to open pull requests, or name another in delivery.apiCredential (docs/credentials.md)'
    : `aws secretsmanager put-secret-value --secret-id ${delivery.apiCredential.secret} --secret-string file://TOKEN-FILE   # docs/credentials.md`;
