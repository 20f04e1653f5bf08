import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { linked } from '../../lib/proposals/call.ts';
import { codeCommitProposals } from '../../lib/proposals/codecommit.ts';
import { proposalHostOf } from '../../lib/proposals/hosts.ts';
import { type Proposal, type ProposalHost, ProposalHostFailed } from '../../lib/proposals/proposals.ts';
import { cut } from '../../lib/proposals/text.ts';
import { wordsOf } from '../../lib/proposals/words.ts';

const TOKEN = 'ghp_thisIsTheTokenOfTheTest0123456789';
const KINDS = ['github', 'gitlab', 'bitbucket'] as const;
type Kind = (typeof KINDS)[number];
const COMMIT = 'a'.repeat(40);

/** As each host answers for one that is merged. */
const DOCUMENTED: Readonly<Record<Kind, object>> = {
  github: {
    number: 7,
    html_url: 'https://github.example/acme/cluster/pull/7',
    state: 'closed',
    merged_at: '2026-01-02T03:04:05Z',
    merge_commit_sha: COMMIT,
    head: { ref: 'branch', sha: COMMIT, repo: { full_name: 'acme/cluster' } },
    base: { ref: 'main', repo: { full_name: 'acme/cluster' } },
  },
  gitlab: {
    iid: 7,
    web_url: 'https://gitlab.example/acme/cluster/-/merge_requests/7',
    state: 'merged',
    source_branch: 'branch',
    target_branch: 'main',
    source_project_id: 1,
    target_project_id: 1,
    sha: COMMIT,
    merge_commit_sha: COMMIT,
    squash_commit_sha: null,
  },
  bitbucket: {
    id: 7,
    links: { html: { href: 'https://bitbucket.example/acme/cluster/pull-requests/7' } },
    state: 'MERGED',
    source: {
      branch: { name: 'branch' },
      commit: { hash: COMMIT },
      repository: { full_name: 'acme/cluster' },
    },
    destination: {
      branch: { name: 'main' },
      commit: { hash: COMMIT },
      repository: { full_name: 'acme/cluster' },
    },
    merge_commit: { hash: COMMIT },
  },
};

describe('a host that means harm', () => {
  let answer: (response: ServerResponse, url: string) => void;
  let api = '';
  let elsewhere = '';
  const asked: string[] = [];
  const askedElsewhere: string[] = [];
  const servers = [
    createServer((request, response) => {
      asked.push(request.url ?? '');
      answer(response, request.url ?? '');
    }),
    createServer((request, response) => {
      askedElsewhere.push(`${request.url} ${request.headers.authorization}`);
      response.end('{}');
    }),
  ];
  before(async () => {
    const [own, other] = await Promise.all(
      servers.map(async (server) => {
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      }),
    );
    api = `${own}/api/v3`;
    elsewhere = other ?? '';
  });
  after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  });
  beforeEach(() => {
    asked.length = 0;
    askedElsewhere.length = 0;
  });

  const json =
    (value: unknown, status = 200, headers: Record<string, string> = {}) =>
    (response: ServerResponse) => {
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(value));
    };
  const host = (kind: Kind): Promise<ProposalHost> =>
    proposalHostOf(
      { kind, api, project: 'acme/cluster', credential: { kind: 'token', secret: 'api' } },
      'https://example.com/acme/cluster',
      { secrets: { read: async () => TOKEN }, now: () => new Date(), environment: {} },
    );
  const failed = async (attempt: Promise<unknown>, words: RegExp, kind: 'refused' | 'unreached') => {
    const error: unknown = await attempt.then(
      () => undefined,
      (thrown) => thrown,
    );
    assert.ok(error instanceof ProposalHostFailed, `not a failure of the host: ${String(error)}`);
    assert.match(error.message, words);
    assert.equal(error.kind, kind);
    assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]/u);
    assert.ok(error.message.length < 1000 && !error.message.includes(TOKEN));
  };

  for (const status of [301, 302, 307, 308])
    test(`a redirect (${status}) is followed nowhere`, async () => {
      answer = json({ message: 'Moved' }, status, { location: `${elsewhere}/repos/acme/cluster` });
      for (const kind of KINDS)
        await failed((await host(kind)).read('7'), /has moved \(30\d\): put its new URL/, 'refused');
      assert.deepEqual(askedElsewhere, []);
    });

  test('the next page is turned to in the same API alone, and not for ever', async () => {
    const places = [
      `${elsewhere}/api/v3/repos?page=2`,
      `//evil.example/api/v3/repos`,
      api.replace('http://', 'http://user:password@'),
      api.replace('/api/v3', '/other?page=2'),
      `${api}/../secrets`,
      'javascript:alert(1)',
      '/api/v3/repos?page=2',
    ];
    for (const next of places) {
      answer = json([], 200, { link: `<${next}>; rel="next"` });
      await failed(
        (await host('github')).find('branch', 'main'),
        /next page is said to be elsewhere/,
        'refused',
      );
      await failed(
        (await host('gitlab')).find('branch', 'main'),
        /next page is said to be elsewhere/,
        'refused',
      );
      answer = json({ values: [], next });
      await failed(
        (await host('bitbucket')).find('branch', 'main'),
        /next page is said to be elsewhere/,
        'refused',
      );
    }
    assert.deepEqual(askedElsewhere, []);
    asked.length = 0;
    answer = json([], 200, { link: `<${api}/repos?page=2>; rel="next"` });
    await failed((await host('github')).find('branch', 'main'), /too many of other repositories/, 'refused');
    assert.ok(asked.length <= 100);
  });

  test('an answer without an end, or without JSON, is given up', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await failed((await host('github')).read('7'), /answers with more than 2 MiB/, 'refused');
    answer = (response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please sign in</html>');
    await failed(
      (await host('gitlab')).read('7'),
      /is no JSON \(200\): is http.* the address of its API\?/,
      'refused',
    );
    answer = (response) => response.writeHead(200, { 'content-length': '100' }).write('{"a":');
    setTimeout(() => servers[0]?.closeAllConnections(), 300);
    await failed((await host('gitlab')).read('7'), /does not answer/, 'unreached');
  });

  test('who begins an answer and does not end it is left after 20 seconds', async () => {
    answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{');
    const from = Date.now();
    await failed((await host('bitbucket')).read('7'), /does not answer within 20 seconds/, 'unreached');
    assert.ok(Date.now() - from >= 19_000);
  });

  test('what it prints back of a token, and what moves a cursor or hides in a line, is in no message', async () => {
    const words = `no ${TOKEN} \u001b[2J\u202egood\u0000\r\nbye ${'x'.repeat(5000)}`;
    for (const body of [
      { message: words },
      { message: { base: [words, words] } },
      { error: { message: words, detail: { required: [words] } } },
      { error: 'no', error_description: words },
    ]) {
      answer = json(body, 422);
      for (const kind of KINDS)
        await failed((await host(kind)).read('7'), /no \*{3} \[2J ?good bye/, 'refused');
    }
    // JSON may write any letter by its number.
    const escaped = [...TOKEN].map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join('');
    answer = (response) => response.writeHead(422).end(`{"message":"no ${escaped}!"}`);
    for (const kind of KINDS) await failed((await host(kind)).read('7'), /no \*{3}!/, 'refused');
  });

  test('pages that are no pages for people, commits that are none, and states that nobody knows are not taken', async () => {
    const wrong: readonly (readonly [Kind, object])[] = [
      ['github', { html_url: 'javascript:alert(1)' }],
      ['github', { html_url: 'https://user:password@github.example/7' }],
      ['github', { html_url: 'https://github.example/7\nFairlead-By: me' }],
      ['github', { html_url: `https://github.example/${'7'.repeat(3000)}` }],
      ['github', { merge_commit_sha: '--upload-pack=touch' }],
      ['github', { number: 7.5 }],
      ['github', { state: 'perhaps' }],
      ['gitlab', { sha: 'HEAD' }],
      ['gitlab', { iid: '7' }],
      ['gitlab', { state: null }],
      ['bitbucket', { merge_commit: { hash: 'main' } }],
      ['bitbucket', { links: {} }],
    ];
    for (const [kind, part] of wrong) {
      answer = json({ ...DOCUMENTED[kind], ...part });
      await failed((await host(kind)).read('7'), /the answer is not as documented \(at "/, 'refused');
    }
  });

  test('whatever it answers, it is a proposal in its form or a failure in words', async () => {
    const isProposal = (found: Proposal | undefined) => {
      if (found === undefined) return;
      assert.match(found.number, /^\d+$/);
      assert.match(found.url, /^https?:\/\/[\x21-\x7e]+$/);
      if (found.head !== undefined) assert.match(found.head, /^[0-9a-f]{40}$/);
      if (found.state.kind === 'merged' && found.state.commit !== undefined)
        assert.match(found.state.commit, /^[0-9a-f]{40}$/);
    };
    const mutated = fc.tuple(
      fc.constantFrom(...KINDS),
      fc.jsonValue(),
      fc.jsonValue(),
      fc.nat(),
      fc.constantFrom(200, 200, 200, 201, 204, 299, 304, 403, 422, 429, 500),
    );
    await fc.assert(
      fc.asyncProperty(mutated, async ([kind, value, other, at, status]) => {
        const names = Object.keys(DOCUMENTED[kind]);
        const one = { ...DOCUMENTED[kind], [names[at % names.length] ?? '']: value };
        const bodies = [one, value, [one, other], { values: [one], next: other }];
        answer = json(bodies[at % bodies.length], status);
        const spoken = await host(kind);
        for (const call of [spoken.read('7'), spoken.find('branch', 'main')])
          await call.then(isProposal, (error: unknown) => {
            if (!(error instanceof ProposalHostFailed)) throw error;
            assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]/u);
            assert.ok(error.message.length < 1000);
          });
      }),
      { numRuns: 300 },
    );
  });

  test('so does CodeCommit', async () => {
    const never = () => Promise.reject(new Error('not asked for'));
    const place = { name: 'cluster', region: 'eu-central-1', partition: 'aws' } as const;
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (target, status) => {
        const found = { pullRequestId: '7', pullRequestStatus: status, pullRequestTargets: [target] };
        const pulls = {
          list: async () => ({ ids: ['7', 'seven', '../7'], nextToken: undefined }),
          get: async () => JSON.parse(JSON.stringify(found)),
          create: never,
          change: never,
          comment: never,
          close: never,
        };
        await codeCommitProposals(pulls, place)
          .find('branch', 'main')
          .catch((error: unknown) => {
            if (!(error instanceof ProposalHostFailed)) throw error;
          });
      }),
      { numRuns: 500 },
    );
  });
});

describe('what is read of answers', () => {
  test('words are one line of bounded length, out of any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const words = wordsOf({ message: value, error: value });
        assert.ok(words.length <= 241);
        assert.doesNotMatch(words, /[\p{C}\n\r\u2028\u2029]/u);
      }),
      { numRuns: 2000 },
    );
  });

  test('links are found among others, and a long header takes no time', () => {
    const next = 'https://api.github.com/repositories/1/pulls?page=2';
    const link = `<https://api.github.com/x?a=b,c>; rel="last", <${next}>; title="a"; rel="next"`;
    assert.equal(linked({ link }, 'next'), next);
    assert.equal(linked({ link }, 'prev'), undefined);
    assert.equal(linked({}, 'next'), undefined);
    for (const nasty of [
      '<'.repeat(60_000),
      `<a>${'; a=" '.repeat(10_000)}`,
      `<a>${';a=   '.repeat(10_000)}`,
    ]) {
      const from = process.cpuUsage().user;
      linked({ link: nasty }, 'next');
      assert.ok(process.cpuUsage().user - from < 1_000_000, 'a second of CPU time');
    }
  });

  test('a text is cut to its length, and never within a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (text, most) => {
        const kept = cut(text, most);
        assert.ok(kept.length <= most);
        if (text.isWellFormed()) assert.ok(kept.isWellFormed());
        if (text.length <= most) assert.equal(kept, text);
      }),
    );
  });
});
