import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '../../../lib/dead-letters/letters.ts';
import { DEAD_LETTER_KINDS, type DeadLetterKind } from '../../../lib/dead-letters/queues.ts';
import { EXAMPLES } from '../alerts/examples.ts';

const KINDS = Object.keys(DEAD_LETTER_KINDS) as DeadLetterKind[];
const S3_EVENT = {
  version: '0',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  time: '2026-11-21T12:00:00Z',
  detail: {
    bucket: { name: 'charts' },
    object: { key: 'staging/shop/web/values.yaml', 'version-id': 'v1', sequencer: '0A' },
  },
};
const decided = (kind: DeadLetterKind, message: unknown, attributes: Record<string, string> = {}) =>
  decide(kind, { body: typeof message === 'string' ? message : JSON.stringify(message), attributes });

describe('what is right for a dead letter', () => {
  for (const [kind, message, about] of [
    ['receive', S3_EVENT, 's3://charts/staging/shop/web/values.yaml?versionId=v1'],
    ['doorbell', { schema: 1, repository: 'cluster', branch: 'main' }, 'bell of cluster, branch main'],
    ['reads', { schema: 1, target: 'staging', because: 'due' }, 'read staging (due)'],
    [
      'checks',
      {
        schema: 1,
        target: 'staging',
        commit: 'a'.repeat(40),
        sequence: 3,
        desired: `sha256:${'b'.repeat(64)}`,
      },
      'check staging at aaaaaaaaaaaa',
    ],
  ] as const)
    test(`${kind}: what came from a queue goes back to it`, () => {
      assert.deepEqual(decided(kind, message), { kind: 'back', to: 'source', about });
    });

  test('an event of an upload that a rule could not hand over goes to the queue of uploads, with why it did not', () => {
    const decision = decided('undelivered', S3_EVENT, {
      ERROR_CODE: 'NO_PERMISSIONS',
      ERROR_MESSAGE: 'denied',
    });
    assert.equal(decision.kind, 'back');
    assert.equal(decision.kind === 'back' && decision.to, 'receive');
    assert.equal(decision.why, 'denied');
  });

  test('what the next run of a schedule does anyway is let go', () => {
    for (const message of [
      { schema: 1, target: 'staging', because: 'schedule' },
      { schema: 1, sweep: 'minutes' },
      { schema: 1, backUp: 'repositories' },
    ])
      assert.equal(decided('undelivered', message).kind, 'let-go', JSON.stringify(message));
  });

  test('a place in the stream is let go: the table has the alerts themselves', () => {
    const record = { DDBStreamBatchInfo: { streamArn: 'arn:aws:dynamodb:…', shardId: 'x' } };
    assert.equal(decided('untold', record).kind, 'let-go');
    assert.equal(decided('untold', { Records: [] }).kind, 'for-a-person');
  });

  test('an alert that an address or another bus did not take is for a person: told again, all others would have it twice', () => {
    const notification = {
      Type: 'Notification',
      TopicArn: 'arn:aws:sns:eu-central-1:123456789012:Email',
      Subject: '[drift] staging shop/web',
      Message: 'long',
      MessageAttributes: { incident: { Type: 'String', Value: 'fairlead/staging/shop/web/drift/3' } },
    };
    const mail = decided('unheard', notification, { ErrorMessage: 'bounced' });
    assert.equal(mail.kind, 'for-a-person');
    assert.match(mail.about, /\[drift\] staging shop\/web \(topic Email, incident fairlead\/staging/);
    assert.equal(mail.why, 'bounced');
    const event = { source: 'fairlead', detail: { alert: EXAMPLES.drift } };
    assert.equal(decided('undelivered', event).kind, 'for-a-person');
  });

  test('whatever else lies in any queue is moved nowhere, and read by nobody', () => {
    for (const kind of KINDS)
      for (const body of [
        '',
        'null',
        '[]',
        '{',
        '"x"',
        '{"schema":2}',
        '{"__proto__":{}}',
        '\u0000',
        '9'.repeat(1e5),
      ])
        assert.equal(decided(kind, body).kind, 'for-a-person', `${kind}: ${body.slice(0, 20)}`);
    // One queue's message is not another's.
    assert.equal(decided('doorbell', S3_EVENT).kind, 'for-a-person');
    assert.equal(decided('checks', { schema: 1, target: 'staging', because: 'due' }).kind, 'for-a-person');
  });
});
