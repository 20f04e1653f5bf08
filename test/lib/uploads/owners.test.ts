import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { renderRelease } from '../../../lib/charts/render/render.ts';
import type { ObjectCreated } from '../../../lib/messages/messages.ts';
import type { Group, GroupDecision, GroupParts } from '../../../lib/uploads/deciding/group.ts';
import { withoutTaken } from '../../../lib/uploads/deciding/owners.ts';
import type { UploadKey } from '../../../lib/uploads/record/keys.ts';
import { tools } from '../../../local/tools.ts';
import { memoryTable } from './doubles.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

/** The whole of delivery, judged by the real render-release. */
async function begin(context: TestContext): Promise<Pipeline> {
  const { folder } = await tools();
  const pipe: Pipeline = await pipeline({
    judge: (request) =>
      renderRelease(request, {
        content: pipe.parts.content,
        state: pipe.parts.state,
        tools: folder,
        scratch: join(pipe.git.folder, 'render'),
      }),
  });
  context.after(() => pipe.stop());
  return pipe;
}

const configMap = (name: string, more = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`;
/** A chart that declares ConfigMaps of these names. */
const declaring = (...names: string[]) => ({
  'templates/settings.yaml': '',
  'templates/maps.yaml': names.map((name) => configMap(name)).join('---\n'),
});

async function outcome(pipe: Pipeline, event: ObjectCreated): Promise<string> {
  const record = await pipe.record(event);
  if (record?.state !== 'rejected') return record?.state ?? 'none';
  return record.reasons.map(({ code, message, place }) => `${code}: ${message} (${place?.file})`).join(', ');
}
const taken = (object: string, owner: string, file = 'templates/maps.yaml'): string =>
  `object-owned-elsewhere: ${object} belongs to ${owner}, which declares it, too. (${file})`;

/** Uploads one after the other and together, as `then` says; what became of each. */
async function deliver(pipe: Pipeline, ...events: Promise<ObjectCreated>[]): Promise<string[]> {
  const put: ObjectCreated[] = [];
  for (const event of events) put.push(await event);
  for (const event of put) await pipe.receive(event);
  await pipe.deliver();
  return Promise.all(put.map((event) => outcome(pipe, event)));
}

test('an object that another release owns is refused, and who owns it is said', async (context) => {
  const pipe = await begin(context);
  assert.deepEqual(await deliver(pipe, pipe.chart('1.0.0', declaring('x', 'y'), 'web')), ['delivered']);
  assert.deepEqual(await deliver(pipe, pipe.chart('1.0.0', declaring('y', 'z'), 'api')), [
    taken('ConfigMap/y', 'release shop/web'),
  ]);
  assert.deepEqual(await deliver(pipe, pipe.chart('1.0.1', declaring('z'), 'api')), ['delivered']);
});

test('its own objects are no conflict, however often it is delivered', async (context) => {
  const pipe = await begin(context);
  for (const version of ['1.0.0', '1.1.0', '1.2.0'])
    assert.deepEqual(await deliver(pipe, pipe.chart(version, declaring('x', `v${version}`))), ['delivered']);
});

test('of two that are new with it at once the first gets it', async (context) => {
  const pipe = await begin(context);
  const first = pipe.chart('1.0.0', declaring('x'), 'web');
  const second = first.then(() => pipe.chart('1.0.0', declaring('x'), 'api'));
  assert.deepEqual(await deliver(pipe, first, second), [
    'delivered',
    taken('ConfigMap/x', 'release shop/web'),
  ]);
});

test('an object may move from one release to the other, in one batch or one after the other', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, pipe.chart('1.0.0', declaring('x', 'y'), 'web'));
  const into = pipe.chart('1.0.0', declaring('x'), 'api');
  const out = into.then(() => pipe.chart('1.1.0', declaring('y'), 'web'));
  assert.deepEqual(await deliver(pipe, into, out), ['delivered', 'delivered']);
  assert.deepEqual(await deliver(pipe, pipe.chart('1.2.0', declaring('z'), 'web')), ['delivered']);
  assert.deepEqual(await deliver(pipe, pipe.chart('1.1.0', declaring('x', 'y'), 'api')), ['delivered']);
});

test('what people have removed or changed in Git owns nothing any more', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, pipe.chart('1.0.0', declaring('x'), 'web'));
  await deliver(pipe, pipe.chart('1.0.0', declaring('y'), 'old'));
  pipe.git.commit({
    'fairlead/staging/apply/shop/old/release.yaml': undefined,
    'fairlead/staging/releases/shop/web/chart/templates/maps.yaml': configMap('other'),
  });
  assert.deepEqual(await deliver(pipe, pipe.chart('1.0.0', declaring('x', 'y'), 'api')), ['delivered']);
});

test('a manifest owns what it declares, and a release what it renders to', async (context) => {
  const pipe = await begin(context);
  const manifest = (name: string, file = 'maps.yaml') =>
    pipe.put(`staging/manifests/${file}`, configMap(name, '  namespace: shop\n'));
  assert.deepEqual(await deliver(pipe, Promise.resolve(manifest('x'))), ['delivered']);
  assert.deepEqual(await deliver(pipe, pipe.chart('1.0.0', declaring('x'), 'web')), [
    taken('ConfigMap/x', 'manifest maps.yaml'),
  ]);
  assert.deepEqual(await deliver(pipe, pipe.chart('1.0.1', declaring('db'), 'web')), ['delivered']);
  assert.deepEqual(await deliver(pipe, Promise.resolve(manifest('db', 'other.yaml'))), [
    taken('ConfigMap/db', 'release shop/web', 'fairlead/staging/apply/manifests/other.yaml'),
  ]);
});

test('values that come with a chart that is refused are judged without it', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, pipe.chart('1.0.0', declaring('x'), 'web'));
  await deliver(pipe, pipe.chart('1.0.0', declaring('y'), 'api'));
  const chart = pipe.chart('1.1.0', declaring('x'), 'api');
  const values = chart.then(() => pipe.put('staging/shop/api/values.yaml', 'a: 1\n'));
  assert.deepEqual(await deliver(pipe, chart, values), [
    taken('ConfigMap/x', 'release shop/web'),
    'delivered',
  ]);
});

test('a crowd that declares thousands of objects each costs one look at each of them', async () => {
  const [claimants, objects] = [100, 2000];
  let read = 0;
  const table = memoryTable();
  const key = (release: string) =>
    ({ kind: 'chart', target: 'staging', namespace: 'shop', release }) as UploadKey;
  const decisions = Array.from({ length: claimants }, (_, at) => ({
    planned: [{ accepted: { key: key(`r${at}`) } }],
    declares: Array.from({ length: objects }, (_, index) => ({
      get object() {
        read += 1;
        assert.ok(read <= claimants * objects * 5, 'each of them is looked at again and again');
        return `v1/ConfigMap/shop/r${at}-${index}`;
      },
      source: 'templates/maps.yaml',
    })),
    rejected: [],
  })) as unknown as GroupDecision[];
  const groups = decisions.map(() => ({ target: { name: 'staging' }, slots: [] })) as unknown as Group[];
  const parts = { table, now: () => new Date() } as unknown as Omit<GroupParts, 'target'>;
  const decided = await withoutTaken(parts, undefined, groups, decisions);
  assert.ok(decided.every(({ rejected }) => rejected.length === 0));
});

test('what others declared once is looked at once a delivery, and not for ever', async (context) => {
  const pipe = await begin(context);
  for (const [release, at] of ['a', 'b'].map((name, index) => [name, index] as const)) {
    await deliver(pipe, pipe.chart('1.0.0', declaring('x', 'y', 'z'), release));
    await deliver(pipe, pipe.chart('1.1.0', declaring(`own-${at}`), release));
  }
  const before = pipe.asked.length;
  assert.deepEqual(await deliver(pipe, pipe.chart('1.0.0', declaring('x', 'y', 'z'), 'web')), ['delivered']);
  assert.equal(pipe.asked.length - before, 3);

  await deliver(pipe, pipe.chart('1.2.0', declaring('own-0', 'v', 'w'), 'a'));
  await deliver(pipe, pipe.chart('1.3.0', declaring('own-0'), 'a'));
  await deliver(pipe, pipe.chart('1.2.0', declaring('own-1', 'v', 'w'), 'b'));
  await deliver(pipe, pipe.chart('1.3.0', declaring('own-1'), 'b'));
  const event = await pipe.chart('1.1.0', declaring('x', 'y', 'z', 'v', 'w'), 'web');
  await pipe.receive(event);
  const { render } = pipe.parts;
  const asked = pipe.asked.length;
  await pipe.deliver({
    ...pipe.parts,
    render: {
      async invoke(payload) {
        pipe.later(25);
        return render.invoke(payload);
      },
    },
  });
  assert.equal(await outcome(pipe, event), 'delivered');
  assert.equal(pipe.asked.length - asked, 2, 'web itself, and the first of the others');
});
