import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Validator } from '@cfworker/json-schema';
import example from '../../fairlead.config.ts';
import { eventOf } from '../../lib/alerts/event.ts';
import type { ConfigInput } from '../../lib/config/config.ts';
import { EXAMPLES } from '../lib/alerts/examples.ts';
import { templatesOf } from './example.ts';
import { ACCOUNT, REGION, type TemplateText } from './iam/deployed.ts';
import { Installation } from './iam/installation.ts';

const AUDIENCES = [
  { name: 'platform', form: 'email', address: 'platform@example.com' },
  { name: 'shop', form: 'email', address: 'shop@example.com', namespaces: ['shop'] },
  { name: 'on-call', form: 'pager', address: 'https://pager.example.com/key', severities: ['critical'] },
  { name: 'quiet', form: 'pager', address: 'https://pager.example.com/other', operators: false },
  { name: 'ops', form: 'slack', workspace: 'T0123456789', channel: 'C0123456789' },
  {
    name: 'desk',
    form: 'teams',
    tenant: '11111111-2222-3333-4444-555555555555',
    team: '11111111-2222-3333-4444-666666666666',
    channel: '19%3ab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2',
    operators: false,
  },
] as const satisfies ConfigInput['audiences'];

const installed = (changes: Partial<ConfigInput> = {}): Installation =>
  new Installation(
    templatesOf({ ...example, audiences: [...AUDIENCES], ...changes }) as Record<string, TemplateText>,
  );
const bank = installed();
const topic = (name: string, of = bank): string => of.thing('AWS::SNS::Topic', new RegExp(`Alerts${name}`));
const alarm = (name: string, account = ACCOUNT, region = REGION) => ({
  'aws:SourceAccount': account,
  'aws:SourceArn': `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`,
});

describe('the key of the topics', () => {
  const key = bank.thing('AWS::KMS::Key', /Alerts/);
  const ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];

  test('lets alarms of this account and region publish, as CloudWatch calls it', () => {
    for (const action of ACTIONS)
      assert.equal(bank.decideFor('cloudwatch.amazonaws.com', action, key, alarm('any')), 'allowed');
  });

  test('lets alarms of others do nothing, nor a call that does not say for whom', () => {
    const others = [
      alarm('any', '999999999999'),
      alarm('any', ACCOUNT, 'us-east-1'),
      { 'aws:SourceArn': `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:insight-rule/x` },
      { 'aws:SourceAccount': '999999999999' },
    ];
    for (const context of others)
      for (const action of ACTIONS)
        assert.equal(
          bank.decideFor('cloudwatch.amazonaws.com', action, key, context),
          'not allowed',
          JSON.stringify(context),
        );
    for (const action of ['kms:Encrypt', 'kms:CreateGrant', 'kms:DescribeKey', 'kms:ScheduleKeyDeletion'])
      assert.equal(bank.decideFor('cloudwatch.amazonaws.com', action, key, alarm('any')), 'not allowed');
  });

  test('admits no other service: nothing else of AWS publishes here', () => {
    for (const service of ['events', 'sns', 'sqs', 'scheduler', 'lambda', 's3', 'chatbot', 'budgets'])
      for (const action of ACTIONS)
        assert.equal(bank.decideFor(`${service}.amazonaws.com`, action, key, alarm('any')), 'not allowed');
  });

  test('is used by send-alerts through SNS alone, and by no other function', () => {
    const through = (service: string) => ({ 'kms:ViaService': `${service}.${REGION}.amazonaws.com` });
    for (const role of bank.roles) {
      const may = bank.decide(role, 'kms:GenerateDataKey', key, through('sns'));
      assert.equal(may, role.name.includes('send-alerts') ? 'allowed' : 'not allowed', role.name);
      assert.equal(bank.decide(role, 'kms:GenerateDataKey', key, through('s3')), 'not allowed', role.name);
    }
  });
});

describe('the topics', () => {
  test('of operators takes alarms of this account, over TLS; no other topic does', () => {
    const ask = (name: string, context: Record<string, string>) =>
      bank.decideFor('cloudwatch.amazonaws.com', 'sns:Publish', topic(name), context);
    assert.equal(ask('Operators', alarm('any')), 'allowed');
    assert.equal(ask('Operators', alarm('any', '999999999999')), 'not allowed');
    assert.equal(ask('Operators', { ...alarm('any'), 'aws:SecureTransport': 'false' }), 'denied');
    for (const name of ['Email', 'Pager', 'Chat']) assert.equal(ask(name, alarm('any')), 'not allowed');
  });

  test('take alerts from send-alerts alone, and that of operators from none of our functions', () => {
    for (const role of bank.roles)
      for (const name of ['Email', 'Pager', 'Chat', 'Operators'])
        assert.equal(
          bank.decide(role, 'sns:Publish', topic(name)),
          role.name.includes('send-alerts') && name !== 'Operators' ? 'allowed' : 'not allowed',
          `${role.name} ${name}`,
        );
  });

  test('what their subscriptions do not take lies in a queue that they alone write to', () => {
    const unheard = bank.thing('AWS::SQS::Queue', /AlertsUnheard/);
    const ask = (from: string) =>
      bank.decideFor('sns.amazonaws.com', 'sqs:SendMessage', unheard, { 'aws:SourceArn': from });
    for (const name of ['Email', 'Pager', 'Operators']) assert.equal(ask(topic(name)), 'allowed', name);
    assert.equal(ask(`arn:aws:sns:${REGION}:${ACCOUNT}:another`), 'not allowed');
    assert.equal(bank.decideFor('events.amazonaws.com', 'sqs:SendMessage', unheard), 'not allowed');
    for (const { properties } of bank.deployed.of('AWS::SNS::Subscription'))
      assert.ok(properties.RedrivePolicy !== undefined);
  });

  test('with very many audiences the policy of that queue stays within what SQS takes', () => {
    const many = installed({
      audiences: Array.from({ length: 60 }, (_, index) => ({
        name: `a${index}`,
        form: 'email' as const,
        address: `a${index}@example.com`,
      })),
    });
    for (const { properties, stack } of many.deployed.of('AWS::SQS::QueuePolicy')) {
      const { Statement } = many.deployed.written(properties.PolicyDocument, stack) as {
        Statement: unknown[];
      };
      // Amazon SQS developer guide, "Quotas related to policies": 20 statements.
      assert.ok(Statement.length <= 20, `${Statement.length} statements`);
    }
  });
});

describe('who is subscribed', () => {
  const subscriptions = (of = bank) =>
    of.deployed.of('AWS::SNS::Subscription').map(({ id, properties, stack }) => ({
      id,
      topic: String(of.deployed.written(properties.TopicArn, stack)),
      address: String(properties.Endpoint),
      filter: properties.FilterPolicy,
    }));
  const hearing = (name: string, of = bank) =>
    subscriptions(of)
      .filter((each) => each.topic === topic(name, of))
      .map(({ address }) => address)
      .sort();

  test('people by mail and pager hear of Fairlead’s own alarms if they hear of all of it, or say so', () => {
    assert.deepEqual(hearing('Operators'), ['https://pager.example.com/key', 'platform@example.com']);
    const asked = installed({
      audiences: [{ ...AUDIENCES[1], operators: true }],
    });
    assert.deepEqual(hearing('Operators', asked), ['shop@example.com']);
  });

  test('their filters stand at their form’s topic, and none at that of operators', () => {
    for (const { topic: of, address, filter } of subscriptions()) {
      const isFiltered = of !== topic('Operators') && /shop@|\/key$/.test(address);
      assert.equal(filter !== undefined, isFiltered, `${of} ${address}`);
    }
  });

  test('a renamed audience, or another filter, is the same subscription: nobody confirms anew', () => {
    const renamed = installed({
      audiences: AUDIENCES.map((audience) => ({ ...audience, name: `${audience.name}-team` })),
    });
    const ids = (of: Installation) => subscriptions(of).map(({ id, address }) => [id, address]);
    assert.deepEqual(ids(renamed), ids(bank));
    const narrowed = installed({
      audiences: AUDIENCES.map((audience) =>
        audience.form === 'email' ? { ...audience, severities: ['critical'] as const } : audience,
      ) as NonNullable<ConfigInput['audiences']>,
    });
    assert.deepEqual(ids(narrowed), ids(bank));
  });
});

describe('a channel of Slack or Teams', () => {
  const channels = ['Slack', 'MicrosoftTeams'].flatMap((kind) =>
    bank.deployed.of(`AWS::Chatbot::${kind}ChannelConfiguration`),
  );

  test('hears of the chat’s topic, and of operators’ unless it does not want to', () => {
    const topics = channels.map(({ properties, stack }) =>
      bank.deployed.written(properties.SnsTopicArns, stack),
    );
    assert.deepEqual(topics, [[topic('Chat'), topic('Operators')], [topic('Chat')]]);
  });

  test('can do nothing: its role has no policy, its guardrail denies everything', () => {
    const roles = bank.roles.filter(({ trust }) => JSON.stringify(trust).includes('chatbot.amazonaws.com'));
    assert.equal(roles.length, 2);
    for (const { policies } of roles) assert.deepEqual(policies, []);
    for (const { properties, stack } of channels)
      assert.deepEqual(bank.deployed.written(properties.GuardrailPolicies, stack), [
        'arn:aws:iam::aws:policy/AWSDenyAll',
      ]);
  });
});

describe('topics and a key that are there already', () => {
  const arn = (name: string) => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
  const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1a2b3c4d-0000-0000-0000-000000000000`;
  const theirs = installed({
    aws: {
      key,
      existing: {
        topics: { email: arn('mail'), pager: arn('page'), chat: arn('chat'), operators: arn('ops') },
      },
    },
  });

  test('are used: none is made, audiences are subscribed to them, and send-alerts publishes there', () => {
    assert.deepEqual(theirs.deployed.of('AWS::SNS::Topic'), []);
    assert.deepEqual(theirs.deployed.of('AWS::SNS::TopicPolicy'), []);
    assert.equal(theirs.deployed.of('AWS::KMS::Key').filter(({ id }) => id.startsWith('Alerts')).length, 0);
    const subscribed = theirs.deployed
      .of('AWS::SNS::Subscription')
      .map(({ properties }) => properties.TopicArn);
    assert.deepEqual([...new Set(subscribed)].sort(), [arn('mail'), arn('ops'), arn('page')]);
    const send = theirs.roleOf('send-alerts');
    for (const name of ['mail', 'page', 'chat'])
      assert.equal(theirs.decide(send, 'sns:Publish', arn(name)), 'allowed');
    assert.equal(theirs.decide(send, 'sns:Publish', arn('ops')), 'not allowed');
    const told = theirs.deployed
      .all()
      .filter(({ type }) => /^AWS::CloudWatch::(Composite)?Alarm$/.test(type))
      .flatMap(({ properties }) => (properties.AlarmActions ?? []) as readonly unknown[]);
    assert.deepEqual([...new Set(told)], [arn('ops')]);
  });
});

describe('the event bus', () => {
  const busSchemas = (of = bank) => of.deployed.of('AWS::EventSchemas::Schema');

  test('has the schema of its events in the registry, and each example fits it', () => {
    const [schema] = busSchemas();
    assert.equal(schema?.properties.Type, 'JSONSchemaDraft4');
    const content = JSON.parse(String(schema?.properties.Content));
    const validator = new Validator(content, '4');
    for (const [name, alert] of Object.entries(EXAMPLES)) {
      const { detailType, detail } = eventOf(alert);
      const event = {
        version: '0',
        id: '1',
        'detail-type': detailType,
        source: 'fairlead',
        account: ACCOUNT,
        time: '2026-11-21T12:00:00Z',
        region: REGION,
        resources: [],
        detail: JSON.parse(JSON.stringify(detail)),
      };
      const { valid, errors } = validator.validate(event);
      assert.ok(valid, `${name}: ${errors[0]?.error}`);
      assert.ok(!validator.validate({ ...event, detail: { ...event.detail, apiVersion: 'v9' } }).valid);
    }
    assert.deepEqual(busSchemas(installed({ bus: { schema: 'none' } })), []);
  });

  test('sends all of them on to the buses that are named, keeps what one did not take, and no others', () => {
    const other = `arn:aws:events:${REGION}:222222222222:event-bus/ops`;
    const forwarding = installed({ bus: { forwardTo: [other] } });
    const rules = forwarding.deployed
      .of('AWS::Events::Rule')
      .filter(({ properties }) => properties.EventBusName !== undefined);
    assert.equal(rules.length, 1);
    const targets = rules.flatMap(
      ({ properties }) => properties.Targets as { Arn: string; DeadLetterConfig?: unknown }[],
    );
    assert.equal(targets.length, 1);
    const [target] = targets;
    assert.equal(target?.Arn, other);
    assert.ok(target?.DeadLetterConfig !== undefined);
    const may = forwarding.roles.filter(
      (role) => forwarding.decide(role, 'events:PutEvents', other) === 'allowed',
    );
    assert.equal(may.length, 1);
    assert.match(JSON.stringify(may[0]?.trust), /events\.amazonaws\.com/);
    assert.equal(
      bank.roles.filter((role) => bank.decide(role, 'events:PutEvents', other) === 'allowed').length,
      0,
    );
  });
});

test('whoever looks after an installation finds its dead-letter queues and its audiences, and no address of a pager', () => {
  const parameters = bank.deployed.of('AWS::SSM::Parameter').map(({ properties, stack }) => ({
    name: String(properties.Name),
    value: String(bank.deployed.written(properties.Value, stack)),
  }));
  const below = (path: string) =>
    parameters.filter(({ name }) => name.startsWith(path)).map(({ name }) => name.slice(path.length));
  assert.deepEqual(below('/fairlead-dead-letters/fairlead/').sort(), [
    'checks',
    'doorbell',
    'reads',
    'receive',
    'undelivered',
    'unheard',
    'untold',
  ]);
  assert.deepEqual(below('/fairlead-audiences/fairlead/audiences/').sort(), [
    'on-call',
    'platform',
    'quiet',
    'shop',
  ]);
  for (const { name, value } of parameters) {
    assert.ok(!value.includes('pager.example.com'), name);
    assert.ok(Buffer.byteLength(value) <= 4096, name);
  }
});
