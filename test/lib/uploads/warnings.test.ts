import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reason } from '../../../lib/charts/reasons.ts';
import { writeProfile } from '../../../lib/cluster/profile.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { ACCEPTED, chartPackage, pipeline } from './pipeline.ts';

const KEY = 'staging/shop/web/web-1.0.0.tgz';
const warning = reason('render-uses-lookup', {}, { file: 'templates/settings.yaml' });

test('what an upload was let pass with stands in its record, also where Git held it already', async (context) => {
  const pipe = await pipeline({ judge: () => ({ ...ACCEPTED, warnings: [warning] }) });
  context.after(() => pipe.stop());
  for (const change of ['commit', 'unchanged'] as const) {
    const record = await pipe.record(await pipe.upload(KEY, await chartPackage('web', '1.0.0')));
    assert.ok(record?.state === 'delivered');
    assert.deepEqual([record.change, record.warnings], [change, [warning]]);
  }
});

test('an upload let pass with nothing has no warnings', async (context) => {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  const record = await pipe.record(await pipe.upload(KEY, await chartPackage('web', '1.0.0')));
  assert.ok(record?.state === 'delivered' && !('warnings' in record));
});

test("it is judged by the cluster's schemas, once the cluster was seen", async (context) => {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  await pipe.upload(KEY, await chartPackage('web', '1.0.0'));
  const schemas = { 'apps/v1': digestOf('apps/v1').slice('sha256:'.length).repeat(2) };
  await writeProfile(pipe.parts.state, {
    schema: 1,
    target: 'staging',
    kubernetesVersion: 'v1.35.4',
    apiVersions: ['apps/v1'],
    schemas,
    at: '2026-11-21T12:00:00.000Z',
  });
  await pipe.upload('staging/shop/web/web-1.1.0.tgz', await chartPackage('web', '1.1.0'));
  assert.deepEqual(
    pipe.asked.map((request) => request.schemas),
    [undefined, schemas],
  );
});
