import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext) {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  return pipe;
}

const manifest = (name: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: shop\n`;
const RELEASE = 'fairlead/staging/releases/shop/web';
const APPLY = 'fairlead/staging/apply';

async function outcomes(pipe: Pipeline, ...events: Parameters<Pipeline['record']>[0][]) {
  const records = await Promise.all(events.map((event) => pipe.record(event)));
  return records.map((record) =>
    record?.state === 'rejected' ? record.reasons.map(({ code }) => code).join() : record?.state,
  );
}

test('of two manifests whose paths differ only in case the second is refused, in one batch and later', async (context) => {
  const pipe = await begin(context);
  const [upper, lower, other] = [
    pipe.put('staging/manifests/A.yaml', manifest('upper')),
    pipe.put('staging/manifests/a.yaml', manifest('lower')),
    pipe.put('staging/manifests/b.yaml', manifest('other')),
  ];
  for (const event of [upper, lower, other]) await pipe.receive(event);
  await pipe.deliver();
  assert.deepEqual(await outcomes(pipe, upper, lower, other), ['delivered', 'place-twin', 'delivered']);
  const again = await pipe.upload('staging/manifests/a.yaml', manifest('lower'));
  assert.deepEqual(await outcomes(pipe, again), ['place-twin']);
  const inFolder = await pipe.upload('staging/manifests/B.yaml/c.yaml', manifest('deep'));
  assert.deepEqual(await outcomes(pipe, inFolder), ['place-twin']);
  const newer = await pipe.upload('staging/manifests/A.yaml', manifest('newer'));
  assert.deepEqual(await outcomes(pipe, newer), ['delivered']);
});

test('a twin of one that is rejected itself is no twin', async (context) => {
  const pipe = await begin(context);
  pipe.git.commit({ [`${APPLY}/manifests/A.yaml/theirs.txt`]: 'x' });
  const first = await pipe.upload('staging/manifests/A.yaml', manifest('first'));
  assert.deepEqual(await outcomes(pipe, first), ['place-taken']);
});

const LINKS = {
  'values.yaml': { path: `${RELEASE}/values.yaml`, taken: ['chart', 'values'] },
  'the ConfigMap': { path: `${APPLY}/shop/web/values.yaml`, taken: ['chart', 'values'] },
  'a manifest': { path: `${APPLY}/manifests/a.yaml`, taken: ['manifest'] },
  'the chart’s folder': { path: `${RELEASE}/chart`, taken: ['chart'] },
  'the release’s folder': { path: RELEASE, taken: ['chart', 'values'] },
  'release.yaml, which is people’s': { path: `${APPLY}/shop/web/release.yaml`, taken: [] },
};
for (const mode of ['120000', '160000'] as const)
  for (const [name, { path, taken }] of Object.entries(LINKS)) {
    test(`${mode === '120000' ? 'a link' : 'a submodule'} where ${name} goes is neither followed nor replaced`, async (context) => {
      const pipe = await begin(context);
      pipe.git.special(path, mode);
      const before = pipe.git.git('ls-tree', 'main', path);
      const events = {
        chart: await pipe.chart('1.0.0'),
        values: pipe.put('staging/shop/web/values.yaml', 'colour: red\n'),
        manifest: pipe.put('staging/manifests/a.yaml', manifest('a')),
      };
      for (const event of Object.values(events)) await pipe.receive(event);
      await pipe.deliver();
      assert.equal(pipe.git.git('ls-tree', 'main', path), before);
      for (const [kind, event] of Object.entries(events))
        assert.deepEqual(
          await outcomes(pipe, event),
          [taken.includes(kind as never) ? 'place-taken' : 'delivered'],
          kind,
        );
      assert.equal(pipe.open(), 0);
    });
  }
