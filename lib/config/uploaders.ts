import * as z from 'zod';
import { entries } from './entries.ts';
import { principal } from './principals.ts';

/** `OWNER/NAME`; `OWNER@ID/NAME@ID` where tokens name the ids as well. */
const REPOSITORY =
  /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?(?:@\d+\/[A-Za-z0-9._-]{1,100}@\d+|\/[A-Za-z0-9._-]{1,100})$/;
const REF = /^refs\/(?:heads|tags)\/(?!-)(?!.*(?:\.\.|@\{|\/\/))[A-Za-z0-9._/+@#-]{1,200}$/;
/** GitHub writes a colon in it as %3A, and nobody else need think about that. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what no name of an environment holds
const ENVIRONMENT = /^[^:*?%\u0000-\u001f]{1,255}$/;

const repository = z.string().superRefine((name, { addIssue }) => {
  if (REPOSITORY.test(name)) return;
  addIssue({
    code: 'custom',
    message: /[*?]/.test(name)
      ? 'name one repository: a wildcard would let in every repository that somebody makes or renames to fit'
      : 'a repository of GitHub as OWNER/NAME, or as OWNER@ID/NAME@ID where its tokens hold the ids (docs/uploading.md)',
  });
});

const ref = z.string().superRefine((name, { addIssue }) => {
  if (REF.test(name)) return;
  addIssue({
    code: 'custom',
    message: /[*?]/.test(name)
      ? 'name one branch or tag: whoever may push any ref that fits could deliver. For many, use an environment of GitHub with rules of its own'
      : 'a whole ref, such as "refs/heads/main" or "refs/tags/stable"; pull requests are asked for with pullRequests: true',
  });
});

const source = entries({
  /** As GitHub's tokens write it, upper and lower case too. */
  repository,
  /** Jobs of this branch or tag. */
  ref: ref.optional(),
  /** Jobs of this environment of GitHub, whose rules say who may start them. */
  environment: z
    .string()
    .regex(ENVIRONMENT, 'the name of an environment of GitHub, without ":", "%" and wildcards')
    .optional(),
  /** Jobs of pull requests: whoever may open one delivers, before anybody has looked at it. */
  pullRequests: z.literal(true).optional(),
}).refine(
  ({ ref, environment, pullRequests }) =>
    [ref, environment, pullRequests].filter((one) => one !== undefined).length === 1,
  'say which of its jobs: exactly one of ref, environment and pullRequests',
);

/** Who may upload below `<target>/`, beside those whom the account lets in with the target's managed policy. */
export const uploaders = entries({
  /** Roles and users, of this account or another. */
  arns: z.array(principal).max(50, 'at most 50 of a target: let them assume one role').default([]),
  /** Jobs of GitHub Actions, which assume a role of the target. */
  github: z.array(source).max(20, 'at most 20 of a target').default([]),
});

export type Uploaders = z.output<typeof uploaders>;
export type GithubSource = Uploaders['github'][number];

/** What GitHub writes into `sub` of such a job's token (GitHub docs, "OpenID Connect reference"). */
export function subjectOf({ repository, ref, environment }: GithubSource): string {
  if (ref !== undefined) return `repo:${repository}:ref:${ref}`;
  if (environment !== undefined) return `repo:${repository}:environment:${environment}`;
  return `repo:${repository}:pull_request`;
}
