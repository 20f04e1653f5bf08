import * as z from 'zod';
import {
  call,
  follow,
  type HostAnswer,
  type HostApi,
  HostSaidNo,
  linked,
  type Refused,
  read,
} from './call.ts';
import { commitId, pageUrl, tooMany } from './forms.ts';
import type { Proposal, ProposalHost, Takes } from './proposals.ts';
import { cut, fitting } from './text.ts';

/** GitHub refuses a longer title, and says of a body that 65,536 characters are the most. */
const TITLE_CHARACTERS = 256;
const BODY_CHARACTERS = 65_536;
const LABEL_CHARACTERS = 50;
/** A pull request is up to 25 KiB in a list, beside a body of up to 256 KiB. */
const PAGE = 5;
const MOST_PAGES = 20;

const TAKES: Takes = { titleCharacters: TITLE_CHARACTERS, bodyCharacters: BODY_CHARACTERS, labels: 'labels' };

const repositoryName = z.object({ full_name: z.string() });
/** REST API, "Pulls": what a list and a single answer have in common. */
const pull = z.object({
  number: z.int().positive(),
  html_url: pageUrl,
  state: z.enum(['open', 'closed']),
  merged_at: z.string().nullish(),
  /**
   * After a merge the merge commit, after a squash the squashed one, after a rebase what the base was moved to. Before:
   * a test merge that is in no branch.
   */
  merge_commit_sha: commitId.nullish(),
  head: z.object({ ref: z.string(), sha: commitId, repo: repositoryName.nullish() }),
  base: z.object({ ref: z.string(), repo: repositoryName }),
});
type Pull = z.infer<typeof pull>;

export const GITHUB_HEADERS = {
  accept: 'application/vnd.github+json',
  'x-github-api-version': '2022-11-28',
} as const;

/** Pull requests of GitHub and GitHub Enterprise Server (REST API, "Pulls", "Issues"). */
export function gitHubProposals(api: HostApi, [owner, name]: readonly [string, string]): ProposalHost {
  const repository = ['repos', owner, name];
  const one = (number: string) => [...repository, 'pulls', number];

  /** Those of a fork have the same branch's name, and are somebody else's. */
  const isOurs = ({ head, base }: Pull): boolean =>
    head.repo?.full_name.toLowerCase() === base.repo.full_name.toLowerCase();

  async function newest(branch: string, base: string, state: 'open' | 'closed'): Promise<Pull | undefined> {
    const doing = `looking for the pull request of ${branch}`;
    let answer: HostAnswer = await call(api, {
      method: 'GET',
      path: [...repository, 'pulls'],
      query: [
        ['state', state],
        ['head', `${owner}:${branch}`],
        ['base', base],
        ['sort', 'created'],
        ['direction', 'desc'],
        ['per_page', String(PAGE)],
      ],
      doing,
    });
    for (let page = 1; ; page += 1) {
      // The filter is left out of account where it is not understood.
      const found = read(api, z.array(pull), answer.body, doing).find(
        (each) => isOurs(each) && each.head.ref === branch && each.base.ref === base,
      );
      const next = linked(answer.headers, 'next');
      if (found !== undefined || next === undefined) return found;
      if (page === MOST_PAGES) throw tooMany(api, branch, doing);
      answer = await follow(api, next, doing);
    }
  }

  async function find(branch: string, base: string): Promise<Proposal | undefined> {
    const found = (await newest(branch, base, 'open')) ?? (await newest(branch, base, 'closed'));
    return found === undefined ? undefined : proposalOf(found);
  }

  async function readOne(number: string): Promise<Proposal> {
    const doing = `reading pull request ${number}`;
    const { body } = await call(api, { method: 'GET', path: one(number), doing });
    return proposalOf(read(api, pull, body, doing));
  }

  async function label(number: string, labels: readonly string[]): Promise<void> {
    if (labels.length === 0) return;
    await call(api, {
      method: 'POST',
      path: [...repository, 'issues', number, 'labels'],
      body: { labels: labels.map((each) => cut(each, LABEL_CHARACTERS)) },
      doing: `labelling pull request ${number}`,
    });
  }

  async function create(branch: string, base: string, text: { title: string; body: string }): Promise<Pull> {
    const doing = `opening a pull request of ${branch}`;
    try {
      const path = [...repository, 'pulls'];
      const answer = await call(api, { method: 'POST', path, body: { ...text, head: branch, base }, doing });
      return read(api, pull, answer.body, doing);
    } catch (error) {
      // Whoever was faster has opened it: somebody at the page, or this very call, whose answer was lost.
      const other =
        error instanceof HostSaidNo && error.status === 422 ? await newest(branch, base, 'open') : undefined;
      if (other === undefined) throw error;
      return other;
    }
  }

  return {
    takes: TAKES,
    find,
    async open(branch, base, text) {
      const { title, body, labels } = fitting(text, TAKES);
      const there = await newest(branch, base, 'open');
      if (there !== undefined) return proposalOf(there);
      const made = await create(branch, base, { title, body });
      await label(String(made.number), labels);
      return proposalOf(made);
    },
    async update(number, text) {
      const { title, body, labels } = fitting(text, TAKES);
      await call(api, {
        method: 'PATCH',
        path: one(number),
        body: { title, body },
        doing: `changing pull request ${number}`,
      });
      await label(number, labels);
    },
    read: readOne,
    async close(number, why) {
      if ((await readOne(number)).state.kind !== 'open') return;
      const doing = `closing pull request ${number}`;
      await call(api, {
        method: 'POST',
        path: [...repository, 'issues', number, 'comments'],
        body: { body: cut(why, BODY_CHARACTERS) },
        doing,
      });
      await call(api, { method: 'PATCH', path: one(number), body: { state: 'closed' }, doing });
    },
  };
}

const proposalOf = (found: Pull): Proposal => ({
  number: String(found.number),
  url: found.html_url,
  branch: found.head.ref,
  base: found.base.ref,
  head: found.head.sha,
  state: stateOf(found),
});

function stateOf({ state, merged_at, merge_commit_sha }: Pull): Proposal['state'] {
  if (typeof merged_at === 'string')
    return { kind: 'merged', ...(typeof merge_commit_sha === 'string' ? { commit: merge_commit_sha } : {}) };
  return { kind: state };
}

/** REST API, "Troubleshooting" and "Permissions required for fine-grained personal access tokens". */
export function gitHubAdvice({ status, headers, called }: Refused): string {
  const lacks = lacking(headers['x-accepted-github-permissions'], headers['x-accepted-oauth-scopes']);
  switch (status) {
    case 401:
      return `GitHub does not accept ${called} (401): it is wrong, has expired or was revoked; put a new one into its place, nothing needs to be deployed`;
    case 403:
      return headers['x-github-sso'] === undefined
        ? `GitHub refuses ${called} (403): ${lacks}`
        : `GitHub refuses ${called} (403) until it is authorised for the organisation: "Configure SSO" beside the token`;
    case 404:
      return `GitHub has no such thing, or ${called} may not see it (404): is the repository's URL right? ${lacks}`;
    case 410:
      return 'GitHub says that this is switched off for the repository (410): switch pull requests on in its settings';
    case 422:
      return 'GitHub does not take it (422): are both branches there, and do they differ?';
    default:
      return status >= 300 && status < 400
        ? `GitHub says that the repository has moved (${status}): put its new URL into repositories, for a credential is sent nowhere else`
        : `GitHub refuses it (${status})`;
  }
}

/** @param permissions of fine-grained tokens and apps, @param scopes of classic tokens: what the call takes, by GitHub */
function lacking(permissions: string | string[] | undefined, scopes: string | string[] | undefined): string {
  const named = [permissions, scopes].find(
    (text): text is string => typeof text === 'string' && /^[\w=,; :-]{1,200}$/.test(text),
  );
  const told = named === undefined ? '' : ` (this call takes ${named.trim()})`;
  return `it needs "Pull requests: read and write" for this repository${told}; a classic token the scope repo`;
}
