import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Alert } from '../../lib/alerts/alert.ts';
import { type Addressed, attributesOf, filterPolicyOf, hears } from '../../lib/alerts/audience.ts';
import type { AudienceFilter } from '../../lib/config/audiences.ts';
import { eventRuler, requirement } from '../requirements.ts';
import { synthesised } from './example.ts';

type Pattern = Readonly<Record<string, unknown>>;
interface Question {
  readonly event: object;
  readonly pattern: Pattern;
}

/** What AWS's own matcher says of each: one process for all of them. */
function matches(questions: readonly Question[]): readonly boolean[] {
  const jars = eventRuler() ?? '';
  const path = readdirSync(jars)
    .filter((name) => name.endsWith('.jar'))
    .map((name) => join(jars, name))
    .join(':');
  const source = join(import.meta.dirname, 'event-ruler', 'Matches.java');
  const out = execFileSync('java', ['-cp', path, source], {
    input: questions.map((question) => JSON.stringify(question)).join('\n'),
    encoding: 'utf8',
  });
  const answers = out.trim().split('\n');
  assert.equal(answers.length, questions.length);
  return answers.map((answer) => answer === 'true');
}

describe("patterns, as AWS's own matcher reads them", requirement('event-ruler'), () => {
  const { run } = synthesised();

  test('one rule takes every new version in our bucket whatever its key, and nothing else', () => {
    const [rule] = Object.values(run.findResources('AWS::Events::Rule')).map(({ Properties }) => Properties);
    assert.ok(rule !== undefined);
    const [bucket] = rule.EventPattern.detail.bucket.name as readonly object[];
    // The bucket has its name when it is deployed: a reference until then.
    assert.ok(
      bucket !== undefined && ('Fn::ImportValue' in bucket || 'Ref' in bucket),
      JSON.stringify(bucket),
    );
    const pattern = { ...rule.EventPattern, detail: { bucket: { name: ['charts'] } } };
    const event = (key: string, changes: object = {}, bucketName = 'charts') => ({
      version: '0',
      id: '17793124-05d4-b198-2fde-7ededc63b103',
      'detail-type': 'Object Created',
      source: 'aws.s3',
      account: '111122223333',
      time: '2026-11-22T12:22:55Z',
      region: 'eu-central-1',
      resources: [`arn:aws:s3:::${bucketName}`],
      detail: {
        version: '0',
        bucket: { name: bucketName },
        object: {
          key,
          size: 5,
          etag: 'b1946ac92492d2347c6235b4d2611184',
          'version-id': 'v',
          sequencer: '00617F08299329D189',
        },
        'request-id': 'N4N7GDK58NMKJ12R',
        requester: '111122223333',
        'source-ip-address': '192.0.2.1',
        reason: 'PutObject',
      },
      ...changes,
    });
    const keys = [
      'staging/shop/web/web-1.0.0.tgz',
      'staging/shop/web/values.yaml',
      '.commands/staging/01jd8zq6t7x3m2k4n5p6r7s8t9.json',
      '',
      '/',
      '../../etc/passwd',
      'a b+c%2Fd&e=f?g#h.tgz',
      'quote"s\\and\\\\slashes\u0000\u001f\n\t.tgz',
      '{"source":["aws.ec2"]}',
      '*',
      'ünïcødé/鯨/🦀.tgz',
      '\u202Egnp.tgz',
      'x'.repeat(1024),
    ];
    const others = [
      event('k', { source: 'aws.ec2' }),
      event('k', { source: 'com.example.aws.s3' }),
      event('k', { 'detail-type': 'Object Deleted' }),
      event('k', { 'detail-type': 'object created' }),
      event('k', {}, 'charts-2'),
      event('k', {}, 'Charts'),
      event('charts', {}, 'other'),
      event('k', { detail: { bucket: 'charts' } }),
      event('k', { detail: {} }),
    ];
    const answers = matches(
      [...keys.map((key) => event(key)), ...others].map((one) => ({ event: one, pattern })),
    );
    assert.deepEqual(answers, [...keys.map(() => true), ...others.map(() => false)]);
  });

  test('the stream lets through what somebody is to be told of, and nothing else', () => {
    const [mapping] = Object.values(run.findResources('AWS::Lambda::EventSourceMapping')).flatMap(
      ({ Properties }) => Properties.FilterCriteria?.Filters ?? [],
    );
    const pattern = JSON.parse(mapping.Pattern) as Pattern;
    const record = (image: object | undefined) => ({
      eventName: 'MODIFY',
      dynamodb: { Keys: { pk: { S: 'a' } }, ...(image === undefined ? {} : { NewImage: image }) },
    });
    const images = [
      { pk: { S: 'a' }, untold: { S: 'untold' }, untoldAt: { S: '2026-11-22T00:00:00Z' } },
      { pk: { S: 'a' } },
      { pk: { S: 'untold' }, told: { S: 'untold' } },
      { untold: { NULL: true } },
      undefined,
    ];
    const answers = matches(images.map((image) => ({ event: record(image), pattern })));
    assert.deepEqual(answers, [true, false, false, false, false]);
  });

  /** SNS's filter policies have these semantics where they name exact strings (SNS guide, "String value matching"). */
  test('an audience is told by SNS what it is told by ourselves, for every filter and every alert of a grid', () => {
    const some = <Value>(...values: Value[]): readonly (readonly Value[] | undefined)[] => [
      undefined,
      ...values.map((value) => [value]),
      values,
    ];
    const filters: AudienceFilter[] = [];
    for (const targets of some('staging', 'production'))
      for (const namespaces of some('shop', 'billing'))
        for (const classes of some('drift', 'delivery') as readonly AudienceFilter['classes'][])
          for (const severities of some('critical', 'info') as readonly AudienceFilter['severities'][])
            filters.push({
              ...(targets && { targets: [...targets] }),
              ...(namespaces && { namespaces: [...namespaces] }),
              ...(classes && { classes }),
              ...(severities && { severities }),
            });
    const addressed: Addressed[] = [];
    for (const targets of [['staging'], ['production'], ['staging-2'], ['staging', 'production']])
      for (const namespaces of [[], ['shop'], ['shop-2', 'billing'], ['*'], ['Shop']])
        for (const classes of [['drift'], ['stalled'], ['drift', 'delivery']] as const)
          for (const severities of [['critical'], ['warning', 'info']] as const)
            addressed.push({ targets, namespaces, classes, severities });
    const alert = { scope: 'release shop/web', kind: 'drift', incident: 'i', sequence: 1 } as Alert;
    const pairs = filters.flatMap((filter) => {
      const pattern = filterPolicyOf(filter);
      return pattern === undefined ? [] : addressed.map((to) => ({ filter, pattern, to }));
    });
    const answers = matches(pairs.map(({ pattern, to }) => ({ event: attributesOf(alert, to), pattern })));
    const wrong = pairs.filter(({ filter, to }, index) => hears(filter, to) !== answers[index]);
    assert.deepEqual(wrong, []);
    assert.ok(answers.includes(true) && answers.includes(false));
  });
});
