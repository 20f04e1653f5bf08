import { METRICS } from '../../lib/aws/metrics.ts';
import { costOf } from './prices.ts';

/** A template's resources, as CloudFormation has them. */
export type Resources = Readonly<
  Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>
>;

/** Written now and then, each by the hour in which it was: as if it were so in one hour of ten. */
const NOW_AND_THEN = 0.1;
/** Those that the sweep and the checks write all the time; what else there is, is written when it happens. */
const ALWAYS: readonly string[] = [
  'ChecksFinished',
  'OldestVerdictAge',
  'VerdictsOverdue',
  'OldestWaitingUpload',
  'OldestUntoldAlert',
  'OpenDrift',
  'OpenUnknown',
  'OpenCritical',
];
/** Uploads and their reports for a year, as far as anybody has measured: a guess, and said so. */
export const STORED = { s3Gigabytes: 5, tableGigabytes: 0.2 } as const;

export interface Fixed {
  readonly what: string;
  readonly amount: number;
  readonly usd: number;
}

/** What an installation costs that nobody uses. @param secrets in the configuration, which people make */
export function fixedCosts(templates: readonly Resources[], secrets: number): readonly Fixed[] {
  const resources = templates.flatMap((template) => Object.values(template));
  const of = (type: string) => resources.filter(({ Type }) => Type === type);
  const alarmMetrics = of('AWS::CloudWatch::Alarm').reduce((sum, { Properties = {} }) => {
    const many = Array.isArray(Properties.Metrics)
      ? (Properties.Metrics as { MetricStat?: unknown }[])
      : undefined;
    return sum + (many === undefined ? 1 : many.filter(({ MetricStat }) => MetricStat !== undefined).length);
  }, 0);
  const sometimes = Object.keys(METRICS).length - ALWAYS.length;
  return [
    row('KMS keys of the stacks', of('AWS::KMS::Key').length, 'keys'),
    row('Secrets (a credential that writes, one that reads)', secrets, 'secrets'),
    row('Metrics in alarms', alarmMetrics, 'alarmMetrics'),
    row('Composite alarms', of('AWS::CloudWatch::CompositeAlarm').length, 'compositeAlarms'),
    row('Custom metrics, written all the time', ALWAYS.length, 'customMetrics'),
    {
      what: 'Custom metrics, written when something happens (one hour of ten)',
      amount: sometimes,
      usd: costOf('customMetrics', sometimes * NOW_AND_THEN),
    },
    row(
      'Dashboards (the first three of an account cost nothing)',
      of('AWS::CloudWatch::Dashboard').length,
      'dashboards',
    ),
    row('GB in S3', STORED.s3Gigabytes, 's3Gigabytes'),
    row('GB in the table', STORED.tableGigabytes, 'tableGigabytes'),
    row('GB of its point-in-time recovery', STORED.tableGigabytes, 'recoveryGigabytes'),
  ];

  function row(what: string, amount: number, price: Parameters<typeof costOf>[0]): Fixed {
    return { what, amount, usd: costOf(price, amount) };
  }
}

export const fixedTable = (fixed: readonly Fixed[]): string =>
  [
    '| | how many | US dollars a month |',
    '|---|---:|---:|',
    ...fixed.map(({ what, amount, usd }) => `| ${what} | ${amount} | ${usd.toFixed(2)} |`),
    `| **Together** | | ${fixed.reduce((sum, { usd }) => sum + usd, 0).toFixed(2)} |`,
  ].join('\n');
