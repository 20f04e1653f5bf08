import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sendAlerts } from '../../functions/send-alerts.ts';
import type { Alert } from '../../lib/alerts/alert.ts';
import { untoldOf, withUntold } from '../../lib/alerts/outbox.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { EVENT_BUS, TABLE } from '../../local/aws/aws.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';
import { EXAMPLES } from '../lib/alerts/examples.ts';

const PK = 'incident#staging';

describe('send-alerts', () => {
  let aws: TestAws;
  let send: (event: unknown) => Promise<void>;
  before(async () => {
    aws = await testAws();
    send = sendAlerts({
      ...aws.environment,
      [VARIABLES.table]: TABLE,
      [VARIABLES.emailTopic]: aws.topics.email,
      [VARIABLES.pagerTopic]: aws.topics.pager,
      [VARIABLES.chatTopic]: aws.topics.chat,
      [VARIABLES.eventBus]: EVENT_BUS,
    });
  });
  after(() => aws.end());

  const put = async (sk: string, ...alerts: Alert[]) => {
    const item = { pk: PK, sk, schema: 1, version: 1, state: 'kept' };
    assert.equal(await aws.table.put(withUntold(item, alerts, 'now'), 'absent'), 'written');
  };
  const streamed = (...sks: string[]) => ({
    Records: sks.map((sk) => ({ eventName: 'MODIFY', dynamodb: { Keys: { pk: { S: PK }, sk: { S: sk } } } })),
  });
  /** What the topics passed on: form, subject, and the attributes that audiences filter by. */
  const inbox = async () =>
    (await aws.take(aws.queues.inbox)).map((body) => {
      const { TopicArn, Subject, MessageAttributes } = JSON.parse(body) as {
        TopicArn: string;
        Subject: string;
        MessageAttributes: Record<string, { Type: string; Value: string }>;
      };
      return {
        form: TopicArn.split('-').at(-1),
        subject: Subject,
        kind: MessageAttributes.kind?.Value,
        severity: MessageAttributes.severity?.Value,
      };
    });
  const example = (name: string): Alert => {
    const alert = EXAMPLES[name];
    assert.ok(alert);
    return alert;
  };

  test('tells every form once, puts the event on the bus, and marks it told', async () => {
    await put('drift', example('drift'));
    await send(streamed('drift', 'drift'));
    const told = await inbox();
    assert.deepEqual(told.map(({ form }) => form).sort(), ['chat', 'email', 'pager']);
    assert.ok(told.every(({ kind, severity }) => kind === 'drift' && severity === 'warning'));
    assert.equal(aws.events.at(-1)?.detailType, 'fairlead.dev/v1 drift');
    const item = await aws.table.get({ pk: PK, sk: 'drift' });
    assert.ok(item);
    assert.deepEqual(untoldOf(item), []);
    assert.equal(item.untold, undefined);
    assert.equal(item.state, 'kept');

    await send(streamed('drift'));
    assert.deepEqual(await inbox(), [], 'the stream repeats; people are not told again');
  });

  test('a refused upload pages nobody', async () => {
    await put('rejected', example('rejected'));
    await send(streamed('rejected'));
    assert.deepEqual((await inbox()).map(({ form }) => form).sort(), ['chat', 'email']);
  });

  test('a rollout that went well is for machines alone; one that had stalled is for all', async () => {
    const rolledOut = example('rolled-out');
    await put('well', { ...rolledOut, after: 'rollout', sequence: 1 } as Alert);
    await put('stalled', rolledOut);
    const before = aws.events.length;
    await send(streamed('well'));
    assert.deepEqual(await inbox(), []);
    assert.equal(aws.events.length, before + 1);
    await send(streamed('stalled'));
    assert.equal((await inbox()).length, 3);
  });

  test('what closes reaches everyone who got what it closes', async () => {
    await put('converged', { ...example('converged'), told: ['warning', 'critical'] });
    await send(streamed('converged'));
    assert.deepEqual(
      [...new Set((await inbox()).map(({ severity }) => severity))],
      ['["info","warning","critical"]'],
    );
  });

  test('an item that has gone meanwhile is nothing to tell', async () => {
    await send(streamed('never there'));
  });

  test('a topic that fails keeps the alert for the next time; other items are told all the same', async () => {
    await put('kept', example('drift'));
    await put('other', example('unknown'));
    const broken = sendAlerts({
      ...aws.environment,
      [VARIABLES.table]: TABLE,
      [VARIABLES.emailTopic]: aws.topics.email,
      [VARIABLES.pagerTopic]: `${aws.topics.pager}-gone`,
      [VARIABLES.chatTopic]: aws.topics.chat,
      [VARIABLES.eventBus]: EVENT_BUS,
    });
    await assert.rejects(broken(streamed('kept', 'other')), /2 items could not be told/);
    await inbox();
    await send(streamed('kept', 'other'));
    assert.equal((await inbox()).length, 6);
  });
});
