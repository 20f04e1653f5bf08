import { oldestUntoldSeconds } from '../lib/alerts/oldest-untold.ts';
import { readStandings, type TargetStanding } from '../lib/alerts/standing.ts';
import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { functionLog } from '../lib/aws/log.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { readsConfiguration, readsRecord } from '../lib/aws/probes.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import type { Config } from '../lib/config/config.ts';
import { configReader } from '../lib/config/parameters.ts';
import { orSmoke } from '../lib/messages/smoke.ts';
import { oldestOpenSeconds } from '../lib/uploads/record/waiting.ts';
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
  const call = log.calls(async (event: unknown): Promise<Swept> => {
    const asked = sweepEvent.parse(event);
    const configured = await config();
    const swept = await sweepOnce(asked, { ...parts, config: configured });
    log.sum({ sweep: asked.sweep, ...swept });
    const slot = Math.floor(parts.now().getTime() / MEASURED_EVERY_MS);
    if (asked.sweep === 'minutes' && slot !== measured) {
      measured = slot;
      // What cannot be measured now is no reason to sweep again.
      await measure(configured).catch((error: unknown) => log.failure('not measured', error));
    }
    return swept;
  });
  return orSmoke(probes, (event): Promise<Swept> => call(event));

  /** Sums for CloudWatch, since each name there costs; what each target stands at, for who reads the log. */
  async function measure(configured: Config): Promise<void> {
    const { table } = parts;
    const standings = await readStandings(table, configured, parts.now());
    const total = (numberOf: (standing: TargetStanding) => number): number =>
      standings.reduce((sum, standing) => sum + numberOf(standing), 0);
    log.measure(
      'OpenDrift',
      total(({ open }) => open.drift),
    );
    log.measure(
      'OpenUnknown',
      total(({ open }) => open.unknown),
    );
    log.measure(
      'OpenCritical',
      total(({ severities }) => severities.critical),
    );
    log.measure('VerdictsOverdue', standings.filter(({ verdict }) => verdict === 'overdue').length);
    const ages = standings.flatMap(({ verdictAgeSeconds }) => verdictAgeSeconds ?? []);
    if (ages.length > 0) log.measure('OldestVerdictAge', Math.max(...ages));
    log.measure('OldestWaitingUpload', await oldestOpenSeconds(table, configured.targets, parts.now()));
    log.measure('OldestUntoldAlert', await oldestUntoldSeconds(table, parts.now()));
    for (const standing of standings) log.event('target', { ...standing });
  }
};

export const handler = onFirstCall((environment: Environment) => sweep(environment));
