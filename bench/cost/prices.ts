/**
 * Public prices of AWS in US East (N. Virginia), in US dollars, without taxes, free tiers and discounts: the AWS pricing
 * page of each service, as stored copies of July to November 2026 have them. Frankfurt is up to a fifth dearer.
 */
export const PRICES_OF = 'November 2026, US East (N. Virginia)';

interface Price {
  readonly usd: number;
  readonly per: number;
  readonly unit: string;
  /** What it is called at AWS. */
  readonly page: string;
}

export const PRICES = {
  lambdaGibSeconds: { usd: 0.0000166667, per: 1, unit: 'GB-second, x86', page: 'AWS Lambda pricing' },
  lambdaCalls: { usd: 0.2, per: 1e6, unit: 'requests', page: 'AWS Lambda pricing' },
  dynamodbReads: {
    usd: 0.125,
    per: 1e6,
    unit: 'read request units',
    page: 'Amazon DynamoDB pricing, on-demand',
  },
  dynamodbWrites: {
    usd: 0.625,
    per: 1e6,
    unit: 'write request units',
    page: 'Amazon DynamoDB pricing, on-demand',
  },
  s3Puts: { usd: 0.005, per: 1000, unit: 'PUT, COPY, POST and LIST requests', page: 'Amazon S3 pricing' },
  s3Gets: { usd: 0.0004, per: 1000, unit: 'GET and other requests', page: 'Amazon S3 pricing' },
  sqsStandard: { usd: 0.4, per: 1e6, unit: 'requests', page: 'Amazon SQS pricing' },
  sqsFifo: { usd: 0.5, per: 1e6, unit: 'requests', page: 'Amazon SQS pricing' },
  snsPublishes: { usd: 0.5, per: 1e6, unit: 'requests', page: 'Amazon SNS pricing' },
  snsEmails: { usd: 2, per: 1e5, unit: 'emails', page: 'Amazon SNS pricing' },
  busEvents: { usd: 1, per: 1e6, unit: 'custom events', page: 'Amazon EventBridge pricing' },
  schedulerCalls: { usd: 1, per: 1e6, unit: 'invocations', page: 'Amazon EventBridge pricing, Scheduler' },
  secretCalls: { usd: 0.05, per: 1e4, unit: 'API calls', page: 'AWS Secrets Manager pricing' },
  kmsCalls: { usd: 0.03, per: 1e4, unit: 'requests', page: 'AWS KMS pricing' },
  logGigabytes: { usd: 0.5, per: 1, unit: 'GB ingested', page: 'Amazon CloudWatch pricing' },
  traces: { usd: 5, per: 1e6, unit: 'traces recorded', page: 'AWS X-Ray pricing' },
  alarmMetrics: { usd: 0.1, per: 1, unit: 'metric of an alarm and month', page: 'Amazon CloudWatch pricing' },
  compositeAlarms: { usd: 0.5, per: 1, unit: 'composite alarm and month', page: 'Amazon CloudWatch pricing' },
  customMetrics: {
    usd: 0.3,
    per: 1,
    unit: 'metric and month, by the hour',
    page: 'Amazon CloudWatch pricing',
  },
  dashboards: { usd: 3, per: 1, unit: 'dashboard and month', page: 'Amazon CloudWatch pricing' },
  keys: { usd: 1, per: 1, unit: 'key and month', page: 'AWS KMS pricing' },
  secrets: { usd: 0.4, per: 1, unit: 'secret and month', page: 'AWS Secrets Manager pricing' },
  s3Gigabytes: { usd: 0.023, per: 1, unit: 'GB and month', page: 'Amazon S3 pricing' },
  tableGigabytes: { usd: 0.25, per: 1, unit: 'GB and month', page: 'Amazon DynamoDB pricing' },
  recoveryGigabytes: {
    usd: 0.2,
    per: 1,
    unit: 'GB of point-in-time recovery and month',
    page: 'Amazon DynamoDB pricing',
  },
} as const satisfies Readonly<Record<string, Price>>;

export type PriceName = keyof typeof PRICES;

export const costOf = (name: PriceName, amount: number): number =>
  (PRICES[name].usd * amount) / PRICES[name].per;
