import { type Kept, keptProposals } from './kept.ts';
import { hostedRepository } from './repository.ts';
import { type Heard, jsonOf, type Said, serveApi } from './serve.ts';

/**
 * GitHub's REST API for pull requests, written from its documentation (docs.github.com/rest, version 2022-11-28: "Pulls",
 * "Issues", "Labels", "Using pagination", "Rate limits", "Troubleshooting the REST API") and its errors as they are quoted
 * in its issues; it knows nothing of lib/proposals.
 */
export interface GitHubOptions {
  /** Folder of the bare repository that the pull requests are of. */
  readonly bare: string;
  /** Default: `acme/cluster`. */
  readonly repository?: string;
  /** What a token may do here; undefined: it is not known. Default: the one of the server may write. */
  readonly rightsOf?: (token: string) => Rights | undefined;
  /** `/api/v3` as GitHub Enterprise Server has it. Default: none. */
  readonly root?: string;
}
export type Rights = 'none' | 'read' | 'write';

/** However many are asked for: so few, that whoever does not turn pages misses some. */
const PAGE = 3;
const TITLE = 256;
const BODY = 65_536;

export async function gitHubServer({
  bare,
  repository = 'acme/cluster',
  rightsOf,
  root = '',
}: GitHubOptions) {
  const token = `ghp_${'t0ken'.repeat(7)}`;
  const git = hostedRepository(bare);
  const kept = keptProposals(git);
  const [owner = '', name = ''] = repository.split('/');
  const limit = { remaining: 5000, resetsAt: 0 };

  const whole = (one: Kept, at: string) => {
    const full = one.fork ?? repository;
    // Before a merge: a test merge that is in no branch.
    const testMerge = one.head.replace(/^./, (first) => (first === '0' ? '1' : '0'));
    return {
      url: `${at}/repos/${repository}/pulls/${one.number}`,
      html_url: `https://github.example/${repository}/pull/${one.number}`,
      id: 1_000_000 + one.number,
      number: one.number,
      state: one.state === 'open' ? 'open' : 'closed',
      locked: false,
      title: one.title,
      body: one.body === '' ? null : one.body,
      user: { login: 'fairlead' },
      labels: [...one.labels].map((label) => ({ name: label })),
      merged_at: one.state === 'merged' ? '2026-01-02T03:04:05Z' : null,
      closed_at: one.state === 'open' ? null : '2026-01-02T03:04:05Z',
      merge_commit_sha: one.merged?.commit ?? (one.state === 'open' ? testMerge : null),
      head: {
        label: `${full.split('/')[0]}:${one.branch}`,
        ref: one.branch,
        sha: one.head,
        repo: { full_name: full },
      },
      base: {
        label: `${owner}:${one.base}`,
        ref: one.base,
        sha: git.tip(one.base),
        repo: { full_name: repository },
      },
      draft: false,
    };
  };

  function list({ query }: Heard, at: string): Said {
    const state = query.get('state') ?? 'open';
    const [headOwner, headBranch] = (query.get('head') ?? '').split(/:(.*)/s);
    const matching = kept
      .all()
      .filter((one) => state === 'all' || (one.state === 'open') === (state === 'open'))
      .filter((one) => query.get('base') === null || query.get('base') === one.base)
      // Without a colon it is no filter at all.
      .filter(
        (one) =>
          headBranch === undefined ||
          (headOwner === (one.fork ?? repository).split('/')[0] && headBranch === one.branch),
      )
      .sort((one, other) =>
        (query.get('direction') ?? 'desc') === 'desc' ? other.number - one.number : one.number - other.number,
      );
    const size = Math.min(Number(query.get('per_page') ?? 30), PAGE);
    const page = Number(query.get('page') ?? 1);
    const shown = matching.slice((page - 1) * size, page * size);
    const next = new URL(`${at}/repos/${repository}/pulls?${query}`);
    next.searchParams.set('page', String(page + 1));
    const more = page * size < matching.length;
    return {
      status: 200,
      body: shown.map((one) => whole(one, at)),
      headers: more ? { link: `<${next.href}>; rel="next", <${next.href}>; rel="last"` } : {},
    };
  }

  const invalid = (...errors: readonly object[]): Said => ({
    status: 422,
    body: {
      message: 'Validation Failed',
      errors,
      documentation_url: 'https://docs.github.com/rest/pulls/pulls',
    },
  });
  const tooLong = (field: string, most: number) =>
    invalid({
      resource: 'Issue',
      code: 'custom',
      field,
      message: `${field} is too long (maximum is ${most} characters)`,
    });

  const texts = (title: unknown, body: unknown): Said | undefined => {
    if (title !== undefined && (typeof title !== 'string' || title.trim() === ''))
      return invalid({ resource: 'Issue', code: 'missing_field', field: 'title' });
    if (typeof title === 'string' && title.length > TITLE) return tooLong('title', TITLE);
    if (typeof body === 'string' && body.length > BODY) return tooLong('body', BODY);
    return undefined;
  };

  function create({ body: text }: Heard, at: string): Said {
    const { title, body, head, base } = jsonOf(text);
    if (typeof title !== 'string' || typeof head !== 'string' || typeof base !== 'string')
      return {
        status: 422,
        body: { message: 'Invalid request.\n\n"base", "head", "title" weren\'t supplied.' },
      };
    const unfit = texts(title, body);
    if (unfit !== undefined) return unfit;
    const branch = head.startsWith(`${owner}:`) ? head.slice(owner.length + 1) : head;
    for (const [field, wanted] of [
      ['head', branch],
      ['base', base],
    ] as const) {
      if (git.tip(wanted) === undefined) return invalid({ resource: 'PullRequest', field, code: 'invalid' });
    }
    if (
      kept
        .all()
        .some((one) => one.state === 'open' && one.branch === branch && one.base === base && !one.fork)
    )
      return invalid({
        resource: 'PullRequest',
        code: 'custom',
        message: `A pull request already exists for ${owner}:${branch}.`,
      });
    if (git.contains(base, git.tip(branch) ?? ''))
      return invalid({
        resource: 'PullRequest',
        code: 'custom',
        message: `No commits between ${base} and ${branch}`,
      });
    const made = kept.add({ title, body: typeof body === 'string' ? body : '', branch, base });
    return { status: 201, body: whole(made, at) };
  }

  function change(one: Kept, { body: text }: Heard, at: string): Said {
    const { title, body, state } = jsonOf(text);
    const unfit = texts(title, body);
    if (unfit !== undefined) return unfit;
    if (typeof title === 'string') one.title = title;
    if (typeof body === 'string') one.body = body;
    if (state === 'closed' && one.state === 'open') one.state = 'closed';
    if (state === 'open' && one.state === 'merged')
      return invalid({ resource: 'PullRequest', field: 'state', code: 'invalid' });
    if (state === 'open') one.state = 'open';
    return { status: 200, body: whole(one, at) };
  }

  function onIssue(one: Kept, what: string | undefined, text: string): Said {
    const asked = jsonOf(text);
    if (what === 'labels') {
      if (
        !Array.isArray(asked.labels) ||
        asked.labels.some((each) => typeof each !== 'string' || each.length > 50)
      )
        return invalid({ resource: 'Label', code: 'invalid', field: 'name' });
      for (const label of asked.labels) one.labels.add(String(label));
      return { status: 200, body: [...one.labels].map((label) => ({ name: label })) };
    }
    if (typeof asked.body !== 'string' || asked.body === '')
      return invalid({ resource: 'IssueComment', code: 'missing_field', field: 'body' });
    one.comments.push(asked.body);
    return { status: 201, body: { id: one.comments.length, body: asked.body } };
  }

  function routed(heard: Heard, rights: Rights, at: string): Said {
    const [repos, forOwner, forName, room, number, what] = heard.path;
    const mine = repos === 'repos' && `${forOwner}/${forName}`.toLowerCase() === repository.toLowerCase();
    if (!mine || rights === 'none') return { status: 404, body: { message: 'Not Found', status: '404' } };
    if (heard.method !== 'GET' && rights === 'read')
      return {
        status: 403,
        body: { message: 'Resource not accessible by personal access token', status: '403' },
        headers: { 'x-accepted-github-permissions': 'pull_requests=write' },
      };
    if (room === 'pulls' && number === undefined)
      return heard.method === 'GET' ? list(heard, at) : create(heard, at);
    const one = /^\d+$/.test(number ?? '')
      ? kept.all().find((each) => each.number === Number(number))
      : undefined;
    if (one === undefined) return { status: 404, body: { message: 'Not Found', status: '404' } };
    if (room === 'pulls' && heard.method === 'GET') return { status: 200, body: whole(one, at) };
    if (room === 'pulls' && heard.method === 'PATCH') return change(one, heard, at);
    if (room === 'issues' && heard.method === 'POST' && (what === 'labels' || what === 'comments'))
      return onIssue(one, what, heard.body);
    return { status: 404, body: { message: 'Not Found', status: '404' } };
  }

  const served = await serveApi(root, (heard, at) => {
    const [scheme, given = ''] = (heard.headers.authorization ?? '').split(' ');
    if (heard.headers['user-agent'] === undefined)
      return { status: 403, body: { message: 'Request forbidden by administrative rules.' } };
    const known = rightsOf ?? ((text: string): Rights | undefined => (text === token ? 'write' : undefined));
    const rights = /^(bearer|token)$/i.test(scheme ?? '') ? known(given) : undefined;
    if (rights === undefined) return { status: 401, body: { message: 'Bad credentials', status: '401' } };
    const headers = {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': String(Math.max(limit.remaining, 0)),
      'x-ratelimit-reset': String(limit.resetsAt),
    };
    if (limit.remaining <= 0)
      return { status: 403, body: { message: 'API rate limit exceeded for user ID 1.' }, headers };
    limit.remaining -= 1;
    const said = routed(heard, rights, at);
    return { ...said, headers: { ...headers, ...said.headers } };
  });
  return { ...served, kind: 'github' as const, token, project: `${owner}/${name}`, kept, git, limit };
}
export type GitHubServer = Awaited<ReturnType<typeof gitHubServer>>;
