import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sendAlerts } from '../../functions/send-alerts.ts';
import type { Alert } from '../../lib/alerts/alert.ts';
import { untoldOf, withUntold } from '../../lib/alerts/outbox.ts';
import { readReport } from '../../lib/alerts/report.ts';
import * as clients from '../../lib/aws/clients.ts';
import { type Environment, VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { BUCKETS, EVENT_BUS, TABLE } from '../../local/aws/aws.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';
import { EXAMPLES } from '../lib/alerts/examples.ts';

const PK = 'incident#staging';

describe('send-alerts', () => {
  let aws: TestAws;
  let send: (event: unknown) => Promise<void>;
  const environment = (): Environment => ({
    ...aws.environment,
    [VARIABLES.installation]: 'fairlead',
    [VARIABLES.table]: TABLE,
    [VARIABLES.stateBucket]: BUCKETS.state,
    [VARIABLES.emailTopic]: aws.topics.email,
    [VARIABLES.pagerTopic]: aws.topics.pager,
    [VARIABLES.chatTopic]: aws.topics.chat,
    [VARIABLES.eventBus]: EVENT_BUS,
  });
  before(async () => {
    aws = await testAws();
    send = sendAlerts(environment());
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

  test('what closes reaches everyone who got what it closes, and nobody else', async () => {
    await put('converged', { ...example('converged'), told: ['warning', 'critical'] });
    await send(streamed('converged'));
    assert.deepEqual(
      [...new Set((await inbox()).map(({ severity }) => severity))],
      ['["warning","critical"]'],
    );
  });

  test('an item that has gone meanwhile is nothing to tell', async () => {
    await send(streamed('never there'));
  });

  test('a topic that fails keeps its alert for the next time; other topics and items are told, and nobody twice', async () => {
    await put('kept', { ...example('drift'), incident: 'kept' });
    await put('other', { ...example('unknown'), incident: 'other' });
    const broken = sendAlerts({ ...environment(), [VARIABLES.pagerTopic]: `${aws.topics.pager}-gone` });
    await assert.rejects(broken(streamed('kept', 'other')), /2 items could not be told/);
    const first = await inbox();
    assert.deepEqual(first.map(({ form }) => form).sort(), ['chat', 'chat', 'email', 'email']);
    /** As if that time had come, or were far: a machine that is busy takes longer than ten seconds for this. */
    const comesAgain = async (next: string) => {
      for (const sk of ['kept', 'other']) {
        const item = await aws.table.get({ pk: PK, sk });
        assert.ok(item);
        assert.equal(untoldOf(item).length, 1);
        const telling = String(item.telling).replace(/"next":"[^"]*"/, `"next":"${next}"`);
        assert.ok(telling.includes(next));
        await aws.table.put({ ...item, telling, version: item.version + 1 }, item.version);
      }
    };
    await comesAgain('2099-01-01T00:00:00.000Z');
    await broken(streamed('kept', 'other'));
    assert.deepEqual(await inbox(), [], 'it is not asked again before its time');

    await comesAgain('2026-01-01T00:00:00.000Z');
    await send(streamed('kept', 'other'));
    assert.deepEqual((await inbox()).map(({ form }) => form).sort(), ['pager', 'pager']);
    for (const sk of ['kept', 'other']) {
      const item = await aws.table.get({ pk: PK, sk });
      assert.equal(item?.untold ?? item?.telling, undefined);
    }
  });

  test('what somebody silenced is for machines and the record alone', async () => {
    const quiet = { until: '2026-12-01T00:00:00.000Z', reason: 'known' };
    const alert = { ...example('drift'), incident: 'quiet', quiet };
    await put('quiet', alert);
    const before = aws.events.length;
    await send(streamed('quiet'));
    assert.deepEqual(await inbox(), []);
    assert.equal(aws.events.length, before + 1);
    assert.ok(await readReport(s3Store(clients.s3(aws.environment), BUCKETS.state), alert));
  });
});
