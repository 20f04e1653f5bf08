import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { deliverUploads } from '../../../lib/uploads/delivering/deliver.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext, ...options: Parameters<typeof pipeline>) {
  const pipe = await pipeline(...options);
  context.after(() => pipe.stop());
  return pipe;
}

const RELEASES = 'fairlead/staging/releases/shop/web';
const APPLY = 'fairlead/staging/apply/shop/web';
const BELL = { schema: 1, repository: 'cluster', branch: 'main', because: 'values' } as const;

async function deliver(pipe: Pipeline, version: string) {
  const event = await pipe.chart(version);
  await pipe.receive(event);
  await pipe.deliver();
  assert.equal((await pipe.record(event))?.state, 'delivered', version);
}

const filesOf = (pipe: Pipeline, folder: string) =>
  pipe.git.git('ls-tree', '-r', '--name-only', 'main', `${folder}/`).split('\n').filter(Boolean);

for (const deployer of ['flux', 'argocd'] as const) {
  test(`${deployer}: a release.yaml that a person removed is not written again, whatever is uploaded`, async (context) => {
    const pipe = await begin(context, { target: { deployer } });
    await deliver(pipe, '1.0.0');
    pipe.git.commit(Object.fromEntries(filesOf(pipe, APPLY).map((path) => [path, undefined])), 'Remove web');
    await deliver(pipe, '1.1.0');
    assert.deepEqual(filesOf(pipe, APPLY), []);
    assert.match(pipe.git.git('log', '-1', '--format=%b', 'main'), /release\.yaml was removed in Git/);
    await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
    assert.deepEqual(filesOf(pipe, APPLY), []);
    assert.match(pipe.git.show(`${RELEASES}/chart/Chart.yaml`), /1\.1\.0/);
  });
}

test('a release that people removed whole is a new one when it is uploaded again', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  const all = [...filesOf(pipe, APPLY), ...filesOf(pipe, RELEASES)];
  pipe.git.commit(Object.fromEntries(all.map((path) => [path, undefined])), 'Remove web');
  await deliver(pipe, '1.0.0');
  assert.deepEqual(filesOf(pipe, APPLY), [`${APPLY}/release.yaml`, `${APPLY}/values.yaml`]);
});

test('the ConfigMap is Fairlead’s: what a person writes into it is taken back, and follows values.yaml', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  const before = pipe.git.show(`${APPLY}/values.yaml`);
  pipe.git.commit({ [`${APPLY}/values.yaml`]: before.replace('{}', 'colour: red') });
  await deliverUploads(BELL, pipe.parts);
  assert.equal(pipe.git.show(`${APPLY}/values.yaml`), before);
  // An upload puts it right as well.
  pipe.git.commit({ [`${APPLY}/values.yaml`]: before.replace('{}', 'colour: red') });
  await pipe.upload('staging/shop/web/values.yaml', 'colour: green\n');
  assert.deepEqual(parse(pipe.git.show(`${APPLY}/values.yaml`)).data, { 'values.yaml': 'colour: green\n' });
});

test('other files that people put beside them stay as they are', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  const theirs = { [`${APPLY}/extra.yaml`]: '# theirs\n', [`${RELEASES}/notes.md`]: 'notes\n' };
  pipe.git.commit({ ...theirs, [`${APPLY}/release.yaml`]: '# edited\n' });
  await deliver(pipe, '1.1.0');
  for (const [path, text] of Object.entries(theirs)) assert.equal(`${pipe.git.show(path)}\n`, text);
  assert.equal(pipe.git.show(`${APPLY}/release.yaml`), '# edited');
});
