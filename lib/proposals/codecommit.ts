import { createHash } from 'node:crypto';
import * as z from 'zod';
import { eachAtOnce } from '../at-once/at-once.ts';
import { type CodeCommitPulls, codeCommitFailure } from '../aws/codecommit.ts';
import { commitId } from './forms.ts';
import { type Proposal, type ProposalHost, ProposalHostFailed, type Takes } from './proposals.ts';
import { cut, fitting } from './text.ts';

/** CodeCommit API, PullRequest and CreatePullRequest. */
const TITLE_CHARACTERS = 150;
const BODY_CHARACTERS = 10_240;
/** "Quotas in AWS CodeCommit": length of a comment. */
const COMMENT_CHARACTERS = 10_240;

/** CodeCommit has no labels. */
const TAKES: Takes = {
  titleCharacters: TITLE_CHARACTERS,
  bodyCharacters: BODY_CHARACTERS,
  labels: 'no-labels',
};

/** A list has numbers alone, so that each must be read: CodeCommit slows down who reads many at once. */
const READS_AT_ONCE = 4;
/** Of those that are closed or merged, the newest; CodeCommit keeps all that ever were. */
const MOST_CLOSED = 100;
const MOST_PAGES = 100;
/** As often as the same text may be proposed again after it was closed. */
const MOST_REPEATED = 20;

/** CodeCommit API, "PullRequest", "PullRequestTarget" and "MergeMetadata". */
const pullRequest = z.object({
  pullRequestId: z.string().regex(/^\d{1,18}$/),
  pullRequestStatus: z.enum(['OPEN', 'CLOSED']),
  pullRequestTargets: z
    .array(
      z.object({
        repositoryName: z.string(),
        sourceReference: z.string(),
        destinationReference: z.string(),
        sourceCommit: commitId.optional(),
        destinationCommit: commitId.optional(),
        mergeMetadata: z
          .object({
            isMerged: z.boolean().optional(),
            mergeCommitId: commitId.optional(),
            mergeOption: z.string().optional(),
          })
          .optional(),
      }),
    )
    .min(1),
});
type PullRequest = z.infer<typeof pullRequest>;
type Target = PullRequest['pullRequestTargets'][number];

export interface CodeCommitPlace {
  readonly name: string;
  readonly region: string;
  readonly partition: 'aws' | 'aws-cn';
}

/** Pull requests of CodeCommit, with the rights of whoever calls (CodeCommit API). */
export function codeCommitProposals(pulls: CodeCommitPulls, place: CodeCommitPlace): ProposalHost {
  const { name } = place;

  /** @param needs the action of IAM */
  async function asked<Value>(doing: string, needs: string, ask: () => Promise<Value>): Promise<Value> {
    try {
      return await ask();
    } catch (error) {
      const failure = codeCommitFailure(error);
      if (failure === undefined) throw error;
      const where = `CodeCommit, ${name}, ${doing}`;
      if (failure.kind === 'unreached')
        throw new ProposalHostFailed('unreached', `${where}: it does not answer (${failure.code})`);
      throw new SaidNo(`${where}: ${adviceOf(failure.code, needs, place)}`, failure.code);
    }
  }

  function parsed(found: unknown, doing: string): PullRequest {
    const read = pullRequest.safeParse(found);
    if (read.success) return read.data;
    const at = read.error.issues[0]?.path.map(String).join('.') ?? '';
    throw new ProposalHostFailed(
      'refused',
      `CodeCommit, ${name}, ${doing}: the answer is not as documented (at "${at}")`,
    );
  }

  const get = async (id: string, doing: string): Promise<PullRequest> =>
    parsed(await asked(doing, 'GetPullRequest', () => pulls.get(id)), doing);

  async function numbers(status: 'OPEN' | 'CLOSED', doing: string): Promise<readonly string[]> {
    const found: string[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const listed = await asked(doing, 'ListPullRequests', () => pulls.list(status, nextToken));
      found.push(...listed.ids.filter((id) => /^\d{1,18}$/.test(id)));
      nextToken = listed.nextToken;
      if (nextToken === undefined || nextToken === '') break;
    }
    // In which order they are listed is not said; they are counted up.
    return found.sort((one, other) => Number(other) - Number(one));
  }

  async function newest(
    branch: string,
    base: string,
    status: 'OPEN' | 'CLOSED',
  ): Promise<PullRequest | undefined> {
    const doing = `looking for the pull request of ${branch}`;
    const ids = await numbers(status, doing);
    const looked = status === 'OPEN' ? ids : ids.slice(0, MOST_CLOSED);
    for (let at = 0; at < looked.length; at += READS_AT_ONCE) {
      const some = await eachAtOnce(looked.slice(at, at + READS_AT_ONCE), READS_AT_ONCE, (id) =>
        get(id, doing),
      );
      const found = some.find((each) => targetOf(each, branch, base) !== undefined);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  const targetOf = (found: PullRequest, branch: string, base: string): Target | undefined =>
    found.pullRequestTargets.find(
      ({ repositoryName, sourceReference, destinationReference }) =>
        repositoryName === name &&
        withoutHeads(sourceReference) === branch &&
        withoutHeads(destinationReference) === base,
    );

  function proposalOf(found: PullRequest): Proposal {
    const target = found.pullRequestTargets.find(({ repositoryName }) => repositoryName === name);
    if (target === undefined)
      throw new ProposalHostFailed(
        'refused',
        `CodeCommit, ${name}: pull request ${found.pullRequestId} is of another repository`,
      );
    return {
      number: found.pullRequestId,
      url: pageOf(place, found.pullRequestId),
      branch: withoutHeads(target.sourceReference),
      base: withoutHeads(target.destinationReference),
      ...(target.sourceCommit === undefined ? {} : { head: target.sourceCommit }),
      state: stateOf(found, target),
    };
  }

  async function create(branch: string, base: string, title: string, body: string): Promise<PullRequest> {
    const doing = `opening a pull request of ${branch}`;
    let after = '';
    for (let tried = 0; tried < MOST_REPEATED; tried += 1) {
      const token = tokenOf(name, branch, base, title, body, after);
      const made = parsed(
        await asked(doing, 'CreatePullRequest', () => pulls.create(title, body, branch, base, token)),
        doing,
      );
      if (made.pullRequestStatus === 'OPEN') return made;
      // The token was that of one with the same text, which has ended since.
      after = made.pullRequestId;
    }
    throw new ProposalHostFailed(
      'refused',
      `CodeCommit, ${name}, ${doing}: the same was proposed and closed ${MOST_REPEATED} times`,
    );
  }

  return {
    takes: TAKES,
    async find(branch, base) {
      const found = (await newest(branch, base, 'OPEN')) ?? (await newest(branch, base, 'CLOSED'));
      return found === undefined ? undefined : proposalOf(found);
    },
    async open(branch, base, text) {
      const { title, body } = fitting(text, TAKES);
      return proposalOf((await newest(branch, base, 'OPEN')) ?? (await create(branch, base, title, body)));
    },
    async update(number, text) {
      const { title, body } = fitting(text, TAKES);
      await asked(
        `changing pull request ${number}`,
        'UpdatePullRequestTitle and codecommit:UpdatePullRequestDescription',
        () => pulls.change(number, title, body),
      );
    },
    read: async (number) => proposalOf(await get(number, `reading pull request ${number}`)),
    async close(number, why) {
      const doing = `closing pull request ${number}`;
      const found = await get(number, doing);
      const target = found.pullRequestTargets.find(({ repositoryName }) => repositoryName === name);
      if (found.pullRequestStatus !== 'OPEN' || target === undefined) return;
      const { sourceCommit: afterCommitId, destinationCommit: beforeCommitId } = target;
      const content = cut(why, COMMENT_CHARACTERS);
      if (afterCommitId !== undefined && beforeCommitId !== undefined && afterCommitId !== beforeCommitId)
        await asked(doing, 'PostCommentForPullRequest', () =>
          pulls.comment(number, { beforeCommitId, afterCommitId }, content, tokenOf(name, number, content)),
        );
      await asked(doing, 'UpdatePullRequestStatus', () => pulls.close(number)).catch((error: unknown) => {
        // Somebody was faster.
        if (!(error instanceof SaidNo && error.code === 'PullRequestAlreadyClosedException')) throw error;
      });
    },
  };
}

class SaidNo extends ProposalHostFailed {
  readonly code: string;
  constructor(message: string, code: string) {
    super('refused', message);
    this.code = code;
  }
}

const withoutHeads = (reference: string): string => reference.replace(/^refs\/heads\//, '');

/** Of all that the call says, for a token that comes with other parameters is refused. At most 64 characters. */
const tokenOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

const pageOf = ({ name, region, partition }: CodeCommitPlace, id: string): string =>
  `https://${region}.console.${partition === 'aws' ? 'aws.amazon.com' : 'amazonaws.cn'}/codesuite/codecommit/repositories/${name}/pull-requests/${id}/details?region=${region}`;

function stateOf({ pullRequestStatus }: PullRequest, target: Target): Proposal['state'] {
  const { isMerged, mergeCommitId, mergeOption } = target.mergeMetadata ?? {};
  if (isMerged === true) {
    // A fast-forward makes no commit: the base has the branch's tip then.
    const forwarded = mergeOption === undefined || mergeOption === 'FAST_FORWARD_MERGE';
    const commit = mergeCommitId ?? (forwarded ? target.sourceCommit : undefined);
    return { kind: 'merged', ...(commit === undefined ? {} : { commit }) };
  }
  return { kind: pullRequestStatus === 'OPEN' ? 'open' : 'closed' };
}

/** CodeCommit API, "Errors" of each call, and "Common Errors". */
function adviceOf(code: string, needs: string, { name, region }: CodeCommitPlace): string {
  switch (code) {
    case 'AccessDeniedException':
      return `the role of this function may not (${code}): does a policy of the organisation or of a VPC endpoint deny codecommit:${needs}? Fairlead's own allows it`;
    case 'RepositoryDoesNotExistException':
      return `there is no repository "${name}" in ${region} (${code}): is its URL right?`;
    case 'ReferenceDoesNotExistException':
      return `one of the two branches is not there (${code})`;
    case 'PullRequestDoesNotExistException':
      return `there is no such pull request (${code}): it does not exist`;
    case 'PullRequestAlreadyClosedException':
      return `it is closed already (${code})`;
    case 'MaximumOpenPullRequestsExceededException':
      return `the repository has as many open pull requests as CodeCommit allows (${code}): merge or close some`;
    case 'CredentialsProviderError':
    case 'UnrecognizedClientException':
    case 'InvalidSignatureException':
    case 'ExpiredTokenException':
      return `AWS does not know the credentials of this role (${code})`;
    default:
      return code.startsWith('EncryptionKey')
        ? `the key that the repository is encrypted with cannot be used (${code}): does its policy let this role?`
        : `CodeCommit refuses it (${code})`;
  }
}
