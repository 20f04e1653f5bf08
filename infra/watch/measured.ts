import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import {
  INSTALLATION_DIMENSION,
  METRICS,
  METRICS_NAMESPACE,
  type MetricName,
} from '../../lib/aws/metrics.ts';

/** As fine as the sweep measures (functions/sweep.ts). */
export const PERIOD = Duration.minutes(5);

/** A figure that functions measure themselves and CloudWatch takes from their logs. */
export const measured = (
  installation: string,
  metricName: MetricName,
  statistic: string = STATISTICS[METRICS[metricName].kind],
  period: Duration = PERIOD,
): Metric =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { [INSTALLATION_DIMENSION]: installation },
    period,
    statistic,
  });

const STATISTICS = { sum: 'sum', last: 'max', each: 'p95' } as const;
