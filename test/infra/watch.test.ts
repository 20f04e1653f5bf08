import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { Match } from 'aws-cdk-lib/assertions';
import example from '../../fairlead.config.ts';
import { QUERIES } from '../../infra/watch/queries.ts';
import { SECTIONS } from '../../infra/watch/runbook.ts';
import { INSTALLATION_DIMENSION, METRICS, METRICS_NAMESPACE } from '../../lib/aws/metrics.ts';
import { synthesised } from './example.ts';

const { state, targets, run, checks } = synthesised();
const templates = { state, targets, run, checks };
const [target] = example.targets;
const RUNBOOK = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'runbook.md'), 'utf8');

type Properties = Record<string, never> & {
  readonly AlarmName?: string;
  readonly AlarmDescription: string;
  readonly AlarmActions?: readonly { readonly Ref: string }[];
  readonly OKActions?: readonly unknown[];
  readonly TreatMissingData?: string;
  readonly Threshold: number;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
};
const resources = (template: Template, type: string): readonly (readonly [string, Properties])[] =>
  Object.entries(template.findResources(type)).map(([id, { Properties: all }]) => [id, all as Properties]);
const alarmsOf = (template: Template) => resources(template, 'AWS::CloudWatch::Alarm').map(([, all]) => all);
const alarms = alarmsOf(run);
const together = resources(run, 'AWS::CloudWatch::CompositeAlarm');
const named = (name: string, from = alarms) => {
  const found = from.find(({ AlarmName }) => AlarmName === `fairlead-${name}`);
  assert.ok(found, `fairlead-${name} among ${from.map(({ AlarmName }) => AlarmName).join(', ')}`);
  return found;
};
const lambdas = resources(run, 'AWS::Lambda::Function');
const timeoutOf = (name: string): number => {
  const found = lambdas.find(([, { FunctionName }]) => FunctionName === `fairlead-${name}`);
  assert.ok(found, name);
  return (found[1] as unknown as { Timeout: number }).Timeout;
};
const WORKERS = [
  'receive-upload',
  'render-release',
  'deliver-uploads',
  'read-desired',
  'check-drift',
  'send-alerts',
  'sweep',
];

describe('alarms', () => {
  test('each function has one for its errors and one for its time limit, of which four fifths are', () => {
    for (const name of WORKERS) {
      assert.equal(named(`Errors-${name}`).EvaluationPeriods, 3);
      assert.equal(named(`Slow-${name}`).Threshold, timeoutOf(name) * 1000 * 0.8);
    }
    named('Hourly-sweep');
  });

  test('each queue of dead letters has one, and each queue that is worked off', () => {
    const queues = resources(run, 'AWS::SQS::Queue');
    const worked = queues.filter(([, { RedrivePolicy }]) => RedrivePolicy !== undefined);
    const watched = (metric: string) =>
      new Set(
        alarms
          .filter(({ MetricName }) => MetricName === metric)
          .map(({ Dimensions }) => JSON.stringify(Dimensions?.[0]?.Value)),
      );
    const depths = watched('ApproximateNumberOfMessagesVisible');
    const ages = watched('ApproximateAgeOfOldestMessage');
    for (const [id, { RedrivePolicy }] of queues) {
      const name = JSON.stringify({ 'Fn::GetAtt': [id, 'QueueName'] });
      assert.ok((RedrivePolicy === undefined ? depths : ages).has(name), id);
    }
    assert.equal(depths.size, queues.length - worked.length);
    assert.equal(ages.size, worked.length);
  });

  test('throttled calls of all functions are one, and so is what the account runs at once', () => {
    const throttles = named('Throttles') as unknown as {
      Metrics: { MetricStat?: { Metric: { MetricName: string } } }[];
    };
    const summed = throttles.Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric.MetricName ?? []);
    assert.deepEqual(
      summed,
      WORKERS.map(() => 'Throttles'),
    );
    assert.equal(named('Concurrency').MetricName, 'ClaimedAccountConcurrency');
  });

  test('what they look at of our own is measured by the functions, under the one dimension that is paid for', () => {
    const own = alarms.filter(({ Namespace }) => Namespace === METRICS_NAMESPACE);
    assert.deepEqual(own.map(({ MetricName }) => MetricName).sort(), [
      'AlertsGivenUp',
      'ChecksFinished',
      'OldestUntoldAlert',
      'OldestWaitingUpload',
      'VerdictsOverdue',
    ]);
    for (const { MetricName, Dimensions } of own) {
      assert.ok(MetricName !== undefined && MetricName in METRICS, MetricName);
      assert.deepEqual(Dimensions, [{ Name: INSTALLATION_DIMENSION, Value: 'fairlead' }]);
    }
  });

  test('each one tells somebody when it comes and when it goes, by itself or through one that it is a part of', () => {
    const rules = JSON.stringify(together.map(([, all]) => all));
    for (const [id, { AlarmActions = [], OKActions = [] }] of [
      ...resources(run, 'AWS::CloudWatch::Alarm'),
      ...together,
    ]) {
      if (AlarmActions.length === 0) assert.ok(rules.includes(id), `${id} tells nobody`);
      else assert.deepEqual([AlarmActions.length, OKActions.length], [1, 1], id);
    }
  });

  test('each description ends with a section of the runbook, and each section is that of some alarm', () => {
    const { run: backedUp } = synthesised({ backup: true });
    const sections = [...alarmsOf(backedUp), ...together.map(([, all]) => all)].map(
      ({ AlarmDescription }) => {
        const [, section] = /What to do: docs\/runbook\.md#([a-z0-9-]+)$/.exec(AlarmDescription) ?? [];
        return section ?? assert.fail(AlarmDescription);
      },
    );
    assert.deepEqual([...new Set(sections)].sort(), Object.values(SECTIONS).sort());
  });

  test('each section says what it means, how to look and how to mend, and there is none that no alarm names', () => {
    const [, told = ''] = RUNBOOK.split(/^## When an alarm tells\n/m);
    const [ofAlarms = ''] = told.split(/^## /m);
    const sections = ofAlarms.split(/^### /m).slice(1);
    const anchors = sections.map((section) =>
      (section.split('\n')[0] ?? '').toLowerCase().replaceAll(' ', '-'),
    );
    assert.deepEqual([...anchors].sort(), Object.values(SECTIONS).sort());
    for (const section of sections)
      for (const part of ['**What it means.**', '**Look', '**Mend.**'])
        assert.ok(section.includes(part), section);
  });

  test('the runbook says what each saved query is for, and names none that is not kept', () => {
    const listed = [...RUNBOOK.matchAll(/^\| `(\w+)` \| /gm)].map(([, name = '']) => name);
    assert.deepEqual(listed.slice(0, Object.keys(QUERIES).length), Object.keys(QUERIES));
    for (const [, name = ''] of RUNBOOK.matchAll(/saved quer(?:y|ies) `(\w+)`/g))
      assert.ok(name in QUERIES, name);
  });

  test('the topic that they tell admits CloudWatch: its own policy replaces the one that would', () => {
    const topics = new Set(
      [...alarms, ...together.map(([, all]) => all)].flatMap(({ AlarmActions = [] }) =>
        AlarmActions.map((topic) => JSON.stringify(topic)),
      ),
    );
    assert.equal(topics.size, 1);
    for (const topic of topics) {
      run.hasResourceProperties('AWS::SNS::TopicPolicy', {
        Topics: [JSON.parse(topic)],
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Effect: 'Allow',
              Principal: { Service: 'cloudwatch.amazonaws.com' },
              Action: 'sns:Publish',
            }),
          ]),
        },
      });
    }
  });

  test('another installation in the same account has alarms and a dashboard of its own name', () => {
    const { run: other } = synthesised({ installation: 'other', audiences: [] });
    for (const { AlarmName } of alarmsOf(other)) assert.match(AlarmName ?? '', /^other-/);
    const dashboards = resources(other, 'AWS::CloudWatch::Dashboard');
    assert.match(JSON.stringify(dashboards), /"DashboardName":\{"Fn::Join":\["",\["other-"/);
  });
});

describe('silence', () => {
  test('is heard where nothing is measured at all: of all checks, and of the sweep that would count them', () => {
    const silent = alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    assert.deepEqual(silent.map(({ AlarmName }) => AlarmName).sort(), [
      'fairlead-NoDriftCheck',
      'fairlead-VerdictsOverdue',
    ]);
  });

  test('is told once: what ends all checks makes every target silent as well', () => {
    const [[, rule] = assert.fail('no composite alarm'), ...more] = together;
    assert.deepEqual(more, []);
    assert.match(JSON.stringify(rule), /ALARM\(.*NoDriftCheck.*OR.*ALARM\(.*VerdictsOverdue/);
    for (const name of ['NoDriftCheck', 'VerdictsOverdue']) assert.equal(named(name).AlarmActions, undefined);
  });

  for (const checkEveryMinutes of [1, 15, 480, 481, 1440]) {
    test(`is heard where targets are checked every ${checkEveryMinutes} minutes, within what CloudWatch looks back`, () => {
      assert.ok(target !== undefined);
      const { run: other } = synthesised({ targets: [{ ...target, checkEveryMinutes }], audiences: [] });
      const { EvaluationPeriods, Period } = named('NoDriftCheck', alarmsOf(other));
      assert.ok(EvaluationPeriods * Period >= 3 * checkEveryMinutes * 60);
      assert.ok(EvaluationPeriods * Period <= (Period < 3600 ? 1 : 7) * 24 * 3600);
    });
  }

  test('of clusters is no matter where no target names one: then only the sweep is listened to', () => {
    const { cluster: _, ...uploadsOnly } = target ?? assert.fail('the example has a target');
    const { run: other } = synthesised({ targets: [uploadsOnly], audiences: [] });
    const silent = alarmsOf(other).filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    assert.deepEqual(
      silent.map(({ AlarmName }) => AlarmName),
      ['fairlead-VerdictsOverdue'],
    );
    assert.equal(silent[0]?.AlarmActions?.length, 1);
  });
});

describe('logs and traces', () => {
  test('every log group forgets after a while, and every function writes to one that is ours', () => {
    for (const template of Object.values(templates)) {
      const groups = new Map(resources(template, 'AWS::Logs::LogGroup'));
      for (const [id, all] of groups)
        assert.ok((all as unknown as { RetentionInDays: number }).RetentionInDays > 0, id);
      for (const [id, all] of resources(template, 'AWS::Lambda::Function')) {
        // CDK's own, where a stack may go with all that is in it: it writes when a bucket is emptied, once.
        if (id.startsWith('CustomS3AutoDelete')) continue;
        const { LoggingConfig } = all as unknown as { LoggingConfig?: { LogGroup: { Ref: string } } };
        assert.ok(LoggingConfig !== undefined && groups.has(LoggingConfig.LogGroup.Ref), id);
      }
    }
  });

  test('every function that works is traced, and its role may send traces and say how that went', () => {
    for (const [id, all] of lambdas) {
      assert.deepEqual((all as unknown as { TracingConfig: unknown }).TracingConfig, { Mode: 'Active' }, id);
    }
  });

  test('saved queries ask the logs of the functions that they are about', () => {
    const queries = resources(run, 'AWS::Logs::QueryDefinition').map(([, all]) => all) as unknown as {
      Name: string;
      LogGroupNames: string[];
    }[];
    const follow = queries.find(({ Name }) => Name === 'fairlead/fairlead/follow');
    assert.deepEqual(
      [...(follow?.LogGroupNames ?? [])].sort(),
      WORKERS.map((name) => `/aws/lambda/fairlead-${name}`).sort(),
    );
    for (const { Name, LogGroupNames } of queries) assert.ok(LogGroupNames.length > 0, Name);
  });
});

describe('the dashboard', () => {
  const dashboardOf = (template: Template) => {
    const [[, { DashboardBody }] = assert.fail('there is none'), ...more] = resources(
      template,
      'AWS::CloudWatch::Dashboard',
    ) as unknown as [string, { DashboardBody: { 'Fn::Join': [string, unknown[]] } }][];
    assert.deepEqual(more, []);
    return JSON.parse(
      DashboardBody['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'x')).join(''),
    ) as {
      widgets: {
        type: string;
        y: number;
        properties: { metrics?: unknown[]; alarms?: unknown[]; markdown?: string };
      }[];
    };
  };
  const body = dashboardOf(run);
  const withBackups = dashboardOf(synthesised({ backup: true }).run);

  test('is one, and of no more metrics than one that costs nothing', () => {
    const metrics = withBackups.widgets.flatMap(({ properties }) => properties.metrics ?? []);
    assert.ok(metrics.length <= 50, `${metrics.length} metrics`);
  });

  test('begins with what is wrong now, by all alarms that tell, and with where to look', () => {
    const top = body.widgets.filter(({ y }) => y === 0);
    assert.deepEqual(
      top.map(({ type }) => type),
      ['alarm', 'text'],
    );
    const telling = [...alarms, ...together.map(([, all]) => all)].filter(({ AlarmActions }) => AlarmActions);
    assert.equal(top[0]?.properties.alarms?.length, telling.length);
    assert.match(top[1]?.properties.markdown ?? '', /docs\/runbook\.md[\s\S]*fairlead\/fairlead\//);
  });

  test('shows every figure that functions measure: what nobody looks at need not be paid for', () => {
    const text = JSON.stringify(withBackups);
    for (const name of Object.keys(METRICS)) assert.ok(text.includes(`"${name}"`), name);
    assert.ok(!JSON.stringify(body).includes('"BackupsComplete"'), 'nobody backs up');
  });
});
