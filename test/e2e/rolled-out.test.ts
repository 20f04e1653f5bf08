import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { packExample } from '../../local/example/pack.ts';
import { fairlead } from '../cli/command-line.ts';
import { type Started, start } from '../local/running.ts';
import { requirement } from '../requirements.ts';

/** On a real control plane, with the deployer's stand-in: what waits for a rollout ends when the cluster has it. */
describe('npx fairlead upload --wait rolled-out, on a cluster', requirement('control-plane'), () => {
  let folder: string;
  let running: Started;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-rolled-out-'));
    running = start(['--data', join(folder, 'data'), '--port', '0', '--check-every', '5']);
    await running.says(/cluster: Kubernetes .* serves/);
  });
  after(async () => {
    running.child.kill('SIGINT');
    assert.equal(await running.ended(), 0, running.output());
    await rm(folder, { recursive: true, force: true });
  });

  async function upload(fileName: string, bytes: Buffer | string) {
    const file = join(folder, fileName);
    await writeFile(file, bytes);
    const options = ['--wait', 'rolled-out', '-o', 'json', '--data', join(folder, 'data')];
    const ran = await fairlead(['upload', file, 'staging/shop/hello/', ...options]);
    return { code: ran.code, said: `${ran.stdout}${ran.stderr}`, uploads: JSON.parse(ran.stdout).uploads };
  }

  test('a new version of the chart, new values, and what changes nothing', async () => {
    const { fileName, bytes } = await packExample('0.3.0');
    const chart = await upload(fileName, bytes);
    assert.equal(chart.code, 0, chart.said);
    assert.deepEqual(chart.uploads[0].rollout, { kind: 'rolled-out', seen: chart.uploads[0].commit });

    const values = await upload('values.yaml', 'replicas: 3\n');
    assert.equal(values.code, 0, values.said);
    assert.equal(values.uploads[0].rollout.seen, values.uploads[0].commit);
    const shown = await fairlead(
      ['kubectl', '-n', 'shop', 'get', 'deployment', 'hello', '-o', 'jsonpath={.spec.replicas}'],
      { FAIRLEAD_DATA: join(folder, 'data') },
    );
    assert.equal(shown.stdout, '3');

    const again = await upload('values.yaml', 'replicas: 3\n');
    assert.equal(again.code, 0, again.said);
    assert.equal(again.uploads[0].change, 'unchanged');
    assert.equal(again.uploads[0].rollout.kind, 'rolled-out');
  });
});
