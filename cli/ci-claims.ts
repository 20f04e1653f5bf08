import type { Environment } from '../lib/aws/environment.ts';
import { UsageError } from './command.ts';

/** Metadata of an upload: what its uploader says of itself. Nobody vouches for it, and the commit says so. */
export type Metadata = Readonly<Record<string, string>>;

export interface ClaimsGiven {
  readonly 'source-commit'?: string | undefined;
  readonly 'source-url'?: string | undefined;
  readonly author?: string | undefined;
}

/** By name, the variables in which CI systems say it (GitHub Actions, GitLab CI, Jenkins). */
const FROM_CI = {
  'source-commit': ({ GITHUB_SHA, CI_COMMIT_SHA, GIT_COMMIT }: Environment) =>
    GITHUB_SHA || CI_COMMIT_SHA || GIT_COMMIT,
  'source-url': ({
    GITHUB_SERVER_URL: server,
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: run,
    ...other
  }: Environment) =>
    server && repository && run
      ? `${server}/${repository}/actions/runs/${run}`
      : other.CI_JOB_URL || other.BUILD_URL,
  author: ({ GITHUB_ACTOR, GITLAB_USER_LOGIN }: Environment) => GITHUB_ACTOR || GITLAB_USER_LOGIN,
} as const;

/** What `receive-upload` takes of each; anything else would be left out in silence. */
const FORMS = {
  'source-commit': { pattern: /^[0-9a-f]{7,64}$/i, is: 'a commit id: 7 to 64 hexadecimal digits' },
  'source-url': { pattern: /^https:\/\/[A-Za-z0-9._~:/?&=%+-]{1,290}$/, is: 'a plain https:// address' },
  author: { pattern: /^[^\p{Cc}]{1,100}$/u, is: 'a name of at most 100 characters' },
} as const;

/**
 * What is given goes first, then what the CI system says; of the latter only what has the right form.
 * @throws UsageError for what was given and would not be taken
 */
export function metadataOf(given: ClaimsGiven, environment: Environment): Metadata {
  const entries = (['source-commit', 'source-url', 'author'] as const).flatMap((name) => {
    const own = given[name];
    const value = own ?? FROM_CI[name](environment);
    const { pattern, is } = FORMS[name];
    if (own !== undefined && !pattern.test(own)) throw new UsageError(`--${name} is ${is}`);
    return value === undefined || !pattern.test(value) ? [] : [[name, asHeader(value)]];
  });
  return Object.fromEntries(entries);
}

/** Metadata travels as HTTP headers, which carry ASCII alone: accents go, other scripts become question marks. */
const asHeader = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/g, '?');
