import * as z from 'zod';
import { call, follow, type HostAnswer, type HostApi, HostSaidNo, type Refused, read } from './call.ts';
import { commitId, pageUrl, tooMany } from './forms.ts';
import type { Proposal, ProposalHost, Takes } from './proposals.ts';
import { cut, fitting } from './text.ts';

/** Bitbucket refuses a longer title, and a longer comment; of a description it names no limit. */
const TITLE_CHARACTERS = 255;
const BODY_CHARACTERS = 32_768;
const PAGE = 10;
const MOST_PAGES = 20;

/** Bitbucket Cloud has no labels for pull requests. */
const TAKES: Takes = {
  titleCharacters: TITLE_CHARACTERS,
  bodyCharacters: BODY_CHARACTERS,
  labels: 'no-labels',
};

/** Mostly the first twelve characters. */
const shortCommit = z.object({ hash: z.string().regex(/^[0-9a-f]{7,40}$/) });
const endpoint = z.object({
  branch: z.object({ name: z.string() }),
  /** None where the branch or the fork is gone. */
  commit: shortCommit.nullish(),
  repository: z.object({ full_name: z.string() }).nullish(),
});
/** REST API 2.0, "Pullrequests". */
const pullRequest = z.object({
  id: z.int().positive(),
  links: z.object({ html: z.object({ href: pageUrl }) }),
  state: z.enum(['OPEN', 'MERGED', 'DECLINED', 'SUPERSEDED']),
  source: endpoint,
  destination: endpoint,
  merge_commit: shortCommit.nullish(),
  reviewers: z.array(z.object({ uuid: z.string() })).nullish(),
});
type PullRequest = z.infer<typeof pullRequest>;
const page = z.object({ values: z.array(pullRequest), next: z.string().optional() });

/** Pull requests of Bitbucket Cloud (REST API 2.0, "Pullrequests", "Commits", "Filtering and sorting"). */
export function bitbucketProposals(api: HostApi, [workspace, name]: readonly [string, string]): ProposalHost {
  const repository = ['repositories', workspace, name];
  const all = [...repository, 'pullrequests'];
  const wholeIds = new Map<string, string>();

  const isOurs = ({ source, destination }: PullRequest, branch: string, base: string): boolean =>
    source.repository?.full_name.toLowerCase() === `${workspace}/${name}`.toLowerCase() &&
    source.branch.name === branch &&
    destination.branch.name === base;

  async function newest(
    branch: string,
    base: string,
    states: readonly PullRequest['state'][],
  ): Promise<PullRequest | undefined> {
    const doing = `looking for the pull request of ${branch}`;
    const wanted = [
      `source.branch.name = ${quoted(branch)}`,
      `destination.branch.name = ${quoted(base)}`,
      `source.repository.full_name = ${quoted(`${workspace}/${name}`)}`,
    ].join(' AND ');
    let answer: HostAnswer = await call(api, {
      method: 'GET',
      path: all,
      query: [
        ...states.map((state) => ['state', state] as const),
        ['q', wanted],
        ['sort', '-created_on'],
        ['pagelen', String(PAGE)],
      ],
      doing,
    });
    for (let turned = 1; ; turned += 1) {
      const { values, next } = read(api, page, answer.body, doing);
      const found = values.find((each) => isOurs(each, branch, base));
      if (found !== undefined || next === undefined) return found;
      if (turned === MOST_PAGES) throw tooMany(api, branch, doing);
      answer = await follow(api, next, doing);
    }
  }

  /** In full, as git has it; undefined where the commit is gone with its branch. */
  async function wholeId(short: string | undefined): Promise<string | undefined> {
    if (short === undefined || commitId.safeParse(short).success) return short;
    const known = wholeIds.get(short);
    if (known !== undefined) return known;
    const doing = `reading commit ${short}`;
    try {
      const { body } = await call(api, { method: 'GET', path: [...repository, 'commit', short], doing });
      const { hash } = read(api, z.object({ hash: commitId }), body, doing);
      if (!hash.startsWith(short)) return undefined;
      wholeIds.set(short, hash);
      return hash;
    } catch (error) {
      if (error instanceof HostSaidNo && error.status === 404) return undefined;
      throw error;
    }
  }

  async function proposalOf(found: PullRequest): Promise<Proposal> {
    const head = await wholeId(found.source.commit?.hash);
    return {
      number: String(found.id),
      url: found.links.html.href,
      branch: found.source.branch.name,
      base: found.destination.branch.name,
      ...(head === undefined ? {} : { head }),
      state: await stateOf(found),
    };
  }

  async function stateOf({ state, merge_commit }: PullRequest): Promise<Proposal['state']> {
    switch (state) {
      case 'OPEN':
        return { kind: 'open' };
      case 'DECLINED':
      case 'SUPERSEDED':
        return { kind: 'closed' };
      case 'MERGED': {
        const commit = await wholeId(merge_commit?.hash);
        return { kind: 'merged', ...(commit === undefined ? {} : { commit }) };
      }
    }
  }

  async function readOne(number: string, doing: string): Promise<PullRequest> {
    const { body } = await call(api, { method: 'GET', path: [...all, number], doing });
    return read(api, pullRequest, body, doing);
  }

  return {
    takes: TAKES,
    async find(branch, base) {
      const found =
        (await newest(branch, base, ['OPEN'])) ??
        (await newest(branch, base, ['MERGED', 'DECLINED', 'SUPERSEDED']));
      return found === undefined ? undefined : await proposalOf(found);
    },
    async open(branch, base, text) {
      const there = await newest(branch, base, ['OPEN']);
      if (there !== undefined) return await proposalOf(there);
      const doing = `opening a pull request of ${branch}`;
      const { title, body } = fitting(text, TAKES);
      // Of one that is open by now, Bitbucket gives that one back.
      const answer = await call(api, {
        method: 'POST',
        path: all,
        body: {
          title,
          description: body,
          source: { branch: { name: branch } },
          destination: { branch: { name: base } },
        },
        doing,
      });
      return await proposalOf(read(api, pullRequest, answer.body, doing));
    },
    async update(number, text) {
      const doing = `changing pull request ${number}`;
      const { title, body } = fitting(text, TAKES);
      // Whoever is not named is no reviewer any longer.
      const { reviewers } = await readOne(number, doing);
      await call(api, {
        method: 'PUT',
        path: [...all, number],
        body: { title, description: body, reviewers: (reviewers ?? []).map(({ uuid }) => ({ uuid })) },
        doing,
      });
    },
    read: async (number) => await proposalOf(await readOne(number, `reading pull request ${number}`)),
    async close(number, why) {
      const doing = `declining pull request ${number}`;
      if ((await readOne(number, doing)).state !== 'OPEN') return;
      await call(api, {
        method: 'POST',
        path: [...all, number, 'comments'],
        body: { content: { raw: cut(why, BODY_CHARACTERS) } },
        doing,
      });
      await call(api, { method: 'POST', path: [...all, number, 'decline'], body: {}, doing });
    },
  };
}

/** "Filtering and sorting": a text is in double quotes. */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** REST API 2.0, "Authentication" and its scopes. */
export function bitbucketAdvice({ status, called }: Refused): string {
  const needs =
    'an access token needs "Pull requests: Write", an API token read:repository:bitbucket and write:pullrequest:bitbucket';
  switch (status) {
    case 401:
      return `Bitbucket does not accept ${called} (401): it is wrong, has expired or was revoked, or it is an API token, whose account's address must be said; put a new one into its place, nothing needs to be deployed`;
    case 403:
      return `Bitbucket refuses ${called} (403): ${needs}`;
    case 404:
      return `Bitbucket has no such thing, or ${called} may not see it (404): is the repository's URL right? ${needs}`;
    case 400:
    case 409:
      return `Bitbucket does not take it (${status}): are both branches there, and do they differ?`;
    default:
      return status >= 300 && status < 400
        ? `Bitbucket says that the repository has moved (${status}): put its new URL into repositories, for a credential is sent nowhere else`
        : `Bitbucket refuses it (${status})`;
  }
}
