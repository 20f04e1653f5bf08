import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { silentMinutes } from '../../lib/incidents/age.ts';
import type { Checker } from '../clusters/checkers.ts';
import type { FairleadFunction } from '../run/function.ts';
import type { WorkQueue } from '../run/queue.ts';
import { type AlarmSettings, Alarms, lookingBack } from './alarms.ts';
import { OnCall } from './dashboard.ts';
import { measured, PERIOD } from './measured.ts';
import { SECTIONS } from './runbook.ts';
import { SavedQueries } from './saved-queries.ts';

/** Older than this, a message is not being worked on. */
const OLDEST_MESSAGE = Duration.minutes(30);
/** A repository that refuses is told as critical after an hour (docs/alerts.md). */
const OLDEST_UPLOAD = Duration.hours(1);
/** The sweep announces again what is a minute old; a channel that fails is tried again for longer. */
const OLDEST_ALERT = Duration.minutes(30);
/** Of a function's time limit: the next slower host or larger chart is cut off. */
const NEAR_LIMIT = 0.8;
/**
 * Of what an account may run at once: four fifths of the thousand that Lambda gives (Lambda guide, "Lambda quotas"). A
 * new account has less until it asks for more: `npx fairlead doctor` looks.
 */
const CLAIMED_CONCURRENCY = 800;
const DAYS_WITHOUT_BACKUP = 2;
/** A metric alarm takes ten metrics (CloudWatch guide, "Using math expressions with metrics"). */
const METRICS_AN_ALARM = 10;
/** The sweep measures every five minutes: one of those may be late. */
const MEASURES_MISSED = 3;

export interface WatchSettings {
  readonly installation: string;
  readonly functions: readonly FairleadFunction[];
  /** Called once an hour for a part of its work: failing at it is never three periods running. */
  readonly hourly: FairleadFunction;
  readonly queues: readonly WorkQueue[];
  readonly deadLetters: readonly IQueue[];
  /** What services could not hand over. */
  readonly undelivered: IQueue;
  readonly tell: ITopic;
  readonly checkers: readonly Pick<Checker, 'targets'>[];
  /** Whether repositories are to be backed up each day. */
  readonly backups: 'daily' | 'none';
}

/** What Fairlead says about itself when it cannot do its work, and what an on-call looks at then. */
export class Watch extends Construct {
  private readonly alarms: Alarms;

  constructor(scope: Construct, id: string, settings: WatchSettings) {
    super(scope, id);
    const { installation, functions, queues, hourly } = settings;
    const deadLetters = [...settings.deadLetters, settings.undelivered];
    this.alarms = new Alarms(this, 'Alarms', settings);

    for (const queue of deadLetters) {
      this.alarms.alarm(`DeadLetters-${nameOf(queue)}`, {
        metric: queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'max' }),
        above: 0,
        meaning: `Messages were given up (${nameOf(queue)})`,
        section: SECTIONS.deadLetters,
      });
    }
    for (const each of functions) this.watchFunction(each);
    this.alarms.alarm(`Hourly-${hourly.node.id}`, {
      metric: hourly.lambda.metricErrors({ period: Duration.hours(1), statistic: 'sum' }),
      above: 0,
      periods: 3,
      meaning: `${hourly.functionName} fails every hour`,
      section: SECTIONS.errors,
    });
    this.watchConcurrency(functions);
    for (const { queue, node } of queues) {
      this.alarms.alarm(`Messages-${node.id}`, {
        metric: queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'max' }),
        above: OLDEST_MESSAGE.toSeconds(),
        meaning: `The oldest message waits for more than ${OLDEST_MESSAGE.toMinutes()} minutes (${node.id})`,
        section: SECTIONS.messages,
      });
    }
    this.alarms.alarm('OldestUpload', {
      metric: measured(installation, 'OldestWaitingUpload'),
      above: OLDEST_UPLOAD.toSeconds(),
      meaning: `An upload waits for more than ${OLDEST_UPLOAD.toMinutes()} minutes`,
      section: SECTIONS.uploads,
    });
    this.alarms.alarm('OldestAlert', {
      metric: measured(installation, 'OldestUntoldAlert'),
      above: OLDEST_ALERT.toSeconds(),
      meaning: `An alert waits for more than ${OLDEST_ALERT.toMinutes()} minutes, and somebody was not told`,
      section: SECTIONS.untold,
    });
    this.alarms.alarm('GivenUp', {
      metric: measured(installation, 'AlertsGivenUp'),
      above: 0,
      meaning: 'An audience took no alert for a day, and will not get those',
      section: SECTIONS.givenUp,
    });
    this.watchSilence(settings);
    if (settings.backups === 'daily') this.watchBackups(settings);

    new SavedQueries(this, 'Queries', { installation, functions });
    new OnCall(this, 'Dashboard', {
      installation,
      functions,
      sweep: hourly,
      queues,
      deadLetters,
      alarms: this.alarms.all,
      backups: settings.backups,
    });
  }

  /** One failed night is nothing to wake anybody for: whoever backs up nothing at all is silent, too. */
  private watchBackups({ installation }: WatchSettings): void {
    this.alarms.alarm('NoBackup', {
      metric: measured(installation, 'BackupsComplete', 'sum', Duration.days(1)),
      below: 1,
      periods: DAYS_WITHOUT_BACKUP,
      silence: 'alarm',
      meaning: `For ${DAYS_WITHOUT_BACKUP} days not every repository was backed up`,
      section: SECTIONS.backups,
    });
  }

  private watchFunction({ functionName, lambda, node, timeout }: FairleadFunction): void {
    this.alarms.alarm(`Errors-${node.id}`, {
      metric: lambda.metricErrors({ period: PERIOD, statistic: 'sum' }),
      above: 0,
      periods: 3,
      meaning: `${functionName} fails again and again`,
      section: SECTIONS.errors,
    });
    this.alarms.alarm(`Slow-${node.id}`, {
      metric: lambda.metricDuration({ period: PERIOD, statistic: 'max' }),
      above: timeout.toMilliseconds() * NEAR_LIMIT,
      // One large chart or slow host is no trend.
      periods: 2,
      within: 6,
      meaning: `${functionName} takes more than ${NEAR_LIMIT * 100} % of its ${timeout.toSeconds()} seconds`,
      section: SECTIONS.slow,
    });
  }

  /** One cause, hence one alarm for all: the account, not the function. */
  private watchConcurrency(functions: readonly FairleadFunction[]): void {
    for (let from = 0; from < functions.length; from += METRICS_AN_ALARM) {
      const some = functions.slice(from, from + METRICS_AN_ALARM);
      this.alarms.alarm(from === 0 ? 'Throttles' : `Throttles-${from / METRICS_AN_ALARM + 1}`, {
        metric: new MathExpression({
          expression: 'SUM(METRICS())',
          usingMetrics: Object.fromEntries(
            some.map(({ lambda }, index): [string, IMetric] => [
              `m${index}`,
              lambda.metricThrottles({ period: PERIOD, statistic: 'sum' }),
            ]),
          ),
          period: PERIOD,
          label: 'calls that were throttled',
        }),
        above: 0,
        periods: 3,
        meaning: 'Calls of functions are throttled again and again',
        section: SECTIONS.throttles,
      });
    }
    this.alarms.alarm('Concurrency', {
      metric: new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'ClaimedAccountConcurrency',
        period: PERIOD,
        statistic: 'max',
      }),
      above: CLAIMED_CONCURRENCY,
      meaning: `All functions of this account and region together run more than ${CLAIMED_CONCURRENCY} at once`,
      section: SECTIONS.concurrency,
    });
  }

  /**
   * Dead man's switches: silence is the alarm, and so is a metric that is missing. No check has finished, in any
   * queue: the clock, what reads or what checks is dead, and `check-drift` itself is the witness. One target is silent
   * among many: the sweep counts those, and if the sweep is dead, its figure is missing. They go together: what ends
   * all checks makes every target silent.
   */
  private watchSilence({ installation, checkers }: WatchSettings): void {
    const targets = checkers.flatMap(({ targets: own }) => own);
    const minutes = targets.flatMap(({ cluster, checkEveryMinutes }) =>
      cluster === undefined ? [] : silentMinutes(checkEveryMinutes),
    );
    const overdue: AlarmSettings = {
      metric: measured(installation, 'VerdictsOverdue'),
      above: 0,
      periods: MEASURES_MISSED,
      silence: 'alarm',
      meaning: 'No check has finished for three intervals of a target, or nobody keeps time',
      section: SECTIONS.silence,
    };
    if (minutes.length === 0) {
      this.alarms.alarm('VerdictsOverdue', overdue);
      return;
    }
    const { period, periods } = lookingBack(Math.max(...minutes), { short: PERIOD, long: Duration.hours(1) });
    this.alarms.together('NotChecking', {
      meaning: 'Drift goes unnoticed: no check has finished in the expected time, of any target or of some',
      section: SECTIONS.silence,
      parts: {
        NoDriftCheck: {
          metric: measured(installation, 'ChecksFinished', 'sum', period),
          below: 1,
          periods,
          silence: 'alarm',
          meaning: 'No drift check has finished',
          section: SECTIONS.silence,
        },
        VerdictsOverdue: overdue,
      },
    });
  }
}

const nameOf = (queue: IQueue): string => {
  const parent = queue.node.scope?.node.id ?? '';
  return `${parent}-${queue.node.id}`;
};
