import { LISTED_CLASSES, readStandings, SEVERITIES, type TargetStanding } from '../lib/alerts/standing.ts';
import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { functionLog } from '../lib/aws/log.ts';
import {
  CLASS_DIMENSION,
  functionMetrics,
  OPEN_INCIDENTS,
  SEVERITY_DIMENSION,
  VERDICT_AGE,
} from '../lib/aws/metrics.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { readsConfiguration, readsRecord } from '../lib/aws/probes.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import type { Config } from '../lib/config/config.ts';
import { configReader } from '../lib/config/parameters.ts';
import { orSmoke } from '../lib/messages/smoke.ts';
import { type Swept, sweepEvent, sweep as sweepOnce } from '../lib/uploads/sweep.ts';

/** What is counted costs a query a target each time; CloudWatch's graphs are no finer. */
const MEASURED_EVERY_MS = 5 * 60_000;

/** Goes round by the clock: event `{"schema":1,"sweep":"minutes"}` or `"hours"`. */
export const sweep = (environment: Environment, now: () => Date = () => new Date()) => {
  const names = requireVariables(
    environment,
    'table',
    'uploadBucket',
    'receiveQueue',
    'doorbellQueue',
    'readQueue',
    'configPath',
  );
  const config = configReader(ssmParameters(clients.ssm(environment)), names.configPath);
  const sqs = clients.sqs(environment);
  const parts = {
    bucket: names.uploadBucket,
    table: dynamoTable(clients.dynamodb(environment), names.table),
    uploads: s3Store(clients.s3(environment), names.uploadBucket),
    received: sqsQueue(sqs, names.receiveQueue),
    doorbell: sqsQueue(sqs, names.doorbellQueue),
    reads: sqsQueue(sqs, names.readQueue),
    now,
  };
  const log = functionLog('sweep', environment);
  /** The five minutes that this process has measured last. */
  let measured: number | undefined;

  const probes = { configuration: readsConfiguration(config), record: readsRecord(parts.table) };
  return orSmoke(probes, async (event): Promise<Swept> => {
    const asked = sweepEvent.parse(event);
    const configured = await config();
    const swept = await sweepOnce(asked, { ...parts, config: configured });
    const slot = Math.floor(parts.now().getTime() / MEASURED_EVERY_MS);
    if (asked.sweep === 'minutes' && slot !== measured) {
      measured = slot;
      // What cannot be measured now is no reason to sweep again.
      await measure(configured).catch((error: unknown) => log.failure('not measured', error));
    }
    return swept;
  });

  /** Sums for CloudWatch, since each name there costs; what each target stands at, for who reads the log. */
  async function measure(configured: Config): Promise<void> {
    const standings = await readStandings(parts.table, configured, parts.now());
    const metrics = functionMetrics(configured.installation);
    const total = (numberOf: (standing: TargetStanding) => number): number =>
      standings.reduce((sum, standing) => sum + numberOf(standing), 0);
    for (const name of LISTED_CLASSES)
      metrics.gauge(
        OPEN_INCIDENTS,
        'Count',
        total(({ open }) => open[name]),
        { [CLASS_DIMENSION]: name },
      );
    for (const name of SEVERITIES)
      metrics.gauge(
        OPEN_INCIDENTS,
        'Count',
        total(({ severities }) => severities[name]),
        {
          [SEVERITY_DIMENSION]: name,
        },
      );
    const ages = standings.flatMap(({ verdictAgeSeconds }) => verdictAgeSeconds ?? []);
    if (ages.length > 0) metrics.gauge(VERDICT_AGE, 'Seconds', Math.max(...ages));
    for (const standing of standings) log.event('target', { ...standing });
  }
};

export const handler = onFirstCall((environment: Environment) => sweep(environment));
