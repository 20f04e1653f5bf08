import * as z from 'zod';
import { entries } from './entries.ts';
import { isHttps } from './repository-url.ts';

/** Below it lie the branches that pull requests are made of, and nobody else's: `fairlead/<target>/<place>`. */
export const PROPOSAL_BRANCHES = 'fairlead/';

/** Both follow from the repository's URL, unless they are said. */
const place = {
  /** Where the host's API is; GitHub Enterprise Server: `https://HOST/api/v3`. */
  api: z.string().refine(isHttps, 'an https:// address').optional(),
  /** `OWNER/REPOSITORY` there. */
  project: z
    .string()
    .regex(/^[^\s/][^\s]*\/[^\s/]+$/, 'OWNER/REPOSITORY, as the host calls it')
    .optional(),
};

/** Who hosts the repository. */
const host = z.discriminatedUnion('kind', [
  entries({ kind: z.literal('github'), ...place }),
  entries({ kind: z.literal('gitlab'), ...place }),
  /** Bitbucket Cloud. */
  entries({ kind: z.literal('bitbucket'), ...place }),
  entries({ kind: z.literal('codecommit') }),
]);

const apiCredential = entries({
  /** Its string is a token of the host's API. */
  secret: z.string().min(1, 'the name or ARN of a secret in Secrets Manager'),
  /** Bitbucket: the account's address, where the token is an API token of a person and no access token. */
  username: z.string().min(1).optional(),
});

/** How what is uploaded gets onto the target's branch. */
export const delivery = z.discriminatedUnion('kind', [
  /** At once, by a push. */
  entries({ kind: z.literal('push') }),
  /** By a pull request, which somebody merges. */
  entries({
    kind: z.literal('pull-request'),
    host,
    /** Put onto each pull request, beside what people put there. */
    labels: z
      .array(
        z
          .string()
          .regex(/^[^\p{Cc},]{1,50}$/u, 'a label is one line of at most 50 characters, without commas'),
      )
      .max(10, 'at most 10 labels')
      .default([]),
    /** Where what opens the repository does not open its host's API: SSH keys. */
    apiCredential: apiCredential.optional(),
  }),
]);

export type Delivery = z.output<typeof delivery>;
export type PullRequests = Extract<Delivery, { readonly kind: 'pull-request' }>;
