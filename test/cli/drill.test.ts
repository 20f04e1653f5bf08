import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendAlerts } from '../../functions/send-alerts.ts';
import { audiencesPath, toAudienceParameters } from '../../lib/alerts/subscribed.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { toWebhookParameters, webhooksPath } from '../../lib/config/parameters.ts';
import { BUCKETS, EVENT_BUS, TABLE } from '../../local/aws/aws.ts';
import { takeAll } from '../fixtures/local-aws.ts';
import { fairlead, running } from './command-line.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';

const KEY = { pk: 'drill', sk: 'now' };
const POLL_MS = 50;
const SECRET = 'the-key-of-the-tickets-0123456789';

describe('npx fairlead drill', () => {
  const got: { path: string; kind: string; headline: string }[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat((await request.toArray()) as Buffer[]).toString('utf8'));
    got.push({ path: request.url ?? '', kind: body.alert.kind, headline: body.headline });
    response.writeHead(request.url === '/broken' ? 500 : 204).end();
  });
  let installation: StandIn;
  let sending: 'on' | 'off' | 'over' = 'on';
  let pumping: Promise<void>;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const hook = (name: string, filter: object) => ({
      name,
      form: 'webhook' as const,
      url: `http://127.0.0.1:${port}/${name}`,
      secret: name,
      network: 'private' as const,
      ...filter,
    });
    const config = parseConfig({
      installation: 'test',
      repositories: [{ name: 'r', url: 'https://git.example.com/r.git' }],
      targets: [{ name: 'staging', repository: 'r', deployer: 'flux', namespaces: ['shop'] }],
      audiences: [
        { name: 'platform', form: 'email', address: 'platform@example.com' },
        {
          name: 'on-call',
          form: 'pager',
          address: 'https://pager.example.com/a-key-of-the-pager',
          targets: ['staging'],
          severities: ['warning'],
        },
        hook('tickets', { classes: ['drift'], targets: ['staging'], namespaces: ['shop'] }),
        hook('broken', { severities: ['info'] }),
      ],
    });
    installation = await standIn(new Map(['tickets', 'broken'].map((name) => [name, SECRET])));
    const { parameters, aws } = installation;
    for (const [name, value] of toWebhookParameters(config))
      parameters.set(`${webhooksPath('test')}/${name}`, value);
    for (const [name, value] of toAudienceParameters(config.audiences))
      parameters.set(`${audiencesPath('test')}/${name}`, value);
    const send = sendAlerts({
      ...aws.environment,
      [VARIABLES.installation]: 'test',
      [VARIABLES.table]: TABLE,
      [VARIABLES.stateBucket]: BUCKETS.state,
      [VARIABLES.emailTopic]: aws.topics.email,
      [VARIABLES.pagerTopic]: aws.topics.pager,
      [VARIABLES.chatTopic]: aws.topics.chat,
      [VARIABLES.eventBus]: EVENT_BUS,
      [VARIABLES.webhooksPath]: webhooksPath('test'),
    });
    const Records = [{ dynamodb: { Keys: { pk: { S: KEY.pk }, sk: { S: KEY.sk } } } }];
    // What the table's stream does.
    pumping = (async () => {
      while (sending !== 'over') {
        if (sending === 'on') await send({ Records });
        await sleep(POLL_MS);
      }
    })();
  });
  after(async () => {
    sending = 'over';
    await pumping;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await installation.stop();
  });

  const environment = () => ({ ...installation.environment, FAIRLEAD_DATA: '/nowhere' });
  const drill = (...argv: string[]) =>
    fairlead(['drill', '--installation', 'test', '--by', 'ada', ...argv], environment());
  const inbox = async () =>
    (await takeAll(installation.aws, installation.aws.queues.inbox)).map((body) => {
      const { TopicArn, Message } = JSON.parse(body) as { TopicArn: string; Message: string };
      return { form: TopicArn.split('-').at(-1) ?? '', message: Message };
    });
  const stateNow = async () =>
    JSON.parse(String((await installation.table.get(KEY))?.state ?? '{}')) as { state?: string };

  test('goes to everybody, opens and closes the pager’s incident, and says which channel took it when', async () => {
    const { code, stdout, stderr } = await drill('--hold', '1s');
    assert.equal(code, 0, stderr);
    for (const channel of ['report', 'pager', 'email', 'chat', 'bus', 'webhook/tickets'])
      for (const what of ['ALARM', 'OK'])
        assert.match(stdout, new RegExp(`UTC  ${what} +${channel} +took it after \\d+\\.\\d s`));
    assert.match(stdout, /every channel took both/);
    const told = await inbox();
    assert.deepEqual(told.map(({ form }) => form).sort(), [
      'chat',
      'chat',
      'email',
      'email',
      'pager',
      'pager',
    ]);
    for (const { message } of told) assert.match(message, /DRILL/);
    for (const { form, message } of told)
      if (form !== 'pager') assert.match(message, /nothing (is|was) wrong/i, message);
    const pages = told.filter(({ form }) => form === 'pager').map(({ message }) => JSON.parse(message));
    assert.deepEqual(
      pages.map(({ NewStateValue }) => NewStateValue),
      ['ALARM', 'OK'],
    );
    assert.equal(new Set(pages.map(({ AlarmName }) => AlarmName)).size, 1);
    assert.deepEqual(
      got.map(({ path, kind }) => [path, kind]),
      [
        ['/tickets', 'drill'],
        ['/tickets', 'drill-over'],
      ],
    );
    assert.equal(got[0]?.headline, 'DRILL, nothing is wrong: ada tests how alerts arrive');
    assert.match(got[1]?.headline ?? '', /^DRILL, over after \d+ s: nothing was wrong$/);
    got.length = 0;
  });

  test('is no incident: none is listed, and its number counts for itself', async () => {
    const listed = await fairlead(['incidents', '--installation', 'test'], environment());
    assert.equal(listed.stdout.trim(), 'nothing is open');
    assert.match((await drill('tickets', '--hold', '1s')).stdout, /DRILL test\/drill\/everyone\/drill\/2,/);
    await inbox();
    got.length = 0;
  });

  test('of one audience goes its way alone, by what it filters for', async () => {
    const { code, stdout } = await drill('on-call', '--hold', '1s');
    assert.equal(code, 0);
    assert.match(stdout, /for on-call \(pager\)/);
    assert.doesNotMatch(stdout, /email|chat|bus|webhook/);
    const told = await inbox();
    assert.deepEqual(
      told.map(({ form }) => form),
      ['pager', 'pager'],
    );
    assert.deepEqual(got, []);
  });

  test('says of a channel that does not take it why, ends all the same, and with 1', async () => {
    const { code, stdout, stderr } = await drill('broken', '--hold', '1s', '--timeout', '2s');
    assert.equal(code, 1);
    assert.match(stdout, /webhook\/broken +did not take it: 127\.0\.0\.1:\d+ answers with status 500/);
    assert.match(stderr, /not taken in time: webhook\/broken/);
    assert.equal((await stateNow()).state, 'over');
    got.length = 0;
  });

  test('where nobody tells, it is said that send-alerts does not run', async () => {
    sending = 'off';
    const { code, stderr } = await drill('on-call', '--timeout', '1s');
    sending = 'on';
    assert.equal(code, 1);
    assert.match(stderr, /send-alerts does not run/);
    await inbox();
  });

  test('interrupted, it ends: nobody is left with a pager’s incident', async () => {
    const started = running(
      ['drill', 'on-call', '--hold', '10m', '--installation', 'test', '--by', 'ada'],
      environment(),
    );
    while ((await stateNow()).state !== 'open') await sleep(POLL_MS);
    started.child.kill('SIGINT');
    const { code, stderr } = await started.ended;
    assert.equal(code, 130);
    assert.match(stderr, /pagers get their OK without you/);
    assert.equal((await stateNow()).state, 'over');
  });

  test('one that was killed is ended by --end, or by the next', async () => {
    for (const how of ['--end', 'next'] as const) {
      const started = running(
        ['drill', 'on-call', '--hold', '10m', '--installation', 'test', '--by', 'ada'],
        environment(),
      );
      while ((await stateNow()).state !== 'open') await sleep(POLL_MS);
      started.child.kill('SIGKILL');
      await started.ended;
      const { code, stdout } =
        how === '--end'
          ? await fairlead(['drill', '--end', '--installation', 'test'], environment())
          : await drill('on-call', '--hold', '1s');
      assert.equal(code, 0);
      if (how === '--end') assert.match(stdout, /^ended: test\/drill\/everyone\/drill\/\d+$/m);
      assert.equal((await stateNow()).state, 'over');
    }
    const { stdout } = await fairlead(['drill', '--end', '--installation', 'test'], environment());
    assert.equal(stdout.trim(), 'no drill is open');
    await sleep(4 * POLL_MS);
    const balance = new Map<string, number>();
    for (const { message } of await inbox()) {
      const { AlarmName, NewStateValue } = JSON.parse(message);
      balance.set(AlarmName, (balance.get(AlarmName) ?? 0) + (NewStateValue === 'ALARM' ? 1 : -1));
    }
    assert.ok(balance.size >= 3);
    for (const [name, open] of balance) assert.equal(open, 0, name);
  });

  test('one whose place another takes says that, and not that nobody was told', async () => {
    const first = running(
      ['drill', 'on-call', '--hold', '10m', '--installation', 'test', '--by', 'ada'],
      environment(),
    );
    while ((await stateNow()).state !== 'open') await sleep(POLL_MS);
    const second = await drill('on-call', '--hold', '1s');
    assert.equal(second.code, 0, second.stderr);
    const { code, stdout, stderr } = await first.ended;
    assert.equal(code, 1);
    assert.match(stderr, /another drill was begun meanwhile, which ended this one/);
    assert.doesNotMatch(stdout + stderr, /does not run|every channel took both/);
    await inbox();
  });

  test('what was typed wrong is answered with what there is, and nothing is written', async () => {
    const before = (await installation.table.get(KEY))?.version;
    for (const [argv, says] of [
      [['tickts'], /did you mean tickets\?/],
      [['nobody-like-that'], /there are: platform, on-call, tickets, broken/],
      [['a', 'b'], /one audience at a time/],
      [['--severity', 'grave'], /--severity is info, warning, critical/],
      [['--hold', 'long'], /--hold is a time such as/],
      [['--hold', '2h'], /--hold is at most 60m/],
      [['on-call', '--severity', 'info'], /not both/],
    ] as const) {
      const { code, stderr } = await drill(...argv);
      assert.equal(code, 64, argv.join(' '));
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /a-key-of-the-pager/);
    }
    assert.equal((await installation.table.get(KEY))?.version, before);
  });
});
