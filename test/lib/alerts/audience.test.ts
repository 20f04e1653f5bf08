import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { addressedOf, attributesOf, filterPolicyOf, hears } from '../../../lib/alerts/audience.ts';
import * as clients from '../../../lib/aws/clients.ts';
import { messageAttributes, snsTopic } from '../../../lib/aws/topics.ts';
import { ALERT_CLASSES, type AudienceFilter } from '../../../lib/config/audiences.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { finding } from '../../fixtures/findings.ts';
import { type TestAws, testAws } from '../../fixtures/local-aws.ts';
import { EXAMPLES } from './examples.ts';
import { admits, refusedBecause } from './filter-policy.ts';

const SEVERITIES = ['info', 'warning', 'critical'] as const;
const TARGETS = ['staging', 'live'];
const NAMESPACES = ['shop', 'cart', 'pay'];

const someOf = <Value>(values: readonly Value[]) =>
  fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });
const filters: fc.Arbitrary<AudienceFilter> = fc
  .record({
    targets: someOf(TARGETS),
    namespaces: someOf(NAMESPACES),
    severities: someOf(SEVERITIES),
    classes: someOf(ALERT_CLASSES),
  })
  .map((filter) => JSON.parse(JSON.stringify(filter)));

const object = (namespace: string | undefined) => ({
  apiVersion: 'v1',
  kind: 'Service',
  name: 'x',
  ...(namespace === undefined ? {} : { namespace }),
});
const alerts: fc.Arbitrary<Alert> = fc
  .record({
    example: fc.constantFrom(...Object.values(EXAMPLES)),
    target: fc.constantFrom(...TARGETS),
    scope: fc.constantFrom(
      'shop/web',
      'cart/cart',
      'manifests',
      'manifests/pay/base',
      'target',
      'drift.yaml',
    ),
    severity: fc.constantFrom(...SEVERITIES),
    told: fc.option(fc.subarray([...SEVERITIES]), { nil: undefined }),
    objects: fc.array(fc.constantFrom(undefined, ...NAMESPACES, 'elsewhere'), { maxLength: 4 }),
    more: fc.constantFrom(0, 0, 3),
  })
  .map(
    ({ example, objects, more, told, ...changes }) =>
      ({
        ...example,
        ...changes,
        ...(told === undefined ? {} : { told }),
        ...('findings' in example
          ? {
              findings: objects.map((namespace) => finding('a', { live: 1 }, { object: object(namespace) })),
              more,
            }
          : {}),
      }) as Alert,
  );

const published = (alert: Alert, before?: readonly string[]) =>
  Object.fromEntries(messageAttributes(attributesOf(alert, addressedOf(alert, before))));

describe('what SNS passes on', () => {
  test('is what Fairlead’s own filter admits, whatever the filter and the alert', () => {
    let heard = 0;
    fc.assert(
      fc.property(filters, alerts, someOf(NAMESPACES), (filter, alert, before) => {
        const admitted = hears(filter, addressedOf(alert, before));
        if (admitted) heard += 1;
        assert.equal(admits(filterPolicyOf(filter), published(alert, before)), admitted);
      }),
      { numRuns: 5000 },
    );
    assert.ok(heard > 500 && heard < 4500, `${heard} of 5000 were heard`);
  });

  test('by policies that it takes: those that it would refuse, the configuration does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 4 }),
        filters,
        (namespaces, targets, filter) => {
          const names = (count: number, prefix: string) =>
            Array.from({ length: count }, (_, index) => `${prefix}${index}`);
          const wide = {
            ...filter,
            targets: targets === 0 ? undefined : names(targets, 't'),
            namespaces: namespaces === 0 ? undefined : names(namespaces, 'n'),
          } as AudienceFilter;
          const input = {
            repositories: [{ name: 'r', url: 'https://git.example.com/r.git' }],
            targets: names(4, 't').map((name) => ({
              name,
              repository: 'r',
              deployer: 'flux' as const,
              namespaces: names(60, 'n'),
            })),
            audiences: [
              {
                name: 'a',
                form: 'email' as const,
                address: 'a@example.com',
                ...JSON.parse(JSON.stringify(wide)),
              },
            ],
          };
          const policy = filterPolicyOf(wide);
          if (policy === undefined || refusedBecause(policy) === undefined) parseConfig(input);
          else
            assert.throws(
              () => parseConfig(input),
              /make two audiences of it, each with an address of its own/,
            );
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a second team', () => {
  const shop: AudienceFilter = { namespaces: ['shop'] };
  const hearsOf = (filter: AudienceFilter, alert: Alert, before?: readonly string[]) =>
    hears(filter, addressedOf(alert, before));
  const drift = EXAMPLES.drift as Alert;
  const example = (name: string, changes: object): Alert => ({ ...EXAMPLES[name], ...changes }) as Alert;
  const found = (...namespaces: (string | undefined)[]) => ({
    findings: namespaces.map((namespace) => finding('a', { live: 1 }, { object: object(namespace) })),
  });

  test('hears of its release, and of what its release or the manifests change in its namespace', () => {
    assert.ok(hearsOf(shop, drift));
    assert.ok(hearsOf(shop, example('drift', { scope: 'cart/cart', ...found('shop') })));
    assert.ok(hearsOf(shop, example('drift', { scope: 'manifests', ...found('cart', 'shop') })));
    assert.ok(hearsOf(shop, example('drift', { scope: 'manifests/shop/base', ...found() })));
  });

  test('hears nothing of others, nor of what belongs to no namespace', () => {
    assert.ok(!hearsOf(shop, example('drift', { scope: 'cart/cart', ...found('cart') })));
    assert.ok(!hearsOf(shop, example('drift', { scope: 'manifests', ...found('cart', undefined) })));
    assert.ok(!hearsOf(shop, example('unknown', { scope: 'target' })));
    assert.ok(!hearsOf(shop, example('blocked', { scope: 'target' })));
  });

  test('hears of a burst that it is in, and of one of which nobody can list all members', () => {
    const burst = (members: string[], left: number) =>
      example('drift', {
        scope: 'target',
        ...found(),
        members: members.map((scope) => ({ scope, findings: 1, severity: 'warning' })),
        left,
      });
    assert.ok(hearsOf(shop, burst(['cart/a', 'shop/b'], 2)));
    assert.ok(!hearsOf(shop, burst(['cart/a', 'cart/b'], 2)));
    assert.ok(hearsOf(shop, burst(['cart/a', 'cart/b'], 700)));
    assert.ok(hearsOf(shop, example('unknown', { scope: 'target', members: ['cart/a', 'shop/b'], left: 2 })));
    assert.ok(hearsOf(shop, example('drift', { scope: 'manifests', ...found('cart'), more: 5 })));
  });

  test('hears of its uploads, also where another’s was refused in the same minute', () => {
    const upload = (key: string) => ({ upload: `s3://charts/${key}?versionId=3%2F4`, reasons: [] });
    const refused = (key: string, also: object[] = []) => example('rejected', { ...upload(key), also });
    assert.ok(hearsOf(shop, refused('staging/shop/web/values.yaml')));
    assert.ok(!hearsOf(shop, refused('staging/cart/cart/values.yaml')));
    assert.ok(
      hearsOf(shop, refused('staging/cart/cart/values.yaml', [upload('staging/shop/web/web-1.0.0.tgz')])),
    );
    assert.ok(!hearsOf(shop, refused('staging/shop')), 'a key that is none belongs to nobody');
  });

  test('that was told of an incident is told of its end, whatever it filters by', () => {
    const closed = example('converged', { scope: 'manifests', told: ['critical'], severity: 'info' });
    assert.ok(hearsOf({ namespaces: ['shop'], severities: ['critical'] }, closed, ['cart', 'shop']));
    assert.ok(!hearsOf({ namespaces: ['pay'], severities: ['critical'] }, closed, ['cart', 'shop']));
    assert.ok(!hearsOf({ severities: ['warning'] }, closed));
    assert.ok(!hearsOf({ severities: ['info'] }, closed), 'an end without its beginning');
    const { told: _, ...well } = example('rolled-out', { severity: 'info' }) as Alert & { told?: unknown };
    assert.ok(hearsOf({ severities: ['info'] }, well as Alert), 'one that nothing came before');
  });

  test('of very many namespaces, each is meant', () => {
    const many = Array.from({ length: 300 }, (_, index) => `n${index}`);
    const alert = example('drift', { scope: 'manifests', ...found(...many) });
    assert.ok(hearsOf(shop, alert));
    assert.ok(JSON.stringify(published(alert)).length < 4000);
  });
});

describe('on real topics and queues', () => {
  let aws: TestAws;
  before(async () => {
    aws = await testAws();
  });
  after(() => aws.end());

  // The embedded SNS knows lists in a policy, but none in an attribute: those are with filter-policy.ts alone.
  test('each team’s queue gets what its filter policy admits', async () => {
    const sns = clients.sns(aws.environment);
    const sqs = clients.sqs(aws.environment);
    const teams: Record<string, AudienceFilter> = {
      shop: { namespaces: ['shop'], severities: ['critical'], classes: ['drift'] },
      cart: { namespaces: ['cart'], targets: ['staging'] },
      all: {},
    };
    for (const [name, filter] of Object.entries(teams)) {
      await sqs.send(new CreateQueueCommand({ QueueName: name }));
      const policy = filterPolicyOf(filter);
      await sns.send(
        new SubscribeCommand({
          TopicArn: aws.topics.email,
          Protocol: 'sqs',
          Endpoint: `arn:aws:sqs:us-east-1:000000000000:${name}`,
          ...(policy === undefined ? {} : { Attributes: { FilterPolicy: JSON.stringify(policy) } }),
        }),
      );
    }
    const topic = snsTopic(sns, aws.topics.email);
    const base = EXAMPLES.drift as Alert;
    const told = [
      { ...base, sequence: 1, severity: 'warning' },
      { ...base, sequence: 2, severity: 'critical' },
      { ...EXAMPLES.converged, sequence: 3, severity: 'critical', told: ['critical'] },
      { ...base, sequence: 4, scope: 'cart/cart', findings: [] },
      { ...base, sequence: 5, scope: 'cart/cart', findings: [], target: 'live' },
      { ...EXAMPLES.unknown, sequence: 6, scope: 'target' },
    ] as Alert[];
    for (const alert of told)
      await topic.publish({ subject: 's', body: 'b', attributes: attributesOf(alert, addressedOf(alert)) });
    const heard = async (name: string) =>
      (await aws.take(`${aws.url}/000000000000/${name}`))
        .map((body) => Number(JSON.parse(body).MessageAttributes.sequence.Value))
        .sort();
    assert.deepEqual(await heard('shop'), [2, 3]);
    assert.deepEqual(await heard('cart'), [4]);
    assert.deepEqual(await heard('all'), [1, 2, 3, 4, 5, 6]);
  });
});
