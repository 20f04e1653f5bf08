import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfirmationLink } from '../../../lib/alerts/confirmation-link.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:fairlead-run-Email';
const TOKEN = '2336412f37fb687f5d51e6e241d09c80'.repeat(4);
const LINK = `https://sns.eu-central-1.amazonaws.com/confirmation.html?TopicArn=${TOPIC}&Token=${TOKEN}&Endpoint=platform@example.com`;
const READ = { topic: TOPIC, token: TOKEN, endpoint: 'platform@example.com' };

describe('the link of a confirmation mail', () => {
  test('is read as it stands in the mail, with what was pasted around it', () => {
    assert.deepEqual(readConfirmationLink(LINK), READ);
    assert.deepEqual(readConfirmationLink(`  <${LINK}>  `), READ);
  });

  test('is found in what a mail gateway has made of it', () => {
    const safe = `https://eur01.safelinks.example.com/?url=${encodeURIComponent(LINK)}&data=05`;
    assert.equal(readConfirmationLink(safe)?.token, TOKEN);
  });

  test('of China, and of the older form, are links as well', () => {
    const china = LINK.replace('amazonaws.com', 'amazonaws.com.cn').replace('arn:aws:', 'arn:aws-cn:');
    assert.equal(readConfirmationLink(china)?.topic, TOPIC.replace('arn:aws:', 'arn:aws-cn:'));
    const older = `https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=${TOKEN}`;
    assert.deepEqual(readConfirmationLink(older), { topic: TOPIC, token: TOKEN });
  });

  test('is none where the host, the topic or the token is not SNS’s', () => {
    for (const wrong of [
      '',
      'https://sns.example.com/?TopicArn=x&Token=y',
      LINK.replace('amazonaws.com', 'amazonaws.com.example.org'),
      LINK.replace('https:', 'http:'),
      LINK.replace(TOKEN, 'not-a-token'),
      LINK.replace(TOPIC, 'arn:aws:iam::123456789012:role/x'),
      `${'x'.repeat(9000)}${LINK}`,
      '%E0%A4%A',
    ])
      assert.equal(readConfirmationLink(wrong), undefined, wrong.slice(0, 100));
  });
});
