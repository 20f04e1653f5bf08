import { type Kept, keptProposals } from './kept.ts';
import { hostedRepository } from './repository.ts';
import { type Heard, jsonOf, type Said, serveApi } from './serve.ts';

/**
 * Bitbucket Cloud's REST API 2.0 for pull requests, written from its documentation (developer.atlassian.com/cloud/bitbucket:
 * "Pullrequests", "Commits", "Filtering and sorting", "Pagination", "Authentication methods", "Error format"), and from
 * what its users say: an update without reviewers removes them, and a pull request that is open already is given back. It
 * knows nothing of lib/proposals.
 */
export interface BitbucketOptions {
  readonly bare: string;
  /** Default: `acme/cluster`. */
  readonly repository?: string;
}

const PAGE = 2;
const TITLE = 255;
const COMMENT = 32_768;
/** Hashes are abbreviated wherever they are part of something else. */
const SHORT = 12;

export async function bitbucketServer({ bare, repository = 'acme/cluster' }: BitbucketOptions) {
  const token = `ATCT${'t0ken'.repeat(8)}`;
  /** An API token of a person goes with the account's address. */
  const account = { email: 'bot@example.com', token: `ATAT${'p3rson'.repeat(7)}` };
  const readToken = `ATCT${'r3ad'.repeat(10)}`;
  const git = hostedRepository(bare);
  const kept = keptProposals(git);
  const limit = { remaining: 1000 };

  const error = (status: number, message: string, more: object = {}): Said => ({
    status,
    body: { type: 'error', error: { message, ...more } },
  });
  const state = (one: Kept) => ({ open: 'OPEN', merged: 'MERGED', closed: 'DECLINED' })[one.state];
  const shortOf = (commit: string | undefined) =>
    commit === undefined ? null : { type: 'commit', hash: commit.slice(0, SHORT) };

  const listed = (one: Kept) => ({
    type: 'pullrequest',
    id: one.number,
    title: one.title,
    description: one.body,
    state: state(one),
    source: {
      branch: { name: one.branch },
      commit: shortOf(one.head),
      repository: { full_name: one.fork ?? repository },
    },
    destination: {
      branch: { name: one.base },
      commit: shortOf(git.tip(one.base)),
      repository: { full_name: repository },
    },
    merge_commit: shortOf(one.merged?.commit),
    close_source_branch: false,
    links: { html: { href: `https://bitbucket.example/${repository}/pull-requests/${one.number}` } },
  });
  const whole = (one: Kept) => ({
    ...listed(one),
    reviewers: one.reviewers.map((uuid) => ({ type: 'user', uuid })),
  });

  function list({ query }: Heard, at: string): Said {
    const states = query.getAll('state');
    const terms = termsOf(query.get('q') ?? '');
    if (terms === undefined) return error(400, 'Invalid query');
    const matching = kept
      .all()
      .filter((one) => (states.length === 0 ? ['OPEN'] : states).includes(state(one)))
      .filter((one) => terms.every(([field, value]) => fieldOf(one, field) === value))
      .sort((one, other) =>
        query.get('sort') === '-created_on' ? other.number - one.number : one.number - other.number,
      );
    const size = Math.min(Number(query.get('pagelen') ?? 10), PAGE);
    const page = Number(query.get('page') ?? 1);
    const next = new URL(`${at}/repositories/${repository}/pullrequests?${query}`);
    next.searchParams.set('page', String(page + 1));
    return {
      status: 200,
      body: {
        size: matching.length,
        page,
        pagelen: size,
        values: matching.slice((page - 1) * size, page * size).map(listed),
        ...(page * size < matching.length ? { next: next.href } : {}),
      },
    };
  }
  const fieldOf = (one: Kept, field: string): string | undefined =>
    ({
      'source.branch.name': one.branch,
      'destination.branch.name': one.base,
      'source.repository.full_name': one.fork ?? repository,
      state: state(one),
      title: one.title,
    })[field];

  function create({ body: text }: Heard): Said {
    const { title, description, source, destination } = jsonOf(text);
    const [branch, base] = [branchOf(source), branchOf(destination) ?? 'main'];
    if (typeof title !== 'string' || title === '')
      return error(400, 'Bad request', { fields: { title: ['This field is required.'] } });
    if (title.length > TITLE)
      return error(400, 'Bad request', {
        fields: { title: [`Ensure this value has at most ${TITLE} characters.`] },
      });
    if (branch === undefined)
      return error(400, 'Bad request', { fields: { source: ['This field is required.'] } });
    for (const [field, name] of [
      ['source', branch],
      ['destination', base],
    ] as const)
      if (git.tip(name) === undefined)
        return error(400, `${field}: branch not found: ${name}`, {
          fields: { [field]: [`branch not found: ${name}`] },
        });
    const other = kept
      .all()
      .find((one) => one.state === 'open' && one.branch === branch && one.base === base && !one.fork);
    if (other !== undefined) return { status: 201, body: whole(other) };
    if (git.contains(base, git.tip(branch) ?? '')) return error(400, 'There are no changes to be pulled');
    const body = typeof description === 'string' ? description : '';
    return { status: 201, body: whole(kept.add({ title, body, branch, base })) };
  }

  function change(one: Kept, { body: text }: Heard): Said {
    const { title, description, reviewers } = jsonOf(text);
    if (one.state !== 'open') return error(400, 'This pull request is already closed.');
    if (typeof title !== 'string' || title === '' || title.length > TITLE)
      return error(400, 'Bad request', { fields: { title: ['This field is required.'] } });
    one.title = title;
    if (typeof description === 'string') one.body = description;
    one.reviewers = Array.isArray(reviewers)
      ? reviewers.map((each: unknown) => String(Object(each).uuid))
      : [];
    return { status: 200, body: whole(one) };
  }

  function comment(one: Kept, { body: text }: Heard): Said {
    const { content } = jsonOf(text);
    const raw: unknown = Object(content).raw;
    if (typeof raw !== 'string' || raw === '')
      return error(400, 'Bad request', { fields: { content: ['required'] } });
    if (raw.length > COMMENT)
      return error(400, 'Bad request', { fields: { content: [`at most ${COMMENT} characters`] } });
    one.comments.push(raw);
    return { status: 201, body: { id: one.comments.length, content: { raw } } };
  }

  function decline(one: Kept): Said {
    if (one.state !== 'open') return error(555, 'This pull request is already closed.');
    one.state = 'closed';
    return { status: 200, body: whole(one) };
  }

  function routed(heard: Heard, at: string): Said {
    const [repositories, workspace, slug, room, id, what] = heard.path;
    if (repositories !== 'repositories' || `${workspace}/${slug}` !== repository)
      return error(404, `Repository ${workspace}/${slug} not found`);
    if (room === 'commit' && heard.method === 'GET') {
      const hash = git.whole(id ?? '');
      return hash === undefined
        ? error(404, `Commit not found`)
        : { status: 200, body: { type: 'commit', hash } };
    }
    if (room !== 'pullrequests') return error(404, 'Not found');
    if (id === undefined) return heard.method === 'GET' ? list(heard, at) : create(heard);
    const one = kept.all().find((each) => String(each.number) === id);
    if (one === undefined) return error(404, `Pull request ${id} not found`);
    switch (`${heard.method} ${what ?? ''}`) {
      case 'GET ':
        return { status: 200, body: whole(one) };
      case 'PUT ':
        return change(one, heard);
      case 'POST comments':
        return comment(one, heard);
      case 'POST decline':
        return decline(one);
      default:
        return error(404, 'Not found');
    }
  }

  const basic = Buffer.from(`${account.email}:${account.token}`).toString('base64');
  const served = await serveApi('/2.0', (heard, at) => {
    const given = heard.headers.authorization ?? '';
    const known = [`Bearer ${token}`, `Bearer ${readToken}`, `Basic ${basic}`].includes(given);
    if (!known) return error(401, 'Token is invalid, expired, or not supported for this endpoint.');
    if (limit.remaining <= 0) return error(429, 'Rate limit for this resource has been exceeded');
    limit.remaining -= 1;
    if (given === `Bearer ${readToken}` && heard.method !== 'GET')
      return error(403, 'Your credentials lack one or more required privilege scopes.', {
        detail: { required: ['pullrequest:write'], granted: ['pullrequest'] },
      });
    return routed(heard, at);
  });
  return {
    ...served,
    kind: 'bitbucket' as const,
    token,
    readToken,
    account,
    project: repository,
    kept,
    git,
    limit,
  };
}
export type BitbucketServer = Awaited<ReturnType<typeof bitbucketServer>>;

const branchOf = (value: unknown): string | undefined => {
  const name: unknown = Object(Object(value).branch).name;
  return typeof name === 'string' ? name : undefined;
};

/** `field = "text"`, joined by AND; undefined for what is none of it. */
function termsOf(query: string): (readonly [field: string, value: string])[] | undefined {
  if (query === '') return [];
  const terms = query
    .split(' AND ')
    .map((term) => /^([a-z_.]+)\s*=\s*"((?:[^"\\]|\\.)*)"$/.exec(term.trim()));
  return terms.some((term) => term === null)
    ? undefined
    : terms.map((term) => [term?.[1] ?? '', (term?.[2] ?? '').replace(/\\(.)/g, '$1')] as const);
}
