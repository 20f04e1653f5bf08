import {
  CodeCommitClient,
  CreatePullRequestCommand,
  GetPullRequestCommand,
  ListPullRequestsCommand,
  PostCommentForPullRequestCommand,
  type PullRequest,
  UpdatePullRequestDescriptionCommand,
  UpdatePullRequestStatusCommand,
  UpdatePullRequestTitleCommand,
} from '@aws-sdk/client-codecommit';
import { connection, watched } from './clients.ts';
import type { Environment } from './environment.ts';

/** A connection, and then a whole answer. Milliseconds. */
const CONNECTION_MILLISECONDS = 5_000;
const CALL_MILLISECONDS = 20_000;

/** The client is in no other module, so that functions without proposals do not carry it. Repositories may be in other regions. */
export const codeCommit = (environment: Environment, region: string): CodeCommitClient =>
  watched(
    environment,
    new CodeCommitClient({
      ...connection(environment, 'CODECOMMIT'),
      region,
      requestHandler: { connectionTimeout: CONNECTION_MILLISECONDS, requestTimeout: CALL_MILLISECONDS },
    }),
  );

/** A call failed: AWS's own code of it, with no part of a request in it. */
export interface CodeCommitFailure {
  /** As AWS names it; `unreached`: there is no answer, or a fault of AWS. */
  readonly code: string;
  readonly kind: 'refused' | 'unreached';
}

/** What a thrown error of the client says, undefined for one that is none of it. */
export function codeCommitFailure(error: unknown): CodeCommitFailure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata, $fault, code } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $fault?: string;
    readonly code?: unknown;
  };
  if (error.name === 'CredentialsProviderError') return { code: error.name, kind: 'refused' };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) {
    const network = typeof code === 'string' || /^(TimeoutError|AbortError)$/.test(error.name);
    return network ? { code: typeof code === 'string' ? code : error.name, kind: 'unreached' } : undefined;
  }
  const passing =
    status >= 500 || $fault === 'server' || /Throttling|TooManyRequests|RequestLimit/.test(error.name);
  const name = error.name.replace(/[^A-Za-z0-9]/g, '').slice(0, 80);
  return passing ? { code: `${status}, ${name}`, kind: 'unreached' } : { code: name, kind: 'refused' };
}

/** Calls of one repository's pull requests. @throws what `codeCommitFailure` reads */
export function codeCommitPulls(client: CodeCommitClient, repositoryName: string) {
  return {
    /** A page of numbers. */
    async list(pullRequestStatus: 'OPEN' | 'CLOSED', nextToken: string | undefined) {
      const answer = await client.send(
        new ListPullRequestsCommand({
          repositoryName,
          pullRequestStatus,
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      );
      return { ids: answer.pullRequestIds ?? [], nextToken: answer.nextToken };
    },
    async get(pullRequestId: string): Promise<PullRequest | undefined> {
      return (await client.send(new GetPullRequestCommand({ pullRequestId }))).pullRequest;
    },
    /** @param clientRequestToken the same call with the same token gives back what the first one has made */
    async create(
      title: string,
      description: string,
      branch: string,
      base: string,
      clientRequestToken: string,
    ): Promise<PullRequest | undefined> {
      const targets = [{ repositoryName, sourceReference: branch, destinationReference: base }];
      const command = new CreatePullRequestCommand({ title, description, targets, clientRequestToken });
      return (await client.send(command)).pullRequest;
    },
    async change(pullRequestId: string, title: string, description: string): Promise<void> {
      await client.send(new UpdatePullRequestTitleCommand({ pullRequestId, title }));
      await client.send(new UpdatePullRequestDescriptionCommand({ pullRequestId, description }));
    },
    async comment(
      pullRequestId: string,
      between: { readonly beforeCommitId: string; readonly afterCommitId: string },
      content: string,
      clientRequestToken: string,
    ): Promise<void> {
      await client.send(
        new PostCommentForPullRequestCommand({
          pullRequestId,
          repositoryName,
          ...between,
          content,
          clientRequestToken,
        }),
      );
    },
    async close(pullRequestId: string): Promise<void> {
      await client.send(new UpdatePullRequestStatusCommand({ pullRequestId, pullRequestStatus: 'CLOSED' }));
    },
  };
}
export type CodeCommitPulls = ReturnType<typeof codeCommitPulls>;
