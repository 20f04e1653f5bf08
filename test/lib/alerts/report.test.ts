import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import {
  readNewestReports,
  readReport,
  readReports,
  reportKey,
  writeReport,
} from '../../../lib/alerts/report.ts';
import * as clients from '../../../lib/aws/clients.ts';
import { s3Store } from '../../../lib/aws/objects.ts';
import { formatJson } from '../../../lib/objects/json.ts';
import { finding } from '../../fixtures/findings.ts';
import { type TestAws, testAws } from '../../fixtures/local-aws.ts';
import { EXAMPLES } from './examples.ts';

const drift = EXAMPLES.drift as Alert;
const at = (sequence: number, more: Partial<Alert> = {}): Alert => ({ ...drift, sequence, ...more }) as Alert;

describe('the report of an alert', () => {
  let aws: TestAws;
  let state: ReturnType<typeof s3Store>;
  before(async () => {
    aws = await testAws();
    state = s3Store(clients.s3(aws.environment), 'state');
  });
  after(() => aws.end());

  const sequences = async (incident: string): Promise<number[]> => {
    const found = [];
    for await (const { alert } of readReports(state, { target: drift.target, incident }))
      found.push(alert.sequence);
    return found;
  };

  test('those of an incident come in their order, beyond ten, and no other incident’s', async () => {
    const incident = `${drift.incident}-long`;
    const wanted = Array.from({ length: 12 }, (_, index) => index + 1);
    for (const sequence of wanted) await writeReport(state, at(sequence, { incident }));
    await writeReport(state, at(1, { incident: `${incident}0` }));
    assert.deepEqual(await sequences(incident), wanted);
  });

  test('the newest alone are read where there are many, and the others counted', async () => {
    const incident = `${drift.incident}-many`;
    for (let sequence = 1; sequence <= 25; sequence++) await writeReport(state, at(sequence, { incident }));
    const newest = async (count: number) => {
      const { reports, older } = await readNewestReports(state, { target: drift.target, incident }, count);
      return { sequences: reports.map(({ alert }) => alert.sequence), older };
    };
    assert.deepEqual(await newest(3), { sequences: [23, 24, 25], older: 22 });
    assert.equal((await newest(12)).sequences.at(0), 14);
    assert.equal((await newest(Number.POSITIVE_INFINITY)).sequences.length, 25);
  });

  test('a list goes on beyond its first page', async () => {
    const keys = Array.from({ length: 1001 }, (_, index) => `paged/${String(index).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => state.put(key, '')));
    const found: string[] = [];
    for await (const key of state.keys('paged/')) found.push(key);
    assert.deepEqual(found, keys);
  });

  test('written twice it is one, and it is the last', async () => {
    const incident = `${drift.incident}-twice`;
    await writeReport(state, at(1, { incident }));
    await writeReport(state, at(1, { incident, severity: 'critical' }));
    assert.deepEqual(await sequences(incident), [1]);
    assert.equal((await readReport(state, at(1, { incident })))?.alert.severity, 'critical');
  });

  test('it holds no value that people may not see, and numbers as they are', async () => {
    const incident = `${drift.incident}-masked`;
    const findings = [
      finding('data.password', { desired: 'hunter2', live: 'hunter3' }, { secret: true }),
      finding('spec.x', { desired: 1, live: 9007199254740993n }),
    ];
    await writeReport(state, at(1, { incident, findings } as Partial<Alert>));
    const text = formatJson(await readReport(state, at(1, { incident })));
    assert.doesNotMatch(text, /hunter/);
    assert.match(text, /9007199254740993/);
  });

  test('of an incident that was never told there is none', async () => {
    assert.deepEqual(await sequences('nobody/knows/it'), []);
    assert.equal(await readReport(state, at(1, { incident: 'nobody/knows/it' })), undefined);
  });

  test('an incident of any name is one folder of its target', () => {
    const key = reportKey({ target: 'staging', incident: `a/../../${'x'.repeat(2000)}\n`, sequence: 7 });
    assert.match(key, /^reports\/staging\/[0-9a-f]{24}\/00000007\.json$/);
  });
});
