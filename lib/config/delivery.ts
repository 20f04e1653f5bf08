import * as z from 'zod';
import { entries } from './entries.ts';
import { isHttps, type RepositoryPlace } from './repository-url.ts';

/** Below it lie the branches that pull requests are made of, and nobody else's: `fairlead/<target>/<place>`. */
export const PROPOSAL_BRANCHES = 'fairlead/';

const api = z.string().refine(isHttps, 'an https:// address');

/** Who hosts the repository, and where its API is; without `api` that follows from the repository's URL. */
const host = z.discriminatedUnion('kind', [
  /** GitHub Enterprise Server: `https://HOST/api/v3`. */
  entries({ kind: z.literal('github'), api: api.optional() }),
  /** Where GitLab is not at the root of its host: `https://HOST/…/api/v4`. */
  entries({ kind: z.literal('gitlab'), api: api.optional() }),
  /** Bitbucket Cloud. */
  entries({ kind: z.literal('bitbucket'), api: api.optional() }),
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
export type ProposalHostSettings = PullRequests['host'];

/** Where the API of a host is, from where the repository is (each host's REST documentation). */
export function apiOf(settings: ProposalHostSettings, place: RepositoryPlace): string | undefined {
  if (settings.kind === 'codecommit' || place.kind === 'codecommit') return undefined;
  if (settings.api !== undefined) return settings.api.replace(/\/+$/, '');
  const { host } = place;
  switch (settings.kind) {
    case 'github':
      return host === 'github.com' || host === 'ssh.github.com'
        ? 'https://api.github.com'
        : `https://${host}/api/v3`;
    case 'gitlab':
      return host === 'altssh.gitlab.com' ? 'https://gitlab.com/api/v4' : `https://${host}/api/v4`;
    case 'bitbucket':
      return 'https://api.bitbucket.org/2.0';
  }
}
