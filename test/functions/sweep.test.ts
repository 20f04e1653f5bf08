import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sweep } from '../../functions/sweep.ts';
import { incidentItem } from '../../lib/alerts/incident-items.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { parsePart } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import { addWaiting } from '../../lib/uploads/record/waiting.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';
import { logged } from '../fixtures/logged.ts';

const PATH = '/fairlead/fairlead';
const NOON = new Date('2026-11-21T12:00:00.000Z');
const SINCE = '2026-11-21T11:50:00.000Z';

describe('what the sweep measures', () => {
  let aws: TestAws;
  let now = NOON;
  let run: ReturnType<typeof sweep>;

  before(async () => {
    const target = (name: string) => ({
      ...{ name, repository: 'cluster', branch: 'main', deployer: 'flux', namespaces: ['shop'] },
      cluster: { kind: 'eks', name: 'one', region: 'eu-central-1' },
    });
    const config = parsePart(
      {
        installation: 'fairlead',
        repositories: [{ name: 'cluster', url: 'https://git.example.com/team/cluster.git' }],
        targets: [target('staging'), target('production')],
      },
      'test',
    );
    aws = await testAws({
      parameters: new Map([...toParameters(config)].map(([name, value]) => [`${PATH}/${name}`, value])),
    });
    run = sweep(
      {
        ...aws.environment,
        [VARIABLES.installation]: 'fairlead',
        [VARIABLES.table]: TABLE,
        [VARIABLES.uploadBucket]: BUCKETS.upload,
        [VARIABLES.receiveQueue]: aws.queues.receive,
        [VARIABLES.doorbellQueue]: aws.queues.doorbell,
        [VARIABLES.readQueue]: aws.queues.read,
        [VARIABLES.configPath]: PATH,
      },
      () => now,
    );
    const heard = { since: SINCE, told: ['critical'], toldAt: SINCE, findings: [] } as const;
    const drifting = { opening: 1, sequence: 1, kind: 'drifting', fingerprints: ['a'], ...heard } as const;
    for (const [name, sk, state] of [
      ['staging', 'shop/web#drift', drifting],
      ['staging', 'shop/api#drift', { opening: 1, sequence: 2, kind: 'in-sync' }],
      ['production', 'shop/web#drift', drifting],
      ['production', 'shop/web#unknown', { ...heard, opening: 1, sequence: 1, kind: 'unknown', told: [] }],
    ] as const)
      await aws.table.put(incidentItem(undefined, name, sk, state, SINCE), 'absent');
    for (const [name, at] of [
      ['staging', '2026-11-21T11:59:00.000Z'],
      ['production', SINCE],
    ])
      await aws.table.put(
        { pk: `incident#${name}`, sk: 'seen', schema: 1, version: 1, sequence: 1, at },
        'absent',
      );
  });
  after(() => aws.end());

  /** What CloudWatch takes as figures of it. */
  const figures: readonly string[] = [
    'OldestUntoldAlert',
    'OldestVerdictAge',
    'OldestWaitingUpload',
    'OpenCritical',
    'OpenDrift',
    'OpenUnknown',
    'VerdictsOverdue',
  ];
  const swept = () => logged(() => run({ schema: 1, sweep: 'minutes' }));
  const measured = async () => (await swept()).filter((line) => '_aws' in line);

  test('is the sum over all targets, nought too, the oldest verdict, and what waits', async () => {
    const lines = await measured();
    assert.equal(lines.length, 1);
    assert.deepEqual(Object.fromEntries(figures.map((name) => [name, lines[0]?.[name]])), {
      OpenDrift: 2,
      OpenUnknown: 1,
      OpenCritical: 2,
      OldestVerdictAge: 600,
      VerdictsOverdue: 0,
      OldestWaitingUpload: 0,
      OldestUntoldAlert: 0,
    });
    assert.equal(lines[0]?.message, 'call ended');
    assert.equal(lines[0]?.sweep, 'minutes');
  });

  test('is measured once in five minutes, however often it is called', async () => {
    assert.deepEqual(await measured(), []);
    now = new Date(NOON.getTime() + 299_000);
    assert.deepEqual(await measured(), []);
    now = new Date(NOON.getTime() + 300_000);
    assert.equal((await measured()).length, 1);
  });

  test('is written as CloudWatch reads it: the dimension and each metric is a member of the line', async () => {
    now = new Date(NOON.getTime() + 600_000);
    const [line] = await measured();
    assert(line !== undefined);
    const { Timestamp, CloudWatchMetrics } = line._aws as {
      Timestamp: number;
      CloudWatchMetrics: {
        Namespace: string;
        Dimensions: string[][];
        Metrics: { Name: string; Unit: string }[];
      }[];
    };
    assert.ok(Math.abs(Timestamp - Date.now()) < 60_000);
    const [{ Namespace, Dimensions, Metrics } = assert.fail('no directive')] = CloudWatchMetrics;
    assert.equal(Namespace, 'Fairlead');
    assert.deepEqual(Dimensions, [['installation']]);
    assert.equal(line?.installation, 'fairlead');
    assert.deepEqual(Metrics.map(({ Name }) => Name).sort(), figures);
    for (const { Name, Unit } of Metrics) {
      assert.equal(typeof line?.[Name], 'number', Name);
      assert.match(Unit, /^(Count|Seconds)$/);
    }
  });

  test('of one target among many nobody need be silent for all: those without a check for three intervals are counted', async () => {
    const last = await aws.table.get({ pk: 'incident#staging', sk: 'seen' });
    assert.ok(last !== undefined);
    const at = '2026-11-21T12:55:00.000Z';
    await aws.table.put({ ...last, at, version: last.version + 1 }, last.version);
    now = new Date('2026-11-21T12:56:00.000Z');
    const lines = await swept();
    assert.equal(lines.find((line) => '_aws' in line)?.VerdictsOverdue, 1);
    const verdicts = lines
      .filter(({ message }) => message === 'target')
      .map(({ target, verdict }) => [String(target), verdict] as const);
    assert.deepEqual(Object.fromEntries(verdicts), { staging: 'fresh', production: 'overdue' });
  });

  test('an upload that nobody has ended is measured from when it was received', async () => {
    const upload = {
      ...{ key: 'staging/shop/web/values.yaml', versionId: 'v1', sequencer: '1' },
      ...{ eventTime: '2026-11-21T12:00:00.000Z', receivedAt: '2026-11-21T12:30:00.000Z' },
    };
    await addWaiting(aws.table, { repository: 'cluster', branch: 'main' }, upload);
    now = new Date('2026-11-21T13:01:00.000Z');
    const [line] = await measured();
    assert.equal(line?.OldestWaitingUpload, 31 * 60);
  });
});
