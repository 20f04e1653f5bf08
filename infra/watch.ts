import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { LISTED_CLASSES, SEVERITIES } from '../lib/alerts/standing.ts';
import {
  CLASS_DIMENSION,
  FAILED_TRIES,
  GIVEN_UP,
  INSTALLATION_DIMENSION,
  METRICS_NAMESPACE,
  OPEN_INCIDENTS,
  SEVERITY_DIMENSION,
  TOLD,
  VERDICT_AGE,
} from '../lib/aws/metrics.ts';
import type { FairleadFunction } from './function.ts';
import type { WorkQueue } from './queue.ts';

const PERIOD = Duration.minutes(5);
/** Older than this, a message is not being worked on. */
const OLDEST_MESSAGE = Duration.minutes(30);
/** A verdict older than this many intervals is no verdict. */
const INTERVALS_WITHOUT_CHECK = 3;
const MINUTES_OF_A_DAY = 24 * 60;
/** Lambda tries what a schedule asks for twice more (Lambda guide, "Asynchronous invocation"). */
const CALLS_OF_ONE = 3;

/** Headings of docs/runbook.md: each alarm's description names the one that says what to do. */
const RUNBOOK = {
  deadLetters: 'dead-letters',
  errors: 'a-function-fails',
  waiting: 'messages-wait-too-long',
  silence: 'no-drift-check-has-finished',
  givenUp: 'alerts-were-given-up',
} as const;

export interface WatchSettings {
  readonly installation: string;
  readonly functions: readonly FairleadFunction[];
  /** Called once an hour for a part of its work: failing at it is never three periods running. */
  readonly hourly: FairleadFunction;
  /** The queue of drift checks. */
  readonly checks: WorkQueue;
  readonly queues: readonly WorkQueue[];
  readonly deadLetters: readonly IQueue[];
  readonly undelivered: IQueue;
  readonly tell: ITopic;
  readonly longestCheckMinutes: number;
}

/** What Fairlead says about itself when it cannot do its work. */
export class Watch extends Construct {
  private readonly tell: ITopic;

  constructor(scope: Construct, id: string, settings: WatchSettings) {
    super(scope, id);
    this.tell = settings.tell;

    for (const queue of [...settings.deadLetters, settings.undelivered]) {
      this.alarm(`DeadLetters-${nameOf(queue)}`, {
        metric: queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'max' }),
        above: 0,
        meaning: `Messages were given up (${nameOf(queue)})`,
        section: RUNBOOK.deadLetters,
      });
    }
    for (const { functionName, lambda, node } of settings.functions) {
      this.alarm(`Errors-${node.id}`, {
        metric: lambda.metricErrors({ period: PERIOD, statistic: 'sum' }),
        above: 0,
        periods: 3,
        meaning: `${functionName} fails again and again`,
        section: RUNBOOK.errors,
      });
    }
    this.alarm(`Hourly-${settings.hourly.node.id}`, {
      metric: settings.hourly.lambda.metricErrors({ period: Duration.hours(1), statistic: 'sum' }),
      above: CALLS_OF_ONE - 1,
      meaning: `${settings.hourly.functionName} fails again and again within an hour`,
      section: RUNBOOK.errors,
    });
    for (const { queue, node } of settings.queues) {
      this.alarm(`Waiting-${node.id}`, {
        metric: queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'max' }),
        above: OLDEST_MESSAGE.toSeconds(),
        meaning: `The oldest message waits for more than ${OLDEST_MESSAGE.toMinutes()} minutes (${node.id})`,
        section: RUNBOOK.waiting,
      });
    }
    this.alarm('GivenUp', {
      metric: new Metric({
        namespace: METRICS_NAMESPACE,
        metricName: GIVEN_UP,
        dimensionsMap: { [INSTALLATION_DIMENSION]: settings.installation },
        period: PERIOD,
        statistic: 'sum',
      }),
      above: 0,
      meaning: 'An audience took no alert for a day, and will not get those',
      section: RUNBOOK.givenUp,
    });
    this.silence(settings);
    new Dashboard(this, 'Dashboard', {
      widgets: [
        ...incidentGraphs(settings.installation),
        [
          graph(
            'Errors',
            settings.functions.map(({ lambda }) => lambda.metricErrors()),
          ),
          graph(
            'Duration',
            settings.functions.map(({ lambda }) => lambda.metricDuration()),
          ),
        ],
        [
          graph(
            'Oldest message',
            settings.queues.map(({ queue }) => queue.metricApproximateAgeOfOldestMessage()),
          ),
          graph(
            'Dead letters',
            settings.deadLetters.map((queue) => queue.metricApproximateNumberOfMessagesVisible()),
          ),
        ],
      ],
    });
  }

  /** A dead man's switch: silence is the alarm, and so is a metric that is missing. */
  private silence({ checks, longestCheckMinutes }: WatchSettings): void {
    const minutes = INTERVALS_WITHOUT_CHECK * Math.max(longestCheckMinutes, PERIOD.toMinutes());
    // An alarm looks back a day, and a week where its periods are hours (CloudWatch guide, "Evaluating an alarm").
    const period = minutes > MINUTES_OF_A_DAY ? Duration.hours(1) : PERIOD;
    const alarm = new Alarm(this, 'NoDriftCheck', {
      alarmDescription: described('No drift check has finished', RUNBOOK.silence),
      // A check's message is deleted when the check has finished, and only then.
      metric: checks.queue.metricNumberOfMessagesDeleted({ period, statistic: 'sum' }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: Math.ceil(minutes / period.toMinutes()),
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.connect(alarm);
  }

  private alarm(
    id: string,
    {
      metric,
      above,
      meaning,
      section,
      periods = 1,
    }: { metric: IMetric; above: number; meaning: string; section: string; periods?: number },
  ): void {
    const alarm = new Alarm(this, id, {
      alarmDescription: described(meaning, section),
      metric,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.connect(alarm);
  }

  private connect(alarm: Alarm): void {
    const action = new SnsAction(this.tell);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}

const described = (meaning: string, section: string): string =>
  `${meaning}. What to do: docs/runbook.md#${section}`;

const nameOf = (queue: IQueue): string => {
  const parent = queue.node.scope?.node.id ?? '';
  return `${parent}-${queue.node.id}`;
};

/** What the functions measure themselves (functions/sweep.ts, functions/send-alerts.ts). */
function incidentGraphs(installation: string): GraphWidget[][] {
  const own = (metricName: string, statistic: string, by: Record<string, string> = {}): Metric =>
    new Metric({
      namespace: METRICS_NAMESPACE,
      metricName,
      dimensionsMap: { [INSTALLATION_DIMENSION]: installation, ...by },
      period: PERIOD,
      statistic,
    });
  return [
    [
      graph(
        'Open incidents by severity',
        SEVERITIES.map((name) => own(OPEN_INCIDENTS, 'max', { [SEVERITY_DIMENSION]: name })),
      ),
      graph(
        'Open incidents by class',
        LISTED_CLASSES.map((name) => own(OPEN_INCIDENTS, 'max', { [CLASS_DIMENSION]: name })),
      ),
    ],
    [
      graph(
        'Alerts told, tried in vain, given up',
        [TOLD, FAILED_TRIES, GIVEN_UP].map((name) => own(name, 'sum')),
      ),
      graph('Oldest verdict (seconds)', [own(VERDICT_AGE, 'max')]),
    ],
  ];
}

const graph = (title: string, left: IMetric[]): GraphWidget => new GraphWidget({ title, left, width: 12 });
