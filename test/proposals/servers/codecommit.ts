import { createHash } from 'node:crypto';
import { newAccessKeys } from '../../../local/aws/keys.ts';
import { verifySignature } from '../../../local/aws/signature.ts';
import { type Kept, keptProposals } from './kept.ts';
import { hostedRepository } from './repository.ts';
import { type Heard, jsonOf, type Said, serveApi } from './serve.ts';

/**
 * AWS CodeCommit's pull requests, over AWS JSON 1.1 with every signature computed again, written from the CodeCommit API
 * Reference (CreatePullRequest, GetPullRequest, ListPullRequests, UpdatePullRequestTitle, …Description, …Status,
 * PostCommentForPullRequest, PullRequest, MergeMetadata, and the errors of each); it knows nothing of lib/proposals.
 */
export interface CodeCommitOptions {
  readonly bare: string;
  /** Default: `cluster`. */
  readonly repository?: string;
  readonly now?: () => Date;
}

const PAGE = 3;
const TITLE = 150;
const DESCRIPTION = 10_240;
const COMMENT = 10_240;

export async function codeCommitServer({
  bare,
  repository = 'cluster',
  now = () => new Date(),
}: CodeCommitOptions) {
  const keys = newAccessKeys();
  const git = hostedRepository(bare);
  const kept = keptProposals(git);
  /** By token: which one it has made, and with what. */
  const made = new Map<string, { readonly number: number; readonly asked: string }>();
  const comments = new Set<string>();
  /** Actions that this role may not. */
  const denied = new Set<string>();
  /** Calls that are let through before one is slowed down. */
  const limit = { remaining: Number.POSITIVE_INFINITY };

  const fails = (type: string, message: string, status = 400): Said => ({
    status,
    body: { __type: `com.amazonaws.codecommit#${type}`, message },
    headers: { 'x-amzn-errortype': type },
  });

  const whole = (one: Kept) => ({
    pullRequestId: String(one.number),
    title: one.title,
    description: one.body,
    creationDate: 1_760_000_000 + one.number,
    lastActivityDate: 1_760_000_000.25 + one.number,
    pullRequestStatus: one.state === 'open' ? 'OPEN' : 'CLOSED',
    authorArn: 'arn:aws:sts::123456789012:assumed-role/deliver-uploads/deliver-uploads',
    pullRequestTargets: [
      {
        repositoryName: repository,
        sourceReference: `refs/heads/${one.branch}`,
        destinationReference: `refs/heads/${one.base}`,
        sourceCommit: one.head,
        destinationCommit: git.tip(one.base),
        mergeMetadata:
          one.merged === undefined
            ? { isMerged: false }
            : {
                isMerged: true,
                mergedBy: 'arn:aws:iam::123456789012:user/rita',
                // A fast-forward makes no commit of its own.
                ...(one.merged.way === 'fast-forward' ? {} : { mergeCommitId: one.merged.commit }),
                mergeOption:
                  one.merged.way === 'fast-forward'
                    ? 'FAST_FORWARD_MERGE'
                    : one.merged.way === 'squash'
                      ? 'SQUASH_MERGE'
                      : 'THREE_WAY_MERGE',
              },
      },
    ],
    approvalRules: [],
  });
  const answer = (one: Kept): Said => ({ status: 200, body: { pullRequest: whole(one) } });

  const unfit = (title: unknown, description: unknown): Said | undefined => {
    if (typeof title === 'string' && (title === '' || [...title].length > TITLE))
      return fails('InvalidTitleException', 'The title of the pull request is not valid.');
    if (typeof description === 'string' && [...description].length > DESCRIPTION)
      return fails('InvalidDescriptionException', 'The pull request description is not valid.');
    return undefined;
  };
  const known = (name: unknown): Said | undefined => {
    if (typeof name !== 'string')
      return fails('RepositoryNameRequiredException', 'A repository name is required.');
    return name === repository
      ? undefined
      : fails('RepositoryDoesNotExistException', `${name} does not exist`);
  };

  function create(asked: Record<string, unknown>): Said {
    const { title, description, targets, clientRequestToken } = asked;
    if (typeof title !== 'string')
      return fails('TitleRequiredException', 'A pull request title is required.');
    const [target] = Array.isArray(targets) ? targets.map((each: unknown) => Object(each)) : [];
    if (target === undefined) return fails('TargetsRequiredException', 'Targets are required.');
    const wrong = unfit(title, description) ?? known(target.repositoryName);
    if (wrong !== undefined) return wrong;
    const [branch, base] = [target.sourceReference, target.destinationReference ?? 'main'].map((name) =>
      String(name).replace(/^refs\/heads\//, ''),
    );
    if (branch === undefined || base === undefined || branch === base)
      return fails(
        'SourceAndDestinationAreSameException',
        'The source branch and destination branch are the same.',
      );
    for (const name of [branch, base])
      if (git.tip(name) === undefined)
        return fails('ReferenceDoesNotExistException', `The specified reference ${name} does not exist.`);
    const said = JSON.stringify([title, description, branch, base]);
    if (clientRequestToken !== undefined) {
      if (typeof clientRequestToken !== 'string' || clientRequestToken === '')
        return fails('InvalidClientRequestTokenException', 'The client request token is not valid.');
      const before = made.get(clientRequestToken);
      if (before !== undefined && before.asked !== said)
        return fails(
          'IdempotencyParameterMismatchException',
          'The client request token was used with other parameters.',
        );
      if (before !== undefined) return answer(kept.found(before.number));
    }
    const one = kept.add({ title, body: typeof description === 'string' ? description : '', branch, base });
    if (typeof clientRequestToken === 'string')
      made.set(clientRequestToken, { number: one.number, asked: said });
    return answer(one);
  }

  function list({ repositoryName, pullRequestStatus, nextToken, maxResults }: Record<string, unknown>): Said {
    const wrong = known(repositoryName);
    if (wrong !== undefined) return wrong;
    if (pullRequestStatus !== undefined && !['OPEN', 'CLOSED'].includes(String(pullRequestStatus)))
      return fails('InvalidPullRequestStatusException', 'The pull request status is not valid.');
    const matching = kept
      .all()
      .map((one) => whole(one))
      .filter((one) => pullRequestStatus === undefined || one.pullRequestStatus === pullRequestStatus)
      .map((one) => one.pullRequestId)
      // In no order that is documented.
      .sort((one, other) => digest(one).localeCompare(digest(other)));
    const from = nextToken === undefined ? 0 : Number(Buffer.from(String(nextToken), 'base64').toString());
    if (!Number.isInteger(from))
      return fails('InvalidContinuationTokenException', 'The continuation token is not valid.');
    const size = Math.min(typeof maxResults === 'number' ? maxResults : 100, PAGE);
    return {
      status: 200,
      body: {
        pullRequestIds: matching.slice(from, from + size),
        ...(from + size < matching.length
          ? { nextToken: Buffer.from(String(from + size)).toString('base64') }
          : {}),
      },
    };
  }

  function comment(one: Kept, asked: Record<string, unknown>): Said {
    const { repositoryName, beforeCommitId, afterCommitId, content, clientRequestToken } = asked;
    const wrong = known(repositoryName);
    if (wrong !== undefined) return wrong;
    for (const commit of [beforeCommitId, afterCommitId]) {
      if (typeof commit !== 'string')
        return fails('CommitIdRequiredException', 'A commit ID was not specified.');
      if (git.whole(commit) !== commit)
        return fails('CommitDoesNotExistException', `${commit} does not exist`);
    }
    if (beforeCommitId === afterCommitId)
      return fails('BeforeCommitIdAndAfterCommitIdAreSameException', 'The commit IDs must differ.');
    if (typeof content !== 'string' || content === '')
      return fails('CommentContentRequiredException', 'The comment is empty.');
    if ([...content].length > COMMENT)
      return fails('CommentContentSizeLimitExceededException', 'Comments are limited to 10,240 characters.');
    if (!comments.has(String(clientRequestToken))) one.comments.push(content);
    if (clientRequestToken !== undefined) comments.add(String(clientRequestToken));
    return { status: 200, body: { repositoryName, pullRequestId: String(one.number), comment: { content } } };
  }

  function ofOne(action: string, one: Kept, asked: Record<string, unknown>): Said {
    const closed = fails('PullRequestAlreadyClosedException', 'The pull request is already closed.');
    const { title, description, pullRequestStatus } = asked;
    switch (action) {
      case 'GetPullRequest':
        return answer(one);
      case 'UpdatePullRequestTitle':
        if (one.state !== 'open') return closed;
        if (typeof title !== 'string')
          return fails('TitleRequiredException', 'A pull request title is required.');
        if (unfit(title, undefined) === undefined) one.title = title;
        return unfit(title, undefined) ?? answer(one);
      case 'UpdatePullRequestDescription':
        if (one.state !== 'open') return closed;
        if (unfit(undefined, description) === undefined) one.body = String(description);
        return unfit(undefined, description) ?? answer(one);
      case 'UpdatePullRequestStatus':
        if (pullRequestStatus !== 'CLOSED' && pullRequestStatus !== 'OPEN')
          return fails('InvalidPullRequestStatusException', 'The pull request status is not valid.');
        if (pullRequestStatus === 'OPEN')
          return fails(
            'InvalidPullRequestStatusUpdateException',
            'The only valid update is from OPEN to CLOSED.',
          );
        if (one.state !== 'open') return closed;
        one.state = 'closed';
        return answer(one);
      case 'PostCommentForPullRequest':
        return comment(one, asked);
      default:
        return fails('UnknownOperationException', '');
    }
  }

  function routed(action: string, asked: Record<string, unknown>): Said {
    if (action === 'CreatePullRequest') return create(asked);
    if (action === 'ListPullRequests') return list(asked);
    const { pullRequestId } = asked;
    if (typeof pullRequestId !== 'string')
      return fails('PullRequestIdRequiredException', 'A pull request ID is required.');
    if (!/^\d+$/.test(pullRequestId))
      return fails('InvalidPullRequestIdException', 'The pull request ID is not valid.');
    const one = kept.all().find((each) => String(each.number) === pullRequestId);
    if (one === undefined)
      return fails('PullRequestDoesNotExistException', `Pull request ${pullRequestId} does not exist.`);
    return ofOne(action, one, asked);
  }

  const served = await serveApi('', (heard: Heard) => {
    const headers = Object.fromEntries(
      Object.entries(heard.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(',') : value,
      ]),
    );
    const signed = { method: heard.method, url: heard.url, headers, body: Buffer.from(heard.body) };
    const verified = verifySignature(signed, keys, 'codecommit', now());
    if (verified.kind === 'refused')
      return verified.code === 'InvalidClientTokenId'
        ? fails('UnrecognizedClientException', 'The security token included in the request is invalid.')
        : fails('InvalidSignatureException', verified.why);
    const target = /^CodeCommit_20150413\.([A-Za-z]+)$/.exec(
      String(heard.headers['x-amz-target'] ?? ''),
    )?.[1];
    if (heard.method !== 'POST' || target === undefined) return fails('UnknownOperationException', '');
    if (heard.headers['content-type'] !== 'application/x-amz-json-1.1')
      return fails('SerializationException', 'The content type is not application/x-amz-json-1.1');
    if (denied.has(target))
      return fails(
        'AccessDeniedException',
        `User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized to perform: codecommit:${target}`,
      );
    if (limit.remaining <= 0) return fails('ThrottlingException', 'Rate exceeded');
    limit.remaining -= 1;
    const said = routed(target, jsonOf(heard.body));
    return { ...said, headers: { 'content-type': 'application/x-amz-json-1.1', ...said.headers } };
  });
  return {
    ...served,
    kind: 'codecommit' as const,
    keys,
    /** What a function of that role has in its environment. */
    environment: {
      AWS_ENDPOINT_URL_CODECOMMIT: served.api,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_REGION: 'eu-central-1',
    },
    /** As git opens it. */
    url: `https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/${repository}`,
    kept,
    git,
    denied,
    limit,
  };
}
export type CodeCommitServer = Awaited<ReturnType<typeof codeCommitServer>>;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
