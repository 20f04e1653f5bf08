import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCEPTED, pipeline } from './pipeline.ts';

const IMAGES = { references: ['registry.example.com/team/web@sha256:1', 'registry.example.com/team/wait:2'] };

test('the images that run with a delivery stand in its record, and what the target asks of them goes with each question', async (context) => {
  const pipe = await pipeline({
    target: { requireImageDigest: true, allowedRegistries: ['registry.example.com/team'] },
    judge: () => ({ ...ACCEPTED, images: IMAGES }),
  });
  context.after(() => pipe.stop());
  const chart = await pipe.chart('1.0.0');
  await pipe.receive(chart);
  await pipe.deliver();
  const record = await pipe.record(chart);
  assert.ok(record?.state === 'delivered');
  assert.deepEqual(record.images, IMAGES);
  assert.deepEqual(
    pipe.asked.map(({ boundary }) => boundary.images),
    [{ digests: 'required', registries: ['registry.example.com/team'] }],
  );
});

test('of a target that asks nothing of images the question is as it was', async (context) => {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  await pipe.upload('staging/shop/web/values.yaml', 'a: 1\n');
  const chart = await pipe.chart('1.0.0');
  await pipe.receive(chart);
  await pipe.deliver();
  assert.ok(pipe.asked.length > 0 && pipe.asked.every(({ boundary }) => !('images' in boundary)));
  const record = await pipe.record(chart);
  assert.ok(record?.state === 'delivered' && record.images === undefined);
});
