import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ServedKind } from '../../../lib/cluster/discovery.ts';
import { discover } from '../../../lib/cluster/discovery.ts';
import { ANSWER_BYTES } from '../../../lib/cluster/http.ts';
import { listObjects } from '../../../lib/cluster/listing.ts';
import { BUDGET, type Budget, type Reader, readerOf } from '../../../lib/cluster/reader.ts';

/** What a cluster, or whoever stands in front of it, may answer: none of it is an empty list, and none of it ends us. */
const SEALING = Buffer.alloc(32, 7);
const WIDGET: ServedKind = {
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  resource: 'widgets',
  scope: 'namespaced',
  verbs: ['list'],
};
const widget = (name: string, more: object = {}) => ({ metadata: { name, namespace: 'shop' }, ...more });
const page = (items: readonly object[], more = '', about: object = {}) =>
  JSON.stringify({
    kind: 'WidgetList',
    apiVersion: 'example.com/v1',
    metadata: { continue: more },
    items,
    ...about,
  });

async function asking<Result>(
  listener: RequestListener,
  work: (reader: Reader) => Promise<Result>,
  budget: Budget = BUDGET,
): Promise<Result> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const reader = readerOf({ name: 'c', url, headers: { authorization: 'Bearer hunter2' }, tls: {} }, budget);
  try {
    return await work(reader);
  } finally {
    reader.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const listing = (listener: RequestListener, options = {}, budget?: Budget) =>
  asking(listener, (reader) => listObjects(reader, WIDGET, options, SEALING), budget);
const query = (url: string | undefined) => new URL(url ?? '', 'http://x').searchParams;

describe('a list whose answer', () => {
  const LIES: readonly (readonly [name: string, body: string, says: RegExp])[] = [
    ['is of another kind', page([widget('a', { kind: 'Gadget' })]), /answered with others/],
    ['is of another version', page([], '', { apiVersion: 'v1' }), /answered with others/],
    [
      'is one object',
      JSON.stringify({ kind: 'Widget', apiVersion: 'example.com/v1' }),
      /not what a Kubernetes/,
    ],
    [
      'is a Status that says success',
      JSON.stringify({ kind: 'Status', status: 'Success' }),
      /not what a Kube/,
    ],
    ['has an object without a name', page([{ metadata: {} }]), /answered with others/],
    ['has an item that is no object', page(['a' as unknown as object]), /answered with others/],
    ['has items that are no list', page([], '', { items: { a: 1 } }), /not what a Kubernetes/],
    ['is cut in the middle of its text', page([widget('a')]).slice(0, -9), /not what a Kubernetes/],
    ['is empty', '', /not what a Kubernetes/],
    ['is nested without end', `${'['.repeat(200_000)}`, /not what a Kubernetes/],
  ];
  for (const [name, body, says] of LIES) {
    test(`${name} is no list`, async () => {
      const answer = await listing((_asked, told) => told.end(body));
      assert.equal(answer.kind, 'failed');
      assert.match(answer.kind === 'failed' ? answer.reason : '', says);
    });
  }

  test('says null for no items is empty, as Go writes it', async () => {
    const answer = await listing((_asked, told) => told.end(page([], '', { items: null })));
    assert.deepEqual(answer, { kind: 'answered', value: [] });
  });

  test('is of another namespace than was asked for is no list', async () => {
    const answer = await listing((_asked, told) => told.end(page([widget('a')])), { namespace: 'bank' });
    assert.equal(answer.kind, 'failed');
  });

  test('has an object named as JavaScript names its own is that object', async () => {
    const text = page([widget('__proto__')]).replace('{"metadata"', '{"__proto__":{"a":1},"metadata"');
    const answer = await listing((_asked, told) => told.end(text));
    assert.equal(answer.kind, 'answered');
    assert.equal(({} as { a?: number }).a, undefined);
  });
});

describe('pages', () => {
  test('without end, each with a token of its own, end', async () => {
    let asked = 0;
    const answer = await listing((_asked, told) => told.end(page([], `more-${asked++}`)));
    assert.match(answer.kind === 'failed' ? answer.reason : '', /without end/);
    assert.ok(asked <= 2000, `${asked} requests`);
  });

  test('with one token for ever end at once', async () => {
    let asked = 0;
    const answer = await listing((_asked, told) => {
      asked++;
      told.end(page([widget('a')], 'again'));
    });
    assert.match(answer.kind === 'failed' ? answer.reason : '', /without end/);
    assert.equal(asked, 2);
  });

  test('that expire each time are begun anew three times', async () => {
    let begun = 0;
    const answer = await listing((asked, told) => {
      if (query(asked.url).has('continue')) return told.writeHead(410).end('{}');
      begun++;
      return told.end(page([widget('a')], 'second'));
    });
    assert.match(answer.kind === 'failed' ? answer.reason : '', /\(410\)/);
    assert.equal(begun, 3);
  });

  test('that are larger than is held in memory are asked for in smaller ones', async () => {
    const limits: string[] = [];
    const filler = Buffer.alloc(1024 * 1024, 'x');
    const answer = await listing((asked, told) => {
      const limit = query(asked.url).get('limit') ?? '';
      limits.push(limit);
      if (limit === '5') return told.end(page([widget('a')]));
      for (let sent = 0; sent <= ANSWER_BYTES; sent += filler.length) told.write(filler);
      return told.end();
    });
    assert.equal(answer.kind, 'answered');
    assert.deepEqual(limits, ['500', '50', '5']);
  });

  test('that unpack to more than is held in memory are not unpacked whole', async () => {
    const bomb = gzipSync(Buffer.alloc(ANSWER_BYTES + 1));
    const answer = await listing((_asked, told) =>
      told.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    assert.match(answer.kind === 'failed' ? answer.reason : '', /more than 64 MiB at once/);
  });

  test('keep of each only what is wanted', async () => {
    const answer = await listing((_asked, told) => told.end(page([widget('a'), widget('b')])), {
      keep: ({ metadata }: { metadata: { name: string } }) => metadata.name === 'b',
    });
    const names = answer.kind === 'answered' ? answer.value.map(({ metadata }) => metadata.name) : [];
    assert.deepEqual(names, ['b']);
  });
});

describe('a server that', () => {
  test('breaks off in the middle is asked again', async () => {
    let asked = 0;
    const answer = await listing((_asked, told) => {
      if (asked++ > 0) return told.end(page([widget('a')]));
      told.writeHead(200, { 'content-length': '1000' });
      told.write('{"kind":');
      return setTimeout(() => told.destroy(), 20);
    });
    assert.equal(answer.kind, 'answered');
    assert.equal(asked, 2);
  });

  test('says in a date when to ask again is asked then', async () => {
    let asked = 0;
    const answer = await listing((_asked, told) =>
      asked++ === 0
        ? told.writeHead(503, { 'retry-after': new Date(Date.now() - 1000).toUTCString() }).end()
        : told.end(page([])),
    );
    assert.equal(answer.kind, 'answered');
  });

  test('says "later" to everything is not waited for longer than a run may wait', async () => {
    const started = performance.now();
    const answer = await listing(
      (_asked, told) => told.writeHead(429, { 'retry-after': '5' }).end(),
      {},
      { ...BUDGET, waitingMs: 1000 },
    );
    assert.match(answer.kind === 'failed' ? answer.reason : '', /answered 429/);
    assert.ok(performance.now() - started < 4000);
  });

  test('is asked no more than a run may ask: the rest is not judged, and says why', async () => {
    let asked = 0;
    const answers = await asking(
      (_asked, told) => {
        asked++;
        told.end(page([]));
      },
      async (reader) => {
        const kinds = Array.from({ length: 5 }, () => listObjects(reader, WIDGET, {}, SEALING));
        return await Promise.all(kinds);
      },
      { ...BUDGET, requests: 3 },
    );
    assert.equal(asked, 3);
    assert.deepEqual(answers.map(({ kind }) => kind).sort(), [
      'answered',
      'answered',
      'answered',
      'failed',
      'failed',
    ]);
    const refused = answers.find(({ kind }) => kind === 'failed');
    assert.match(refused?.kind === 'failed' ? refused.reason : '', /at most 3 requests/);
  });

  test('takes longer than a run may take is asked no more', async () => {
    const answer = await asking(
      (_asked, told) => setTimeout(() => told.end(page([])), 30),
      async (reader) => {
        await listObjects(reader, WIDGET, {}, SEALING);
        return await listObjects(reader, WIDGET, {}, SEALING);
      },
      { ...BUDGET, wholeMs: 20 },
    );
    assert.match(answer.kind === 'failed' ? answer.reason : '', /takes at most 0.02 seconds/);
  });

  test('writes controls and our own token into its message has neither shown', async () => {
    const answer = await listing((asked, told) =>
      told
        .writeHead(400)
        .end(JSON.stringify({ message: `\u001b[2J\u202e${'x'.repeat(5000)}${asked.headers.host}` })),
    );
    const reason = answer.kind === 'failed' ? answer.reason : '';
    assert.doesNotMatch(reason, /[\p{C}]/u);
    assert.ok(reason.length < 400, `${reason.length} characters`);
  });

  test('leads elsewhere is not followed', async () => {
    let followed = false;
    const answer = await listing((asked, told) => {
      if (asked.url?.startsWith('/elsewhere')) followed = true;
      told.writeHead(302, { location: '/elsewhere' }).end();
    });
    assert.equal(answer.kind, 'failed');
    assert.equal(followed, false);
  });
});

describe('discovery', () => {
  const groups = (items: unknown) => JSON.stringify({ kind: 'APIGroupDiscoveryList', items });
  const widgets = {
    resource: 'widgets',
    responseKind: { kind: 'Widget' },
    scope: 'Namespaced',
    verbs: ['list'],
  };
  const version = (freshness: string, resources: readonly object[]) => [
    { metadata: { name: 'example.com' }, versions: [{ version: 'v1', freshness, resources }] },
  ];
  const discovering = (apis: string) =>
    asking(
      (asked, told) => told.end(asked.url === '/api' ? groups([]) : apis),
      (reader) => discover(reader),
    );

  test('of a group whose own server is down is stale, with what was known of it', async () => {
    const answer = await discovering(groups(version('Stale', [widgets])));
    assert.ok(answer.kind === 'answered' && answer.value.stale.has('example.com/v1'));
    assert.equal(answer.value.find('example.com/v1', 'Widget')?.resource, 'widgets');
  });

  test('of a group whose own server is down and was never read is stale, and has no kinds', async () => {
    const answer = await discovering(groups(version('Stale', [])));
    assert.ok(answer.kind === 'answered' && answer.value.stale.has('example.com/v1'));
    assert.equal(answer.value.find('example.com/v1', 'Widget'), undefined);
  });

  test('that is no discovery fails, so that nothing is taken for not served', async () => {
    assert.equal((await discovering('{"kind":"Status"}')).kind, 'failed');
  });
});
