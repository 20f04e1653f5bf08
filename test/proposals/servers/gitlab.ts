import { type Kept, keptProposals } from './kept.ts';
import { hostedRepository } from './repository.ts';
import { type Heard, jsonOf, type Said, serveApi } from './serve.ts';

/**
 * GitLab's REST API v4 for merge requests, written from its documentation (docs.gitlab.com/api: "Merge requests API",
 * "Notes API", "REST API" with its paging, namespaced paths and status codes, "Rate limits", "Quick actions") and its
 * errors as they are quoted in issues of others; it knows nothing of lib/proposals.
 */
export interface GitLabOptions {
  readonly bare: string;
  /** Default: `acme/platform/cluster`. */
  readonly project?: string;
  /** Where the server is below a path: `/gitlab`. */
  readonly relative?: string;
}

const PAGE = 2;
const TITLE = 255;
const BODY = 1_048_576;
const PROJECT = 7;

export async function gitLabServer({
  bare,
  project = 'acme/platform/cluster',
  relative = '',
}: GitLabOptions) {
  const token = `glpat-${'t0ken'.repeat(4)}`;
  /** A token with the scope read_api alone. */
  const readToken = `glpat-${'r3ad'.repeat(5)}`;
  const git = hostedRepository(bare);
  const kept = keptProposals(git);
  const limit = { remaining: 2000, resetsAt: 0 };
  /** Made by somebody else than the token's user. */
  const ofOthers = new Set<number>();

  const whole = (one: Kept) => {
    const way = one.merged?.way;
    return {
      id: 9000 + one.number,
      iid: one.number,
      project_id: PROJECT,
      title: one.title,
      description: one.body,
      state: one.state === 'open' ? 'opened' : one.state,
      source_branch: one.branch,
      target_branch: one.base,
      source_project_id: one.fork === undefined ? PROJECT : PROJECT + 1,
      target_project_id: PROJECT,
      labels: [...one.labels],
      reviewers: one.reviewers.map((username) => ({ username })),
      // A rebase writes new commits onto the source branch first.
      sha: way === 'rebase' || way === 'fast-forward' ? one.merged?.commit : one.head,
      merge_commit_sha: way === 'merge' ? one.merged?.commit : null,
      squash_commit_sha: way === 'squash' ? one.merged?.commit : null,
      merged_at: one.state === 'merged' ? '2026-01-02T03:04:05.000Z' : null,
      web_url: `https://gitlab.example/${project}/-/merge_requests/${one.number}`,
    };
  };

  function list({ query }: Heard, at: string): Said {
    const state = query.get('state') ?? 'all';
    const matching = kept
      .all()
      .filter((one) => state === 'all' || state === whole(one).state)
      .filter((one) => query.get('scope') !== 'created_by_me' || !ofOthers.has(one.number))
      .filter((one) => [null, one.branch].includes(query.get('source_branch')))
      .filter((one) => [null, one.base].includes(query.get('target_branch')))
      .sort((one, other) =>
        (query.get('sort') ?? 'desc') === 'desc' ? other.number - one.number : one.number - other.number,
      );
    const size = Math.min(Number(query.get('per_page') ?? 20), PAGE);
    const page = Number(query.get('page') ?? 1);
    const next = new URL(`${at}/projects/${encodeURIComponent(project)}/merge_requests?${query}`);
    next.searchParams.set('page', String(page + 1));
    const more = page * size < matching.length;
    return {
      status: 200,
      body: matching.slice((page - 1) * size, page * size).map(whole),
      headers: {
        'x-page': String(page),
        ...(more ? { 'x-next-page': String(page + 1), link: `<${next.href}>; rel="next"` } : {}),
      },
    };
  }

  /** Lines that begin with a slash and the name of an action are carried out, and are no text. */
  function acted(one: Kept, text: string): string {
    return text
      .split('\n')
      .filter((line) => {
        const action = /^\s*\/(close|merge|approve|label|assign|title)\b/i.exec(line)?.[1]?.toLowerCase();
        if (action === 'close') one.state = 'closed';
        if (action === 'merge') kept.merge(one.number);
        return action === undefined;
      })
      .join('\n');
  }

  const badLength = (title: unknown, description: unknown): Said | undefined => {
    if (typeof title === 'string' && title.length > TITLE)
      return { status: 400, body: { message: { title: [`is too long (maximum is ${TITLE} characters)`] } } };
    if (typeof description === 'string' && description.length > BODY)
      return {
        status: 400,
        body: { message: { description: [`is too long (maximum is ${BODY} characters)`] } },
      };
    return undefined;
  };
  const labelsOf = (given: unknown): string[] =>
    typeof given === 'string' ? given.split(',').filter((label) => label !== '') : [];

  function create({ body: text }: Heard): Said {
    const { title, description, source_branch, target_branch, labels } = jsonOf(text);
    const missing = Object.entries({ title, source_branch, target_branch }).filter(
      ([, value]) => typeof value !== 'string' || value === '',
    );
    if (missing.length > 0)
      return { status: 400, body: { error: missing.map(([name]) => `${name} is missing`).join(', ') } };
    const unfit = badLength(title, description);
    if (unfit !== undefined) return unfit;
    const [branch, base] = [String(source_branch), String(target_branch)];
    for (const [kind, name] of [
      ['Source', branch],
      ['Target', base],
    ])
      if (git.tip(name ?? '') === undefined)
        return { status: 422, body: { message: [`${kind} branch "${name}" does not exist`] } };
    const other = kept
      .all()
      .find((one) => one.state === 'open' && one.branch === branch && one.base === base && !one.fork);
    if (other !== undefined)
      return {
        status: 409,
        body: {
          message: [`Another open merge request already exists for this source branch: !${other.number}`],
        },
      };
    const one = kept.add({ title: String(title), body: '', branch, base, labels: labelsOf(labels) });
    one.body = acted(one, typeof description === 'string' ? description : '');
    return { status: 201, body: whole(one) };
  }

  function change(one: Kept, { body: text }: Heard): Said {
    const { title, description, add_labels, labels, state_event } = jsonOf(text);
    const unfit = badLength(title, description);
    if (unfit !== undefined) return unfit;
    if (typeof title === 'string') one.title = title;
    if (typeof labels === 'string') {
      one.labels.clear();
      for (const label of labelsOf(labels)) one.labels.add(label);
    }
    for (const label of labelsOf(add_labels)) one.labels.add(label);
    if (typeof description === 'string') one.body = acted(one, description);
    if (state_event === 'close' && one.state === 'open') one.state = 'closed';
    return { status: 200, body: whole(one) };
  }

  function note(one: Kept, { body: text }: Heard): Said {
    const { body } = jsonOf(text);
    if (typeof body !== 'string' || body === '') return { status: 400, body: { error: 'body is missing' } };
    const said = acted(one, body);
    one.comments.push(said);
    return { status: 201, body: { id: one.comments.length, body: said } };
  }

  function routed(heard: Heard, at: string): Said {
    const [projects, id, room, number, what] = heard.path;
    const missing = (what: string): Said => ({ status: 404, body: { message: `404 ${what} Not Found` } });
    if (projects !== 'projects' || (id !== project && id !== String(PROJECT))) return missing('Project');
    if (room !== 'merge_requests') return { status: 404, body: { error: '404 Not Found' } };
    if (number === undefined) return heard.method === 'GET' ? list(heard, at) : create(heard);
    const one = kept.all().find((each) => String(each.number) === number);
    if (one === undefined) return { status: 404, body: { message: '404 Not found' } };
    if (what === 'notes' && heard.method === 'POST') return note(one, heard);
    if (what === undefined && heard.method === 'GET') return { status: 200, body: whole(one) };
    if (what === undefined && heard.method === 'PUT') return change(one, heard);
    return { status: 404, body: { error: '404 Not Found' } };
  }

  const served = await serveApi(`${relative}/api/v4`, (heard, at) => {
    const own = heard.headers['private-token'];
    const given =
      typeof own === 'string' ? own : /^Bearer (\S+)$/i.exec(heard.headers.authorization ?? '')?.[1];
    if (given !== token && given !== readToken) return { status: 401, body: { message: '401 Unauthorized' } };
    const headers = {
      'ratelimit-limit': '2000',
      'ratelimit-remaining': String(Math.max(limit.remaining, 0)),
      'ratelimit-reset': String(limit.resetsAt),
    };
    if (limit.remaining <= 0)
      return { status: 429, body: { message: { error: 'Too many requests. Retry later.' } }, headers };
    limit.remaining -= 1;
    if (given === readToken && heard.method !== 'GET')
      return {
        status: 403,
        body: {
          error: 'insufficient_scope',
          error_description: 'The request requires higher privileges than provided by the access token.',
          scope: 'api',
        },
      };
    const said = routed(heard, at);
    return { ...said, headers: { ...headers, ...said.headers } };
  });
  return { ...served, kind: 'gitlab' as const, token, readToken, project, kept, git, limit, ofOthers };
}
export type GitLabServer = Awaited<ReturnType<typeof gitLabServer>>;
