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
import type { Proposal, ProposalHost, ProposalText, Takes } from './proposals.ts';
import { cut, fitting } from './text.ts';

/** GitLab's own limits of a title and a description ("GitLab application limits"). */
const TITLE_CHARACTERS = 255;
const BODY_CHARACTERS = 1_048_576;
const LABEL_CHARACTERS = 255;
/** Few a page: each may have a description of a MiB. */
const PAGE = 3;
const MOST_PAGES = 30;

const TAKES: Takes = { titleCharacters: TITLE_CHARACTERS, bodyCharacters: BODY_CHARACTERS, labels: 'labels' };

/** "Merge requests API": what a list and a single answer have in common. */
const mergeRequest = z.object({
  iid: z.int().positive(),
  web_url: pageUrl,
  /** `locked`: it is being merged. */
  state: z.enum(['opened', 'closed', 'locked', 'merged']),
  source_branch: z.string(),
  target_branch: z.string(),
  source_project_id: z.int().nullish(),
  target_project_id: z.int(),
  /** Tip of the source branch; after a rebase the one that was rebased. */
  sha: commitId.nullish(),
  /** None where the base was moved to the branch's tip. */
  merge_commit_sha: commitId.nullish(),
  squash_commit_sha: commitId.nullish(),
});
type MergeRequest = z.infer<typeof mergeRequest>;

/** Merge requests of GitLab, in the cloud or on one's own server (REST API v4, "Merge requests", "Notes"). */
export function gitLabProposals(api: HostApi): ProposalHost {
  // A whole path is one part, with its slashes encoded ("Namespaced paths").
  const all = ['projects', api.project, 'merge_requests'];

  /** Anybody may propose a branch of that name from a fork. */
  const isOurs = (each: MergeRequest, branch: string, base: string): boolean =>
    each.source_project_id === each.target_project_id &&
    each.source_branch === branch &&
    each.target_branch === base;

  async function newest(
    branch: string,
    base: string,
    state: 'opened' | 'all',
    scope: 'created_by_me' | 'all',
  ): Promise<MergeRequest | undefined> {
    const doing = `looking for the merge request of ${branch}`;
    let answer: HostAnswer = await call(api, {
      method: 'GET',
      path: all,
      query: [
        ['state', state],
        ['scope', scope],
        ['source_branch', branch],
        ['target_branch', base],
        ['order_by', 'created_at'],
        ['sort', 'desc'],
        ['per_page', String(PAGE)],
      ],
      doing,
    });
    for (let page = 1; ; page += 1) {
      const found = read(api, z.array(mergeRequest), answer.body, doing).find((each) =>
        isOurs(each, branch, base),
      );
      const next = linked(answer.headers, 'next');
      if (found !== undefined || next === undefined) return found;
      if (page === MOST_PAGES) throw tooMany(api, branch, doing);
      answer = await follow(api, next, doing);
    }
  }

  /** First of our own making, so that those of strangers are not even listed; then whoever opened it, another token too. */
  const newestOf = async (branch: string, base: string, state: 'opened' | 'all') =>
    (await newest(branch, base, state, 'created_by_me')) ?? (await newest(branch, base, state, 'all'));

  async function readOne(number: string): Promise<Proposal> {
    const doing = `reading merge request ${number}`;
    const { body } = await call(api, { method: 'GET', path: [...all, number], doing });
    return proposalOf(read(api, mergeRequest, body, doing));
  }

  async function create(branch: string, base: string, text: ProposalText): Promise<MergeRequest> {
    const doing = `opening a merge request of ${branch}`;
    try {
      const answer = await call(api, {
        method: 'POST',
        path: all,
        body: {
          source_branch: branch,
          target_branch: base,
          title: text.title,
          description: text.body,
          labels: listed(text.labels),
        },
        doing,
      });
      return read(api, mergeRequest, answer.body, doing);
    } catch (error) {
      // 409: "Another open merge request already exists for this source branch".
      const other =
        error instanceof HostSaidNo && error.status === 409
          ? await newestOf(branch, base, 'opened')
          : undefined;
      if (other === undefined) throw error;
      return other;
    }
  }

  return {
    takes: TAKES,
    async find(branch, base) {
      const found = (await newestOf(branch, base, 'opened')) ?? (await newestOf(branch, base, 'all'));
      return found === undefined ? undefined : proposalOf(found);
    },
    async open(branch, base, text) {
      const there = await newestOf(branch, base, 'opened');
      return proposalOf(there ?? (await create(branch, base, inert(fitting(text, TAKES)))));
    },
    async update(number, text) {
      const { title, body, labels } = inert(fitting(text, TAKES));
      await call(api, {
        method: 'PUT',
        path: [...all, number],
        body: {
          title,
          description: body,
          ...(labels.length === 0 ? {} : { add_labels: listed(labels) }),
        },
        doing: `changing merge request ${number}`,
      });
    },
    read: readOne,
    async close(number, why) {
      if ((await readOne(number)).state.kind !== 'open') return;
      const doing = `closing merge request ${number}`;
      await call(api, {
        method: 'POST',
        path: [...all, number, 'notes'],
        body: { body: cut(withoutActions(why), BODY_CHARACTERS) },
        doing,
      });
      await call(api, { method: 'PUT', path: [...all, number], body: { state_event: 'close' }, doing });
    },
  };
}

/** A label is kept from being two. */
const listed = (labels: readonly string[]): string =>
  labels.map((label) => cut(label.replaceAll(',', ' '), LABEL_CHARACTERS)).join(',');

const inert = (text: ProposalText): ProposalText => ({
  ...text,
  body: cut(withoutActions(text.body), BODY_CHARACTERS),
});

/**
 * GitLab carries out lines such as `/merge` in what is sent to it, with the rights of the token ("Quick actions"); there
 * is no call that leaves it out. A mark of no width before the slash makes it a line like others.
 */
export const withoutActions = (text: string): string =>
  text.replace(/(^|[\r\n\u2028\u2029])([^\S\r\n]*)\//g, '$1$2\u2060/');

const proposalOf = (found: MergeRequest): Proposal => ({
  number: String(found.iid),
  url: found.web_url,
  branch: found.source_branch,
  base: found.target_branch,
  ...(typeof found.sha === 'string' ? { head: found.sha } : {}),
  state: stateOf(found),
});

function stateOf({ state, merge_commit_sha, squash_commit_sha, sha }: MergeRequest): Proposal['state'] {
  switch (state) {
    case 'opened':
    case 'locked':
      return { kind: 'open' };
    case 'closed':
      return { kind: 'closed' };
    case 'merged': {
      const commit = merge_commit_sha ?? squash_commit_sha ?? sha;
      return { kind: 'merged', ...(typeof commit === 'string' ? { commit } : {}) };
    }
  }
}

/** REST API, "Status codes", and "Personal access token scopes". */
export function gitLabAdvice({ status, called }: Refused): string {
  const needs = 'it needs the scope api, and at least the role Developer in the project';
  switch (status) {
    case 401:
      return `GitLab does not accept ${called} (401): it is wrong, has expired or was revoked; put a new one into its place, nothing needs to be deployed`;
    case 403:
      return `GitLab refuses ${called} (403): ${needs}`;
    case 404:
      return `GitLab has no such thing, or ${called} may not see it (404): is the repository's URL right? ${needs}`;
    case 400:
    case 409:
    case 422:
      return `GitLab does not take it (${status}): are both branches there, and do they differ?`;
    default:
      return status >= 300 && status < 400
        ? `GitLab says that the project has moved (${status}): put its new URL into repositories, for a credential is sent nowhere else`
        : `GitLab refuses it (${status})`;
  }
}
