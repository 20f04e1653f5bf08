import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { checkReleaseSize, storedBytes } from '../../../../lib/charts/judge/release-judge.ts';
import { loadChart } from '../../../../lib/charts/package/chart.ts';
import { tools } from '../../../../local/tools.ts';
import { type TestControlPlane, testControlPlane } from '../../../control-plane.ts';
import { requirement } from '../../../requirements.ts';
import { CONFIG_MAP, chartFile } from '../package/packages.ts';

/** Bytes that nothing compresses, the same each time. */
const noise = (bytes: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 64) }, (_, index) =>
      createHash('sha512').update(`${index}`).digest(),
    ),
  ).subarray(0, bytes);

describe('what helm can store of a release', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  before(async () => {
    plane = await testControlPlane();
  });
  after(() => plane.end());

  const install = async (name: string, file: Buffer) => {
    const files = {
      'Chart.yaml': Buffer.from(chartFile()),
      'templates/x.yaml': Buffer.from(CONFIG_MAP.replace('name: web', `name: ${name}`)),
      'files/noise.bin': file,
    };
    for (const [path, data] of Object.entries(files)) {
      await mkdir(join(plane.folder, name, path, '..'), { recursive: true });
      await writeFile(join(plane.folder, name, path), data);
    }
    const { helm } = await tools();
    const env = { ...process.env, KUBECONFIG: plane.kubeconfig, HOME: plane.folder };
    const argv = ['install', name, join(plane.folder, name), '--namespace=default'];
    const installed = await promisify(execFile)(helm, argv, { env }).then(
      () => 'installed',
      (error: { stderr: string }) => error.stderr,
    );
    const tree = new Map(Object.entries(files).map(([path, data]) => [path, { mode: 0o644 as const, data }]));
    const { chart } = await loadChart(tree);
    assert.ok(chart);
    const output = `---\n# Source: web/templates/x.yaml\n${files['templates/x.yaml']}`;
    return { installed, chart, output };
  };

  test('is measured as helm measures it', async () => {
    const { installed, chart, output } = await install('fits', noise(700_000));
    assert.equal(installed, 'installed');
    const secret = await plane.kubectl(['get', 'secret', 'sh.helm.release.v1.fits.v1', '-o', 'json']);
    const real = Buffer.from(JSON.parse(secret).data.release, 'base64').length;
    const ours = storedBytes(chart, [], output);
    assert.ok(Math.abs(ours / real - 1) < 0.02, `helm stores ${real} bytes, we count ${ours}`);
    assert.deepEqual(checkReleaseSize(chart, [], output), []);
  });

  test('is refused where helm is refused', async () => {
    const { installed, chart, output } = await install('bursts', noise(800_000));
    assert.match(installed, /Too long|too large/i);
    assert.deepEqual(
      checkReleaseSize(chart, [], output).map(({ code }) => code),
      ['release-too-large'],
    );
  });
});
