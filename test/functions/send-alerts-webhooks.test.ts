import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { sendAlerts } from '../../functions/send-alerts.ts';
import type { Alert } from '../../lib/alerts/alert.ts';
import { untoldOf, withUntold } from '../../lib/alerts/outbox.ts';
import { signatureOf } from '../../lib/alerts/webhook.ts';
import { type Environment, VARIABLES } from '../../lib/aws/environment.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { toWebhookParameters, webhooksPath } from '../../lib/config/parameters.ts';
import { BUCKETS, EVENT_BUS, TABLE } from '../../local/aws/aws.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';
import { EXAMPLES } from '../lib/alerts/examples.ts';

const PK = 'incident#staging';
const KEY = 'the-key-of-the-tickets-0123456789';
const PATH = webhooksPath('fairlead');

/** `send-alerts` as it is deployed, over the embedded AWS, and webhooks that are real servers. */
describe('send-alerts and webhooks', () => {
  const got: { path: string; event: string; isOurs: boolean }[] = [];
  const answers = new Map<string, (response: ServerResponse) => void>();
  const well = (response: ServerResponse) => void response.writeHead(204).end();
  const server = createServer(async (request, response) => {
    const body = Buffer.concat((await request.toArray()) as Buffer[]).toString('utf8');
    const wanted = signatureOf(KEY, String(request.headers['fairlead-timestamp']), body);
    const path = request.url ?? '';
    got.push({
      path,
      event: String(request.headers['fairlead-event']),
      isOurs: request.headers['fairlead-signature'] === wanted,
    });
    (answers.get(path) ?? well)(response);
  });
  const parameters = new Map<string, string>();
  const secrets = new Map([
    ['tickets', KEY],
    ['other', KEY],
  ]);
  let aws: TestAws;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const hook = (name: string, filter: object = {}) => ({
      name,
      form: 'webhook' as const,
      url: `http://127.0.0.1:${port}/${name}`,
      secret: name,
      network: 'private' as const,
      ...filter,
    });
    const config = parseConfig({
      repositories: [{ name: 'r', url: 'https://git.example.com/r.git' }],
      targets: [{ name: 'staging', repository: 'r', deployer: 'flux', namespaces: ['shop'] }],
      audiences: [hook('tickets'), hook('other', { classes: ['unknown'] })],
    });
    for (const [name, value] of toWebhookParameters(config)) parameters.set(`${PATH}/${name}`, value);
    aws = await testAws({ parameters, secrets });
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await aws.end();
  });
  afterEach(async () => {
    got.length = 0;
    answers.clear();
    await aws.take(aws.queues.inbox);
  });

  const environment = (): Environment => ({
    ...aws.environment,
    [VARIABLES.installation]: 'fairlead',
    [VARIABLES.table]: TABLE,
    [VARIABLES.stateBucket]: BUCKETS.state,
    [VARIABLES.emailTopic]: aws.topics.email,
    [VARIABLES.pagerTopic]: aws.topics.pager,
    [VARIABLES.chatTopic]: aws.topics.chat,
    [VARIABLES.eventBus]: EVENT_BUS,
    [VARIABLES.webhooksPath]: PATH,
  });
  const streamed = (...sks: string[]) => ({
    Records: sks.map((sk) => ({ eventName: 'MODIFY', dynamodb: { Keys: { pk: { S: PK }, sk: { S: sk } } } })),
  });
  const put = async (sk: string, ...alerts: Alert[]) => {
    const item = { pk: PK, sk, schema: 1, version: 1 };
    assert.equal(
      await aws.table.put(withUntold(item, alerts, new Date().toISOString()), 'absent'),
      'written',
    );
  };
  const named = (incident: string, name = 'drift', sequence = 1): Alert =>
    ({ ...EXAMPLES[name], incident, sequence }) as Alert;
  const left = async (sk: string) => untoldOf((await aws.table.get({ pk: PK, sk })) ?? assert.fail()).length;
  /** As if its next try were due, its first failure were hours ago, and its alerts as old. */
  const later = async (sk: string, hours: number) => {
    const item = (await aws.table.get({ pk: PK, sk })) ?? assert.fail();
    const then = new Date(Date.now() - hours * 3_600_000).toISOString();
    const telling = String(item.telling)
      .replace(/"next":"[^"]*"/g, '"next":"2026-01-01T00:00:00.000Z"')
      .replace(/"since":"[^"]*"/g, `"since":"${then}"`);
    const alerts = String(item.alerts).replace(/"at":"\d{4}-[^"]*"/g, `"at":"${then}"`);
    await aws.table.put({ ...item, telling, alerts, version: item.version + 1 }, item.version);
  };
  /** What the function printed meanwhile. */
  const printed = async (work: () => Promise<unknown>): Promise<string> => {
    const lines: string[] = [];
    const streams = [process.stdout, process.stderr] as const;
    const writes = streams.map(({ write }) => write);
    for (const stream of streams) {
      const write = stream.write.bind(stream);
      // The runner of tests writes frames of bytes.
      stream.write = ((text: string | Uint8Array) =>
        typeof text === 'string' ? lines.push(text) > 0 : write(text)) as typeof stream.write;
    }
    try {
      await work();
    } finally {
      for (const [at, stream] of streams.entries()) stream.write = writes[at] as typeof stream.write;
    }
    return lines.join('\n');
  };

  test('each alert goes to those whose filter admits it, signed, once', async () => {
    await put('all', named('one'), named('two', 'unknown'));
    const send = sendAlerts(environment());
    await send(streamed('all'));
    await send(streamed('all'));
    assert.deepEqual(
      got.sort((a, b) => (a.path + a.event < b.path + b.event ? -1 : 1)),
      [
        { path: '/other', event: 'two/1', isOurs: true },
        { path: '/tickets', event: 'one/1', isOurs: true },
        { path: '/tickets', event: 'two/1', isOurs: true },
      ],
    );
    assert.equal(await left('all'), 0);
  });

  test('one that fails is nobody else’s trouble: people have theirs once, the function does not fail, its log tells no key', async () => {
    answers.set('/tickets', (response) => void response.writeHead(500).end(KEY));
    await put('failing', named('failing'));
    const send = sendAlerts(environment());
    const log = await printed(() => send(streamed('failing')));
    assert.equal((await aws.take(aws.queues.inbox)).length, 3);
    assert.equal(await left('failing'), 1);
    assert.match(log, /answers with status 500/);
    assert.doesNotMatch(log, new RegExp(`${KEY}|127\\.0\\.0\\.1:\\d+/tickets`));
    await send(streamed('failing'));
    assert.equal(got.length, 1, 'not before its time');
    answers.clear();
    await later('failing', 0);
    await send(streamed('failing'));
    assert.deepEqual(await aws.take(aws.queues.inbox), [], 'nobody hears twice');
    assert.equal(await left('failing'), 0);
  });

  test('one that hangs costs a call one wait, after all people were told', async () => {
    let told: Promise<number> | undefined;
    answers.set('/tickets', () => {
      told ??= aws.take(aws.queues.inbox).then(({ length }) => length);
    });
    const names = ['hang1', 'hang2', 'hang3', 'hang4'];
    for (const name of names) await put(name, named(name));
    await sendAlerts(environment())(streamed(...names));
    assert.equal(await told, 12, 'when it was asked, people had been told of all');
    assert.equal(got.length, 1);
    for (const name of names) assert.equal(await left(name), 1);
  });

  test('one that fails for a day is given up: said in the log, with the reports, and counted', async () => {
    answers.set(
      '/tickets',
      (response) => void response.writeHead(302, { location: 'https://example.com/' }).end(),
    );
    await put('day', named('day'));
    const send = sendAlerts(environment());
    await send(streamed('day'));
    await later('day', 25);
    const log = await printed(() => send(streamed('day')));
    assert.equal(await left('day'), 0);
    assert.match(log, /alerts given up/);
    assert.match(log, /reports\/staging\/[0-9a-f]{24}\/00000001\.json/);
    const metric = log.split('\n').find((line) => line.includes('"AlertsGivenUp":'));
    assert.equal(JSON.parse(metric ?? '{}').AlertsGivenUp, 1);
  });

  test('a key that was changed is taken at once', async () => {
    const send = sendAlerts(environment());
    await put('before', named('before'));
    await send(streamed('before'));
    answers.set('/tickets', (response) => void response.writeHead(got.at(-1)?.isOurs ? 204 : 401).end());
    secrets.set('tickets', 'an-old-key-that-is-not-taken');
    const cold = sendAlerts(environment());
    await put('wrong', named('wrong'));
    await cold(streamed('wrong'));
    assert.equal(await left('wrong'), 1);
    secrets.set('tickets', KEY);
    await later('wrong', 0);
    await cold(streamed('wrong'));
    assert.equal(await left('wrong'), 0);
  });

  test('where nobody can read what the webhooks are, people are told, and the webhooks afterwards', async () => {
    const [name = '', value = ''] = [...parameters][0] ?? [];
    parameters.set(name, 'not what was deployed');
    await put('unread', named('unread'));
    const send = sendAlerts(environment());
    await assert.rejects(send(streamed('unread')), /1 items could not be told/);
    assert.equal((await aws.take(aws.queues.inbox)).length, 3);
    assert.equal(await left('unread'), 1);
    parameters.set(name, value);
    await send(streamed('unread'));
    assert.deepEqual(
      got.map(({ event }) => event),
      ['unread/1'],
    );
    assert.equal(await left('unread'), 0);
  });
});
