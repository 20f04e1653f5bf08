import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { addressedOf } from '../../../lib/alerts/audience.ts';
import { channelsOf } from '../../../lib/alerts/channels.ts';
import * as clients from '../../../lib/aws/clients.ts';
import { attributeBytes, type Notification, snsTopic } from '../../../lib/aws/topics.ts';
import { finding } from '../../fixtures/findings.ts';
import { type TestAws, testAws } from '../../fixtures/local-aws.ts';
import { EXAMPLES } from './examples.ts';

/** Message and attributes together, in bytes (Amazon SNS, quotas); the embedded SNS refuses one more. */
const SNS_BYTES = 262_144;

/** An alert as large as one can be made, of characters of one to four bytes. */
function huge(example: string, character: string): Alert {
  const long = character.repeat(1000);
  const findings = Array.from({ length: 160 }, (_, index) =>
    finding(
      `metadata.annotations.${character}${index}`,
      { desired: long, live: `${long}!` },
      { object: { apiVersion: 'v1', kind: 'Service', name: 'x', namespace: `${index}-${'n'.repeat(55)}` } },
    ),
  );
  const reason = { code: 'chart-invalid', message: long, whatToDo: long, excerpt: long };
  const alert = EXAMPLES[example];
  assert.ok(alert);
  return {
    ...alert,
    scope: alert.kind === 'rejected' ? `staging/${character.repeat(400)}` : alert.scope,
    incident: `fairlead/staging/${character.repeat(400)}`,
    told: ['info', 'warning', 'critical'],
    ...('findings' in alert ? { findings } : {}),
    ...('gone' in alert ? { gone: findings } : {}),
    ...('reason' in alert ? { reason: long.repeat(10) } : {}),
    ...('reasons' in alert ? { reasons: Array.from({ length: 50 }, () => reason) } : {}),
    ...('uploads' in alert
      ? { uploads: Array.from({ length: 200 }, (_, index) => `s3://charts/${long}${index}`) }
      : {}),
  } as Alert;
}

describe('what SNS carries', () => {
  let aws: TestAws;
  before(async () => {
    aws = await testAws();
  });
  after(() => aws.end());

  /** What goes to the topics, which take it. */
  async function published(alert: Alert): Promise<readonly Notification[]> {
    const sent: Notification[] = [];
    const sns = clients.sns(aws.environment);
    const topic = (arn: string) => ({
      async publish(notification: Notification) {
        sent.push(notification);
        await snsTopic(sns, arn).publish(notification);
      },
    });
    const channels = channelsOf({
      state: { put: async () => {} },
      bus: { put: async () => {} },
      email: topic(aws.topics.email),
      pager: topic(aws.topics.pager),
      chat: topic(aws.topics.chat),
      origin: { region: 'eu-central-1', account: '123456789012' },
      webhooks: [],
    });
    const addressed = addressedOf(alert);
    for (const channel of channels) if (channel.takes(alert, addressed)) await channel.tell(alert, addressed);
    return sent;
  }
  const bytesOf = ({ body, attributes }: Notification): number =>
    Buffer.byteLength(body) + attributeBytes(attributes);

  const CASES: readonly (readonly [character: string, examples: readonly string[]])[] = [
    ['€', Object.keys(EXAMPLES)],
    ...['a', 'é', '😀', '\u0001'].map(
      (one) => [one, ['drift', 'drift-changed', 'rejected', 'unknown']] as const,
    ),
  ];
  for (const [character, examples] of CASES) {
    test(`holds every form of ${examples.length} alerts, made of ${JSON.stringify(character)}`, async () => {
      for (const name of examples) {
        for (const notification of await published(huge(name, character))) {
          assert.ok(bytesOf(notification) <= SNS_BYTES, `${name}: ${bytesOf(notification)} bytes`);
          assert.match(notification.subject, /^[\x20-\x7e]{1,100}$/);
          assert.doesNotMatch(notification.body, /\uFFFD/, name);
        }
      }
    });
  }

  test('is used to the last finding that fits: an email is cut where the next would be too much', async () => {
    const [email] = (await published(huge('drift', '€'))).filter(({ body }) => body.includes('WHAT DIFFERS'));
    assert.ok(email);
    assert.match(email.body, /\nand \d+ more\n/);
    const [block = ''] = /\n1\. [\s\S]*?\n\n/.exec(email.body) ?? [];
    assert.ok(
      SNS_BYTES - bytesOf(email) < Buffer.byteLength(block) + 300,
      `${SNS_BYTES - bytesOf(email)} left`,
    );
  });

  test('is what our count says: one byte more is refused', async () => {
    const topic = snsTopic(clients.sns(aws.environment), aws.topics.email);
    const attributes = { target: 'é', namespace: ['€', '😀'], severity: 'warning' };
    const room = SNS_BYTES - attributeBytes(attributes);
    await topic.publish({ subject: 's', body: 'a'.repeat(room), attributes });
    await topic.publish({ subject: 's', body: 'é'.repeat(Math.floor(room / 2)), attributes });
    await assert.rejects(topic.publish({ subject: 's', body: 'a'.repeat(room + 1), attributes }), /too long/);
    await assert.rejects(
      topic.publish({ subject: 's', body: 'é'.repeat(Math.floor(room / 2) + 1), attributes }),
      /too long/,
    );
  });
});
