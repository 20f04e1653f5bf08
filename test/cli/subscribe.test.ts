import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { audiencesPath, toAudienceParameters } from '../../lib/alerts/subscribed.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { type Ran, running } from './command-line.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';
import { type KeptSubscription, standInSns } from './stand-in-sns.ts';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:run-';
const PAGER = 'https://pager.example.com/a-key-of-the-pager';
const UNHEARD = 'arn:aws:sqs:us-east-1:000000000000:unheard';
const FILTER = JSON.stringify({ target: ['staging'], severity: ['critical'] });

describe('npx fairlead subscribe', () => {
  let installation: StandIn;
  let sns: Awaited<ReturnType<typeof standInSns>>;
  before(async () => {
    installation = await standIn();
    sns = await standInSns();
    const { audiences } = parseConfig({
      repositories: [{ name: 'r', url: 'https://git.example.com/r.git' }],
      targets: [{ name: 'staging', repository: 'r', deployer: 'flux', namespaces: ['shop'] }],
      audiences: [
        { name: 'platform', form: 'email', address: 'Platform@example.com' },
        {
          name: 'shop',
          form: 'email',
          address: 'shop@example.com',
          targets: ['staging'],
          severities: ['critical'],
        },
        { name: 'on-call', form: 'pager', address: PAGER, operators: false },
      ],
    });
    const path = audiencesPath('test');
    for (const topic of ['email', 'pager', 'chat', 'operators'])
      installation.parameters.set(`${path}/topics/${topic}`, TOPIC + topic);
    installation.parameters.set(`${path}/unheard`, UNHEARD);
    for (const [name, value] of toAudienceParameters(audiences))
      installation.parameters.set(`${path}/${name}`, value);
  });
  after(async () => {
    await sns.end();
    await installation.stop();
  });

  const kept = (
    topic: string,
    endpoint: string,
    state: KeptSubscription['state'],
    attributes: Record<string, string> = {},
  ): KeptSubscription => ({
    topic: TOPIC + topic,
    protocol: endpoint.startsWith('https:') ? 'https' : 'email',
    endpoint,
    arn: `${TOPIC}${topic}:${endpoint.length}`,
    state,
    attributes,
    token: `${topic.length}`.padStart(64, 'b'),
  });
  beforeEach(() => {
    sns.calls.length = 0;
    sns.kept.splice(0, sns.kept.length);
    sns.kept.push(
      kept('email', 'platform@example.com', 'pending'),
      kept('operators', 'platform@example.com', 'authenticated'),
      kept('email', 'shop@example.com', 'by-click', { FilterPolicy: FILTER }),
      kept('pager', PAGER, 'by-click'),
      kept('chat', 'https://global.sns-api.chatbot.amazonaws.com', 'by-click'),
    );
  });
  const find = (topic: string, endpoint: string) =>
    sns.kept.find((each) => each.topic === TOPIC + topic && each.endpoint.toLowerCase() === endpoint);
  const link = ({ topic, token, endpoint }: KeptSubscription) =>
    `https://sns.us-east-1.amazonaws.com/confirmation.html?TopicArn=${topic}&Token=${token}&Endpoint=${endpoint}`;

  function subscribe(argv: readonly string[], pasted = ''): Promise<Ran> {
    const { child, ended } = running(
      ['subscribe', '--installation', 'test', ...argv],
      { ...installation.environment, FAIRLEAD_DATA: '/nowhere', AWS_ENDPOINT_URL_SNS: sns.url },
      'pipe',
    );
    child.stdin?.end(pasted);
    return ended;
  }

  test('lists who is subscribed and how it stands, with what to do, and no address of a pager', async () => {
    const { code, stdout, stderr } = await subscribe([]);
    assert.equal(code, 1, stderr);
    assert.deepEqual(stdout.trim().split('\n'), [
      'platform (email Platform@example.com), alerts: waits to be confirmed: npx fairlead subscribe platform',
      "platform (email Platform@example.com), Fairlead's own alarms: confirmed, and no link in a mail ends it",
      'shop (email shop@example.com), alerts: confirmed by a click, so a mail scanner can end it: npx fairlead subscribe shop --again',
      'on-call (pager), alerts: confirmed',
      'chat: 1 more that fairlead.config.ts gives no address of',
    ]);
  });

  test('confirms with the pasted link, so that ending it needs credentials', async () => {
    const pending = find('email', 'platform@example.com') ?? assert.fail();
    const { code, stdout, stderr } = await subscribe(['platform'], `nonsense\n\n${link(pending)}\n`);
    assert.equal(code, 0, stderr);
    assert.equal(pending.state, 'authenticated');
    assert.match(stderr, /Do not click: copy the link/);
    assert.match(stderr, /that is no confirmation link of SNS/);
    assert.match(stdout, /alerts by email: confirmed, and no link in a mail ends it/);
    assert.ok(!`${stdout}${stderr}`.includes(pending.token), 'the token is printed nowhere');
  });

  test('a link of another topic or address, or one that is too old, confirms nothing', async () => {
    const pending = find('email', 'platform@example.com') ?? assert.fail();
    const pasted = [
      link({ ...pending, topic: `${TOPIC}other` }),
      link({ ...pending, endpoint: 'mallory@example.com' }),
      link({ ...pending, token: 'c'.repeat(64) }),
    ];
    const { code, stderr } = await subscribe(['platform@EXAMPLE.com'], pasted.join('\n'));
    assert.equal(code, 1);
    assert.match(stderr, /of another topic/);
    assert.match(stderr, /for another address than Platform@example\.com/);
    assert.match(stderr, /too old, or of an earlier mail/);
    assert.match(stderr, /still not confirmed: alerts by email/);
    assert.equal(pending.state, 'pending');
  });

  test('one that was confirmed by a click is not changed by another link, and is made anew with --again, filter and all', async () => {
    const clicked = find('email', 'shop@example.com') ?? assert.fail();
    const asIs = await subscribe(['shop'], link(clicked));
    assert.equal(asIs.code, 1);
    assert.match(asIs.stdout, /confirmed by a click/);
    assert.deepEqual(find('email', 'shop@example.com'), clicked);

    const { child, ended, says } = running(
      ['subscribe', 'shop', '--again', '--installation', 'test'],
      { ...installation.environment, FAIRLEAD_DATA: '/nowhere', AWS_ENDPOINT_URL_SNS: sns.url },
      'pipe',
    );
    await says(/paste it here/);
    const made = find('email', 'shop@example.com') ?? assert.fail();
    assert.notEqual(made.arn, clicked.arn);
    child.stdin?.end(`${link(made)}\n`);
    assert.equal((await ended).code, 0);
    assert.equal(made.state, 'authenticated');
    assert.deepEqual(JSON.parse(made.attributes.FilterPolicy ?? '{}'), JSON.parse(FILTER));
    assert.deepEqual(JSON.parse(made.attributes.RedrivePolicy ?? '{}'), { deadLetterTargetArn: UNHEARD });
  });

  test('one that has vanished is named, and made anew', async () => {
    const gone = find('operators', 'platform@example.com') ?? assert.fail();
    sns.kept.splice(sns.kept.indexOf(gone), 1);
    assert.match(
      (await subscribe([])).stdout,
      /own alarms: there is none any more: npx fairlead subscribe platform --again/,
    );
    await subscribe(['platform', '--again']);
    assert.equal(find('operators', 'platform@example.com')?.state, 'pending');
  });

  test('one whose filter was changed by hand is named', async () => {
    const clicked = find('email', 'shop@example.com') ?? assert.fail();
    clicked.attributes = { FilterPolicy: '{"target":["production"]}' };
    assert.match((await subscribe([])).stdout, /another one than was deployed/);
  });

  test('what is protected already is left as it is', async () => {
    for (const each of sns.kept) each.state = 'authenticated';
    assert.equal((await subscribe(['platform', '--again'])).code, 0);
    assert.ok(!sns.calls.includes('Unsubscribe') && !sns.calls.includes('Subscribe'), sns.calls.join());
  });

  test('what was typed wrong is answered with what there is', async () => {
    const pending = find('email', 'platform@example.com') ?? assert.fail();
    for (const [argv, says] of [
      [['platfrom'], /did you mean platform\?/],
      [['nobody-like-that'], /there are: platform, shop/],
      [['on-call'], /is no audience of email/],
      [['a', 'b'], /one audience at a time/],
      [['--again'], /--again is of one AUDIENCE/],
      [[link(pending)], /pasted when it is asked for/],
    ] as const) {
      const { code, stderr } = await subscribe(argv);
      assert.equal(code, 64, argv.join(' '));
      assert.match(stderr, says);
      assert.ok(!stderr.includes(pending.token));
    }
  });
});
