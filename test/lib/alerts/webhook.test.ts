import assert from 'node:assert/strict';
import dns from 'node:dns';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { after, describe, mock, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { Silent } from '../../../lib/alerts/silent.ts';
import { idOf, signatureOf, webhookSender } from '../../../lib/alerts/webhook.ts';
import { post } from '../../../lib/alerts/webhook-post.ts';
import type { Webhook } from '../../../lib/config/audiences.ts';
import { EXAMPLES } from './examples.ts';

const KEY = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const alert = EXAMPLES.drift as Alert;
const ended: (() => Promise<unknown>)[] = [];
after(() => Promise.all(ended.map((end) => end())));

interface Got {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on a port of its own, and what it got. */
async function receiver(answer: (got: Got, response: ServerResponse) => void) {
  const got: Got[] = [];
  const server = createServer(async (request, response) => {
    const one = {
      headers: request.headers,
      body: Buffer.concat((await request.toArray()) as Buffer[]).toString('utf8'),
    };
    got.push(one);
    answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ended.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { got, port, url: `http://127.0.0.1:${port}/a-token-in-the-path?and=one` };
}

/** Speaks bytes, not HTTP. */
async function rawReceiver(speak: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    speak(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ended.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/a-token-in-the-path`, port, sockets };
}

/** Secrets that change from one reading to the next; the last one stays. */
function secretsOf(...values: readonly string[]) {
  const reads: string[] = [];
  return {
    reads,
    read: async (id: string) => {
      reads.push(id);
      return values[Math.min(reads.length, values.length) - 1] ?? '';
    },
  };
}

/** A machine that is busy answers late: only who is silent is waited for so shortly. */
const SILENCE = 500;

function senderTo(
  url: string,
  secrets = secretsOf(KEY),
  now = () => new Date(),
  deadlineMilliseconds = 30_000,
) {
  const webhook: Webhook = {
    name: 'tickets',
    form: 'webhook',
    url,
    secret: 'fairlead/tickets',
    network: 'private',
  };
  return webhookSender(webhook, { secrets, now, deadlineMilliseconds });
}

const impatientSenderTo = (url: string) => senderTo(url, undefined, undefined, SILENCE);

/** The failure of a try, which must name neither key nor path. */
async function failureOf(telling: Promise<void>): Promise<Error> {
  let failure: unknown;
  await telling.catch((error: unknown) => {
    failure = error;
  });
  assert.ok(failure instanceof Error, 'it was taken');
  for (const text of [failure.message, failure.stack ?? '', JSON.stringify(failure), String(failure.cause)])
    assert.doesNotMatch(text, new RegExp(`${KEY}|a-token-in-the-path`));
  return failure;
}

describe('what is posted', () => {
  test('is signed over its timestamp and its bytes, and says which alert it is', async () => {
    const { got, url } = await receiver((_got, response) => response.writeHead(204).end());
    const now = () => new Date('2026-11-21T13:00:00.900Z');
    await senderTo(url, secretsOf(`${KEY}\n`), now).send(alert);
    const [one] = got;
    assert.ok(one);
    assert.equal(one.headers['fairlead-timestamp'], '1795266000');
    assert.equal(one.headers['fairlead-signature'], signatureOf(KEY, '1795266000', one.body));
    assert.match(String(one.headers['fairlead-signature']), /^v1=[0-9a-f]{64}$/);
    assert.equal(one.headers['fairlead-event'], `${alert.incident}/${alert.sequence}`);
    assert.equal(one.headers['content-type'], 'application/json');
    const { apiVersion, alert: told } = JSON.parse(one.body) as { apiVersion: string; alert: Alert };
    assert.equal(apiVersion, 'fairlead.dev/v1');
    assert.equal(told.incident, alert.incident);
  });

  test('has an id that any header can hold, and that differs where incidents do', () => {
    assert.equal(idOf({ incident: 'a/b/shop/web/drift/1', sequence: 2 }), 'a/b/shop/web/drift/1/2');
    assert.equal(idOf({ incident: 'a b%é\r\nX: y', sequence: 1 }), 'a%20b%25%c3%a9%0d%0aX:%20y/1');
    const long = idOf({ incident: 'é'.repeat(4000), sequence: 1 });
    assert.match(long, /^[0-9a-f]{64}\/1$/);
    assert.notEqual(long, idOf({ incident: `${'é'.repeat(3999)}e`, sequence: 1 }));
  });
});

describe('the key', () => {
  test('is read once while all goes well', async () => {
    const { url } = await receiver((_got, response) => response.writeHead(200).end('thanks'));
    const secrets = secretsOf(KEY);
    const sender = senderTo(url, secrets);
    for (let count = 0; count < 3; count++) await sender.send(alert);
    assert.deepEqual(secrets.reads, ['fairlead/tickets']);
  });

  const lets = (key: string) => (one: Got, response: ServerResponse) => {
    const wanted = signatureOf(key, String(one.headers['fairlead-timestamp']), one.body);
    response.writeHead(one.headers['fairlead-signature'] === wanted ? 204 : 401).end();
  };

  test('that was changed on both sides is read anew and used at once', async () => {
    const { got, url } = await receiver(lets('a-new-key-of-many-bytes'));
    const secrets = secretsOf(KEY, 'a-new-key-of-many-bytes');
    await senderTo(url, secrets).send(alert);
    assert.equal(got.length, 2);
    assert.equal(secrets.reads.length, 2);
  });

  test('that is another one there is a failure, asked twice at most, and is read again for the next try', async () => {
    const { got, url } = await receiver(lets('a-new-key-of-many-bytes'));
    const secrets = secretsOf(KEY, KEY, 'a-new-key-of-many-bytes');
    const sender = senderTo(url, secrets);
    assert.match((await failureOf(sender.send(alert))).message, /^127\.0\.0\.1:\d+ answers with status 401$/);
    assert.equal(got.length, 1, 'with the same key it is not asked again');
    await sender.send(alert);
  });

  test('that cannot be read, or is guessed, is a failure that does not tell it', async () => {
    const { got, url } = await receiver((_got, response) => response.writeHead(200).end());
    const refusing = {
      reads: [],
      read: async () => {
        throw Object.assign(new Error(`not for you: ${KEY}`), { name: 'AccessDeniedException' });
      },
    };
    const failure = await failureOf(senderTo(url, refusing).send(alert));
    assert.equal(failure.message, 'its secret "fairlead/tickets" cannot be read (AccessDeniedException)');
    assert.match(
      (await failureOf(senderTo(url, secretsOf('short')).send(alert))).message,
      /fewer than 16 bytes/,
    );
    assert.equal(got.length, 0);
  });
});

describe('an answer that is none', () => {
  test('a redirect is not followed', async () => {
    const other = await receiver((_got, response) => response.writeHead(200).end());
    for (const status of [301, 302, 303, 307, 308]) {
      const { url } = await receiver((_got, response) =>
        response.writeHead(status, { location: other.url }).end(),
      );
      assert.match((await failureOf(senderTo(url).send(alert))).message, /redirects are not followed/);
    }
    assert.equal(other.got.length, 0);
  });

  test('a failure of the server is one, with its status', async () => {
    for (const status of [400, 404, 410, 429, 500, 503]) {
      const { url } = await receiver((_got, response) => response.writeHead(status).end(KEY));
      assert.match((await failureOf(senderTo(url).send(alert))).message, new RegExp(`status ${status}$`));
    }
  });

  test('silence ends after its time: nothing at all, a status line byte by byte', async () => {
    const mute = await rawReceiver(() => {});
    const slow = await rawReceiver((socket) => {
      const text = 'HTTP/1.1 200 OK\r\nX: ';
      let index = 0;
      const timer = setInterval(() => socket.write(text[index++] ?? 'x'), 50);
      socket.on('close', () => clearInterval(timer));
    });
    for (const { url } of [mute, slow]) {
      const began = Date.now();
      const failure = await failureOf(impatientSenderTo(url).send(alert));
      assert.ok(failure instanceof Silent, failure.message);
      assert.match(failure.message, /^127\.0\.0\.1:\d+ did not answer within 0\.5 seconds$/);
      assert.ok(Date.now() - began >= SILENCE - 10);
    }
  });

  test('nobody listens, somebody hangs up, somebody speaks no HTTP or another protocol', async () => {
    const gone = await rawReceiver(() => {});
    const { port } = gone;
    await ended.pop()?.();
    const failures = [
      await failureOf(senderTo(`http://127.0.0.1:${port}/a-token-in-the-path`).send(alert)),
      await failureOf(impatientSenderTo((await rawReceiver((socket) => socket.end())).url).send(alert)),
      await failureOf(
        impatientSenderTo((await rawReceiver((socket) => socket.end('220 smtp\r\n'))).url).send(alert),
      ),
      await failureOf(
        impatientSenderTo(
          (
            await rawReceiver((socket) =>
              socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
            )
          ).url,
        ).send(alert),
      ),
    ];
    for (const { message } of failures) assert.match(message, /does not answer \(|did not answer within/);
    assert.match(failures[0]?.message ?? '', /ECONNREFUSED/);
  });

  test('one that never ends is not read: its status was the answer', async () => {
    let written = 0;
    const endless = await rawReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const pour = () => {
        while (!socket.destroyed && socket.write('x'.repeat(64 * 1024))) written += 64 * 1024;
      };
      socket.on('drain', pour);
      setImmediate(pour);
    });
    await senderTo(endless.url).send(alert);
    // It is cut off, or this test never ends.
    while (![...endless.sockets].every(({ destroyed }) => destroyed))
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(written < 64 * 1024 * 1024, `${written} bytes`);
  });
});

describe('addresses', () => {
  const asked = { headers: {}, body: '{}', deadlineMilliseconds: 30_000 };

  test('of this machine and its network are not spoken to, however they are written', async () => {
    const server = await rawReceiver(() => assert.fail('it was spoken to'));
    const hosts = [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0x7f.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '10.0.0.1',
    ];
    for (const host of hosts) {
      const answer = await post({ ...asked, url: `https://${host}:${server.port}/`, network: 'public' });
      assert.equal(answer.kind, 'failed', host);
      assert.match(answer.kind === 'failed' ? answer.reason : '', /may not be at/, host);
    }
  });

  test('of an instance’s credentials are not, even where private ones are', async () => {
    for (const host of ['169.254.169.254', '[fd00:ec2::254]', '0.0.0.0']) {
      const answer = await post({ ...asked, url: `http://${host}/`, network: 'private' });
      assert.match(answer.kind === 'failed' ? answer.reason : '', /may not be at/, host);
    }
  });

  test('are looked up once: a name that leads elsewhere the second time leads nobody there', async () => {
    const server = await rawReceiver(() => assert.fail('it was spoken to'));
    const answers = ['192.0.2.1', '127.0.0.1'];
    for (const first of ['127.0.0.1', '93.184.216.34']) {
      answers[0] = first;
      let looks = 0;
      const looking = mock.method(dns, 'lookup', (...given: unknown[]) => {
        const address = answers[Math.min(looks++, 1)];
        (given.at(-1) as (error: null, found: object[]) => void)(null, [{ address, family: 4 }]);
      });
      syncBuiltinESMExports();
      try {
        const url = `https://rebinding.example:${server.port}/`;
        const answer = await post({ ...asked, url, network: 'public', deadlineMilliseconds: SILENCE });
        assert.notEqual(answer.kind, 'answered');
        assert.equal(looks, 1);
      } finally {
        looking.mock.restore();
        syncBuiltinESMExports();
      }
    }
  });

  test('over plain http are for what is private', async () => {
    const answer = await post({ ...asked, url: 'http://93.184.216.34/', network: 'public' });
    assert.match(answer.kind === 'failed' ? answer.reason : '', /would be spoken to over http:/);
  });
});
