import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  LogQueryWidget,
  PeriodOverride,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { METRICS, type MetricName } from '../../lib/aws/metrics.ts';
import type { FairleadFunction } from '../run/function.ts';
import type { WorkQueue } from '../run/queue.ts';
import { measured } from './measured.ts';
import { QUERIES } from './queries.ts';

export interface OnCallSettings {
  readonly installation: string;
  readonly functions: readonly FairleadFunction[];
  readonly sweep: FairleadFunction;
  readonly queues: readonly WorkQueue[];
  readonly deadLetters: readonly IQueue[];
  readonly alarms: readonly IAlarm[];
  readonly backups: 'daily' | 'none';
}

const WHOLE = 24;
const HALF = 12;

/**
 * The one page for whoever is called at night. From top to bottom: is anything wrong now, and is Fairlead itself alive;
 * what becomes of uploads; what clusters are like; who was told; then the machinery. Of its metrics none belongs to one
 * target, so that it is as large with 150 of them.
 */
export class OnCall extends Construct {
  constructor(scope: Construct, id: string, settings: OnCallSettings) {
    super(scope, id);
    const { installation, functions, sweep, queues, deadLetters, alarms, backups } = settings;
    const { region } = Stack.of(this);
    const own = (name: MetricName, statistic?: string, period?: Duration) =>
      measured(installation, name, statistic, period).with({ label: METRICS[name].says });
    const graph = (title: string, left: IMetric[], width = HALF) => new GraphWidget({ title, left, width });
    new Dashboard(this, 'OnCall', {
      // Dashboards have no region: several of an installation's name live in one account.
      dashboardName: `${installation}-${region}`,
      defaultInterval: Duration.hours(6),
      periodOverride: PeriodOverride.INHERIT,
      widgets: [
        [
          new AlarmStatusWidget({
            title: 'Is anything wrong now?',
            alarms: [...alarms],
            width: HALF,
            height: 8,
          }),
          new TextWidget({ markdown: links(installation, region), width: HALF, height: 8 }),
        ],
        [
          new SingleValueWidget({
            title: 'Is Fairlead itself alive? The last hour: sweeps (about 60), checks, messages that failed',
            metrics: [
              sweep.lambda.metricInvocations({
                period: Duration.hours(1),
                statistic: 'sum',
                label: 'sweeps',
              }),
              own('ChecksFinished', 'sum', Duration.hours(1)),
              own('MessagesFailed', 'sum', Duration.hours(1)),
              own('VerdictsOverdue'),
              ...(backups === 'daily' ? [own('BackupsComplete', 'sum', Duration.days(1))] : []),
            ],
            width: HALF,
          }),
          new SingleValueWidget({
            title: 'What waits the longest? Seconds',
            metrics: [own('OldestVerdictAge'), own('OldestWaitingUpload'), own('OldestUntoldAlert')],
            width: HALF,
          }),
        ],
        [
          graph('Uploads', [
            own('UploadsReceived'),
            own('UploadsDelivered'),
            own('UploadsRejected'),
            own('UploadsFailed'),
          ]),
          graph('Seconds from upload to commit: half of them, and nineteen of twenty', [
            own('SecondsToCommit', 'p50').with({ label: 'p50' }),
            own('SecondsToCommit', 'p95').with({ label: 'p95' }),
          ]),
        ],
        [
          graph('Clusters: open incidents', [own('OpenDrift'), own('OpenUnknown'), own('OpenCritical')]),
          graph('People: alerts told, tried in vain, given up', [
            own('AlertsTold'),
            own('AlertTriesFailed'),
            own('AlertsGivenUp'),
          ]),
        ],
        [
          graph(
            'Errors',
            functions.map(({ lambda }) => lambda.metricErrors()),
          ),
          graph(
            'Duration (ms, longest)',
            functions.map(({ lambda }) => lambda.metricDuration({ statistic: 'max' })),
          ),
        ],
        [
          graph(
            'Oldest message (seconds)',
            queues.map(({ queue }) => queue.metricApproximateAgeOfOldestMessage()),
          ),
          graph(
            'Dead letters',
            deadLetters.map((queue) => queue.metricApproximateNumberOfMessagesVisible()),
          ),
        ],
        [
          new LogQueryWidget({
            title: 'What failed last (saved query: failures)',
            logGroupNames: functions.map(({ logGroupName }) => logGroupName),
            queryLines: [...QUERIES.failures.lines],
            width: WHOLE,
          }),
        ],
      ],
    });
  }
}

const links = (installation: string, region: string): string => {
  const console = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}`;
  return [
    `## Fairlead \`${installation}\``,
    'An alarm here is about Fairlead. What is about your clusters and uploads is told to audiences as alerts.',
    '',
    '1. Open the alarm. Its description ends with a section of `docs/runbook.md`: what it means, how to look, how to mend.',
    `2. Ask the logs: [Logs Insights](${console}#logsV2:logs-insights), saved queries below \`fairlead/${installation}/\`. \`follow\` takes the id of an upload, a commit or an incident, and shows its way through all functions.`,
    `3. Where time goes: [traces](${console}#xray:traces/query), [map](${console}#xray:service-map/map).`,
    `4. What is open: \`npx fairlead incidents --installation ${installation}\`, \`npx fairlead uploads --installation ${installation}\`.`,
    `5. All alarms: [${installation}-…](${console}#alarmsV2:?search=${installation}-).`,
  ].join('\n');
};
