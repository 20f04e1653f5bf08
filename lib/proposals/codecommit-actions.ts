/** The actions of IAM that proposals in CodeCommit need, each on the repository; none merges or approves. */
export const CODECOMMIT_ACTIONS: readonly string[] = [
  'CreatePullRequest',
  'GetPullRequest',
  'ListPullRequests',
  'PostCommentForPullRequest',
  'UpdatePullRequestDescription',
  'UpdatePullRequestStatus',
  'UpdatePullRequestTitle',
].map((action) => `codecommit:${action}`);
