import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { sweep } from '../../functions/sweep.ts';
import { incidentItem } from '../../lib/alerts/incident-items.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { parsePart } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';

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

  /** The lines that CloudWatch takes for metrics. */
  async function measured(): Promise<Record<string, unknown>[]> {
    const log = mock.method(console, 'log', () => {});
    try {
      await run({ schema: 1, sweep: 'minutes' });
      return log.mock.calls
        .map(({ arguments: [line] }) => JSON.parse(String(line)) as Record<string, unknown>)
        .filter((line) => '_aws' in line);
    } finally {
      log.mock.restore();
    }
  }

  test('is the sum over all targets, by class and by severity, nought too, and the oldest verdict', async () => {
    const lines = await measured();
    const figures = lines.map(({ _aws, Installation, ...rest }) => {
      assert.equal(Installation, 'fairlead');
      return rest;
    });
    assert.deepEqual(figures, [
      { Class: 'drift', OpenIncidents: 2 },
      { Class: 'stalled', OpenIncidents: 0 },
      { Class: 'unknown', OpenIncidents: 1 },
      { Class: 'delivery', OpenIncidents: 0 },
      { Severity: 'info', OpenIncidents: 0 },
      { Severity: 'warning', OpenIncidents: 1 },
      { Severity: 'critical', OpenIncidents: 2 },
      { OldestVerdictAge: 600 },
    ]);
  });

  test('is measured once in five minutes, however often it is called', async () => {
    assert.deepEqual(await measured(), []);
    now = new Date(NOON.getTime() + 299_000);
    assert.deepEqual(await measured(), []);
    now = new Date(NOON.getTime() + 300_000);
    assert.equal((await measured()).length, 8);
  });

  test('is written as CloudWatch reads it: each dimension and each metric is a member of the line', async () => {
    now = new Date(NOON.getTime() + 600_000);
    const lines = await measured();
    assert.ok(lines.length > 0);
    for (const line of lines) {
      const { Timestamp, CloudWatchMetrics } = line._aws as {
        Timestamp: number;
        CloudWatchMetrics: {
          Namespace: string;
          Dimensions: string[][];
          Metrics: { Name: string; Unit: string }[];
        }[];
      };
      assert.ok(Math.abs(Timestamp - Date.now()) < 60_000);
      for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
        assert.equal(Namespace, 'Fairlead');
        for (const name of Dimensions.flat()) assert.equal(typeof line[name], 'string', name);
        for (const { Name, Unit } of Metrics) {
          assert.equal(typeof line[Name], 'number', Name);
          assert.match(Unit, /^(Count|Seconds)$/);
        }
      }
    }
  });
});
