import { SIZES } from '../../infra/sizes.ts';
import { FUNCTIONS, type FunctionName, type Measured, type Size, type Usage } from './measured.ts';
import { costOf, type PriceName } from './prices.ts';

/** A month of 730 hours, as AWS counts. */
const HOURS = 730;
const DAYS = HOURS / 24;
export const ASSUMED = {
  checkEveryMinutes: 15,
  deliveriesADay: 50,
  alertsADay: 10,
  /** Whoever gets the email form. */
  mailboxes: 5,
  /**
   * Lambda's pollers ask a queue that holds nothing: five of them, each for twenty seconds (Lambda guide, "Using Lambda
   * with Amazon SQS"; Amazon SQS guide, "Long polling").
   */
  pollers: 5,
  pollSeconds: 20,
  queues: { sqsStandard: 3, sqsFifo: 1 },
} as const;
/** With so much memory a function has one processor (Lambda guide, "Configure Lambda function memory"). */
const WHOLE_PROCESSOR_MIB = 1769;
const POLLS_A_MONTH = (ASSUMED.pollers * HOURS * 3600) / ASSUMED.pollSeconds;

interface Times {
  readonly what: Partial<Record<FunctionName, Usage>>;
  readonly times: number;
  /** Whether each call finds nothing loaded: what is called every minute stays warm. */
  readonly start: 'cold' | 'warm';
}

const CHECKS = (HOURS * 60) / ASSUMED.checkEveryMinutes;
const DELIVERIES = ASSUMED.deliveriesADay * DAYS;
const ALERTS = ASSUMED.alertsADay * DAYS;
const SWEEPS = HOURS * 60;

const monthOf = (size: Size): readonly Times[] => [
  { what: size.check, times: CHECKS, start: 'cold' },
  { what: size.delivery, times: DELIVERIES, start: 'cold' },
  { what: size.alert, times: ALERTS, start: 'cold' },
  { what: size.sweep, times: SWEEPS, start: 'warm' },
];

/** US dollars a month, by what they are for. What grows with use and nothing that is there anyway. */
export function monthly(measured: Measured, size: Size): Readonly<Record<string, number>> {
  const sum = (of: keyof Usage): number =>
    monthOf(size).reduce(
      (all, { what, times }) =>
        all + times * Object.values(what).reduce((some, usage) => some + usage[of], 0),
      0,
    );
  const gibSeconds = monthOf(size).reduce(
    (all, { what, times, start }) =>
      all +
      times *
        FUNCTIONS.reduce((some, name) => {
          const usage = what[name];
          if (usage === undefined) return some;
          const memory = SIZES[name].memoryMiB;
          // As if every second were the processor's: a smaller function has less of one.
          const slower = Math.max(1, WHOLE_PROCESSOR_MIB / memory);
          const starting = start === 'cold' ? usage.calls * (measured.start[name] ?? 0) : 0;
          return some + ((usage.seconds + starting) * slower * memory) / 1024;
        }, 0),
    0,
  );
  const calls = sum('calls');
  // Sent, received, deleted: of a message whoever sends it pays the first, and Lambda's poller asks for us.
  const scheduled = CHECKS;
  const events = DELIVERIES;
  const messages = {
    sqsStandard: 3 * sum('sqsStandard') + 3 * scheduled + 3 * events,
    sqsFifo: 3 * sum('sqsFifo'),
  };
  const cost = (name: PriceName, amount: number) => costOf(name, amount);
  return {
    'Lambda, time': cost('lambdaGibSeconds', gibSeconds),
    'Lambda, requests': cost('lambdaCalls', calls),
    'DynamoDB, reads': cost('dynamodbReads', sum('dynamodbReads')),
    'DynamoDB, writes': cost('dynamodbWrites', sum('dynamodbWrites')),
    'S3, requests': cost('s3Puts', sum('s3Puts') + DELIVERIES) + cost('s3Gets', sum('s3Gets')),
    'SQS, messages': cost('sqsStandard', messages.sqsStandard) + cost('sqsFifo', messages.sqsFifo),
    'SQS, empty polls':
      cost('sqsStandard', POLLS_A_MONTH * ASSUMED.queues.sqsStandard) +
      cost('sqsFifo', POLLS_A_MONTH * ASSUMED.queues.sqsFifo),
    'Scheduler, SNS, EventBridge, Secrets Manager':
      cost('schedulerCalls', CHECKS + SWEEPS) +
      cost('snsPublishes', sum('snsPublishes')) +
      cost('snsEmails', ALERTS * ASSUMED.mailboxes) +
      cost('busEvents', sum('busEvents')) +
      cost('secretCalls', sum('secretCalls')),
  };
}

/** What is written about it, and traced: apart, since one can do without. */
export function observed(size: Size): Readonly<Record<string, number>> {
  const sum = (of: 'logBytes' | 'calls') =>
    monthOf(size).reduce(
      (all, { what, times }) =>
        all + times * Object.values(what).reduce((some, usage) => some + usage[of], 0),
      0,
    );
  return {
    'CloudWatch Logs, ingested': costOf('logGigabytes', sum('logBytes') / 1e9),
    'X-Ray, traces': costOf('traces', sum('calls')),
  };
}

export const totalOf = (parts: Readonly<Record<string, number>>): number =>
  Object.values(parts).reduce((sum, part) => sum + part, 0);

const dollars = (usd: number): string => (usd < 0.005 ? '< 0.01' : usd.toFixed(2));

/** As docs/cost.md has it: a column a size. */
export function monthlyTable(measured: Measured): string {
  const columns = measured.sizes.map((size) => ({
    size,
    use: monthly(measured, size),
    seen: observed(size),
  }));
  const row = (name: string, of: (column: (typeof columns)[number]) => number) =>
    `| ${name} | ${columns.map((column) => dollars(of(column))).join(' | ')} |`;
  const [first] = columns;
  return [
    `| US dollars a month | ${columns.map(({ size }) => `${size.releases.toLocaleString('en')} releases`).join(' | ')} |`,
    `|---|${columns.map(() => '---:|').join('')}`,
    ...Object.keys(first?.use ?? {}).map((name) => row(name, ({ use }) => use[name] ?? 0)),
    row('**Compute and requests**', ({ use }) => totalOf(use)),
    ...Object.keys(first?.seen ?? {}).map((name) => row(name, ({ seen }) => seen[name] ?? 0)),
  ].join('\n');
}

/** As docs/cost.md has it: what one call of each function uses, by size. */
export function usageTable({ sizes }: Measured): string {
  const rows = sizes.flatMap((size) =>
    (['check', 'delivery', 'alert', 'sweep'] as const).flatMap((kind) =>
      FUNCTIONS.flatMap((name) => {
        const usage = size[kind][name];
        if (usage === undefined) return [];
        const {
          calls,
          seconds,
          dynamodbReads,
          dynamodbWrites,
          s3Gets,
          s3Puts,
          sqsStandard,
          sqsFifo,
          logBytes,
        } = usage;
        const cells = [calls, seconds, dynamodbReads, dynamodbWrites, s3Gets, s3Puts, sqsStandard + sqsFifo];
        return [
          `| ${size.releases.toLocaleString('en')} | ${kind} | \`${name}\` | ${cells.map((value) => Number(value.toFixed(2))).join(' | ')} | ${Math.round(logBytes)} |`,
        ];
      }),
    ),
  );
  return [
    '| releases | of one | function | calls | seconds | table reads | table writes | S3 GET | S3 PUT | SQS sent | log bytes |',
    '|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
}
