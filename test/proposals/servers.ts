/**
 * Git hosts on this machine, for tests that need pull requests: each plays its API over a bare repository, and a test
 * does there what people do (`kept.merge(number, 'squash')`, `kept.close(number)`) and sees what they see (`kept.all()`).
 *
 *   const git = await gitServer();
 *   const host = await gitHubServer({ bare: git.bare });
 *   const settings = { kind: 'github', api: host.api, project: host.project, credential: { kind: 'token', secret: 'api' } };
 *   // The secret "api" holds host.token.
 */
export { type BitbucketServer, bitbucketServer } from './servers/bitbucket.ts';
export { type CodeCommitServer, codeCommitServer } from './servers/codecommit.ts';
export { type GitHubServer, gitHubServer } from './servers/github.ts';
export { type GitLabServer, gitLabServer } from './servers/gitlab.ts';
export type { Kept } from './servers/kept.ts';
export type { MergeWay } from './servers/repository.ts';
export type { Fault } from './servers/serve.ts';
