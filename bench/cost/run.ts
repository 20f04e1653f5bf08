import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { sweep } from '../../functions/sweep.ts';
import * as clients from '../../lib/aws/clients.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { CONFIG_PATH } from '../../local/config-path.ts';
import { packFiles } from '../../local/example/pack.ts';
import { type Installation, startInstallation } from '../../local/installation.ts';
import { CHART_YAML, TEMPLATE, VALUES_YAML } from '../drift/chart.ts';
import { makeWorld, TARGET } from '../drift/world.ts';
import type { Counting } from './counting.ts';
import { FUNCTIONS, type FunctionName, type Size, type Usage } from './measured.ts';

const NAMESPACES = Array.from({ length: 10 }, (_, index) => `team-${index}`);
const ROUNDS = 3;
const DELIVERIES = 4;
/** Two of ten measure, as the two of ten minutes do. */
const SWEEPS = 10;
/** What is under way asks and says something within this time: a check lists, judges and writes in between. */
const SETTLE_MS = 10_000;
/** The clock asks for no check meanwhile. */
const NEVER_SECONDS = 3_600;

/** So many releases on a real API server and in Git: what a check, a delivery, a sweep and an alert use. */
export async function measureSize(releases: number, counting: Counting): Promise<Size> {
  const world = await makeWorld({ releases, setsEach: 1 });
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-cost-'));
  const ending = new AbortController();
  try {
    console.log(`${releases} releases, ${world.objects} objects`);
    const installation = await startInstallation(
      {
        dataFolder: folder,
        ports: { aws: 0, page: 0, git: 0 },
        config: parseConfig({
          installation: 'bench',
          repositories: [{ name: 'cluster', url: 'http://127.0.0.1/cluster.git' }],
          targets: [{ name: TARGET, repository: 'cluster', deployer: 'none', namespaces: NAMESPACES }],
        }),
        cluster: { kind: 'given', kubeconfig: world.kubeconfig, standIn: 'off' },
        checkSeconds: NEVER_SECONDS,
        onNotice: () => {},
      },
      ending.signal,
    );
    try {
      const bare = join(folder, 'git', 'cluster.git');
      const git = promisify(execFile);
      // Fetched, since the local installation takes no push that is no fast-forward.
      await git('git', ['-C', bare, 'fetch', '--quiet', '--force', world.repository, 'HEAD:main']);
      await warmUp(installation, counting, releases);
      console.log('checked');
      const check = await several(ROUNDS, counting, async () => {
        await checkOnce(installation, counting, releases);
      });
      const delivery = await several(DELIVERIES, counting, (at) => deliverOnce(installation, counting, at));
      console.log('delivered');
      const alert = await several(2, counting, (at) => refuseOnce(installation, counting, at));
      const swept = sweepOf(installation);
      const sweeps = await several(1, counting, async () => {
        for (let at = 0; at < SWEEPS; at++) await swept();
      });
      return {
        releases,
        check: only(check, 'read-desired', 'render-release', 'check-drift'),
        delivery: only(
          delivery,
          'receive-upload',
          'deliver-uploads',
          'render-release',
          'read-desired',
          'check-drift',
        ),
        alert: only(alert, 'send-alerts'),
        sweep: Object.fromEntries(
          Object.entries(only(sweeps, 'sweep')).map(([name, usage]) => [
            name,
            scaled(usage, 1 / usage.calls),
          ]),
        ),
      };
    } finally {
      await installation.stop();
    }
  } finally {
    ending.abort();
    await world.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The first reading renders every release, on a machine that does other things, too. */
const PATIENCE_MS = 120_000;
const PATIENCE_A_RELEASE_MS = 1_500;

/** The first desired state is read before a check has told the profile of the cluster; all of the second is rendered. */
const WITH_PROFILE = 2;
const WARM_UPS = 6;

/** Until a check has seen, and written down, what all later ones see again. */
async function warmUp(installation: Installation, counting: Counting, releases: number): Promise<void> {
  for (let at = 0; at < WARM_UPS; at++) {
    counting.taken();
    if ((await checkOnce(installation, counting, releases)) >= WITH_PROFILE) return;
  }
  throw new Error(`desired state ${WITH_PROFILE} was not checked`);
}

/** @returns which desired state was checked */
async function checkOnce({ aws }: Installation, counting: Counting, releases: number): Promise<number> {
  const patience = PATIENCE_MS + releases * PATIENCE_A_RELEASE_MS;
  const request = { schema: 1, target: TARGET, because: 'schedule' };
  await clients
    .sqs(aws.environment)
    .send(new SendMessageCommand({ QueueUrl: aws.queues.read, MessageBody: JSON.stringify(request) }));
  await counting.says('read-desired', 'call ended', patience);
  await counting.says('check-drift', 'call ended', patience);
  return Number((await counting.says('check-drift', 'checked')).sequence);
}

async function deliverOnce({ aws }: Installation, counting: Counting, at: number): Promise<void> {
  const version = '1.4.3';
  const chart = await packFiles(
    'app',
    new Map([
      ['Chart.yaml', CHART_YAML.replaceAll('1.4.2', version)],
      ['values.yaml', VALUES_YAML],
      ['templates/all.yaml', TEMPLATE],
    ]),
  );
  const release = `app-${String(at).padStart(4, '0')}`;
  await s3Store(clients.s3(aws.environment), BUCKETS.upload).put(
    `${TARGET}/team-${at % NAMESPACES.length}/${release}/app-${version}.tgz`,
    chart,
    'application/gzip',
  );
  await counting.says('deliver-uploads', 'pushed');
  await counting.says('deliver-uploads', 'call ended');
  await counting.says('check-drift', 'call ended');
}

/** No chart: an alert to every channel, and nothing else. */
async function refuseOnce({ aws }: Installation, counting: Counting, at: number): Promise<void> {
  await s3Store(clients.s3(aws.environment), BUCKETS.upload).put(
    `${TARGET}/team-0/refused-${at}/app-1.0.0.tgz`,
    Buffer.from('no package'),
    'application/gzip',
  );
  await counting.says('send-alerts', 'alert told');
  await counting.says('send-alerts', 'call ended');
}

/** A sweep of a function of its own, by a clock that a minute passes on for each. */
function sweepOf({ aws }: Installation): () => Promise<unknown> {
  let now = Date.now();
  const run = sweep(
    {
      ...aws.environment,
      [VARIABLES.installation]: 'bench',
      [VARIABLES.scratch]: '/tmp/sweep',
      [VARIABLES.table]: TABLE,
      [VARIABLES.uploadBucket]: BUCKETS.upload,
      [VARIABLES.receiveQueue]: aws.queues.receive,
      [VARIABLES.doorbellQueue]: aws.queues.doorbell,
      [VARIABLES.readQueue]: aws.queues.read,
      [VARIABLES.configPath]: CONFIG_PATH,
    },
    () => new Date(now),
  );
  return () => {
    now += 60_000;
    return run({ schema: 1, sweep: 'minutes' });
  };
}

/** What one of several used on average; the clock's sweeps in between are nobody's. */
async function several(
  times: number,
  counting: Counting,
  work: (at: number) => Promise<void>,
): Promise<ReadonlyMap<FunctionName, Usage>> {
  const sums = new Map<FunctionName, Usage>();
  for (let at = 0; at < times; at++) {
    // A check of a thousand releases goes on for longer than what asked for it: it is nobody else's.
    await counting.quiet(SETTLE_MS);
    counting.taken();
    await work(at);
    await counting.quiet(SETTLE_MS);
    for (const [name, usage] of counting.taken()) sums.set(name, plus(sums.get(name), usage));
  }
  return new Map([...sums].map(([name, usage]) => [name, scaled(usage, 1 / times)]));
}

const plus = (one: Usage | undefined, other: Usage): Usage =>
  one === undefined
    ? other
    : (Object.fromEntries(
        Object.entries(other).map(([name, value]) => [name, value + one[name as keyof Usage]]),
      ) as Usage);

const scaled = (usage: Usage, factor: number): Usage =>
  Object.fromEntries(
    Object.entries(usage).map(([name, value]) => [name, Math.round(value * factor * 1000) / 1000]),
  ) as Usage;

const only = (all: ReadonlyMap<FunctionName, Usage>, ...names: readonly FunctionName[]) =>
  Object.fromEntries(
    FUNCTIONS.flatMap((name) => {
      const usage = all.get(name);
      return usage === undefined || !names.includes(name) ? [] : [[name, usage] as const];
    }),
  );
