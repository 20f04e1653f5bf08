import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { ConfigInput } from '../../../lib/config/config.ts';
import type { DeliverParts } from '../../../lib/uploads/delivering/deliver.ts';
import type { ReceiveParts } from '../../../lib/uploads/receiving/receive.ts';
import { dying, heal, Killed } from './dying.ts';
import { chartPackage, pipeline } from './pipeline.ts';

type Parts = ReceiveParts & DeliverParts;

async function begin(context: TestContext, target: Partial<ConfigInput['targets'][number]> = {}) {
  const pipe = await pipeline({ target });
  context.after(() => pipe.stop());
  return pipe;
}

for (const when of ['before', 'after'] as const) {
  test(`killed ${when} any call, an upload still ends as exactly one commit`, async (context) => {
    const pipe = await begin(context);
    for (let at = 1, done = false; !done; at++) {
      const release = `web-${at}`;
      const event = await pipe.chart('1.0.0', {}, release);
      const { parts, calls } = dying(pipe.parts, at, when);
      try {
        await pipe.receive(event, parts);
        await pipe.deliver(parts);
      } catch (error) {
        assert.ok(error instanceof Killed, String(error));
      }
      done = calls() < at;
      // Killed before the record's first write nobody knows of it but the queue, which tells again.
      await pipe.receive(event);
      await heal(pipe);
      const subjects = pipe.git.log().filter((subject) => subject.includes(`shop/${release}:`));
      assert.deepEqual(subjects, [`Deliver shop/${release}: chart web 1.0.0`], `killed at call ${at}`);
      const record = await pipe.record(event);
      const commit = record?.state === 'delivered' ? record.commit : undefined;
      assert.equal(
        pipe.git.git('log', '-1', '--format=%s', commit ?? ''),
        subjects[0],
        `killed at call ${at}`,
      );
      assert.equal(pipe.tags(event)['fairlead-commit'], commit, `killed at call ${at}`);
      assert.equal(pipe.open(), 0, `killed at call ${at}`);
    }
  });
}

test('a commit that was pushed by a call that died is found, also below commits of others, and stays reverted', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  // Dies between the push and everything after it.
  const dead: Parts = {
    ...pipe.parts,
    reads: {
      send: async () => {
        throw new Killed('reads');
      },
    },
  };
  await assert.rejects(pipe.deliver(dead), Killed);
  const pushed = pipe.git.tip();
  assert.equal((await pipe.record(event))?.state, 'checked');
  pipe.git.commits(70);
  pipe.git.commit({ 'fairlead/staging/releases/shop/web/chart/Chart.yaml': undefined }, 'Revert');
  const tip = pipe.git.tip();
  await pipe.deliver();
  const record = await pipe.record(event);
  assert.equal(record?.state === 'delivered' && record.commit, pushed);
  assert.equal(pipe.git.tip(), tip);
});

test('two deliveries at once make one commit', async (context) => {
  const pipe = await begin(context);
  for (let round = 0; round < 5; round++) {
    const event = await pipe.chart('1.0.0', {}, `web-${round}`);
    await pipe.receive(event);
    const other = { ...pipe.parts, scratch: `${pipe.parts.scratch}-other` };
    await Promise.allSettled([pipe.deliver(), pipe.deliver(other)]);
    await heal(pipe);
    const subjects = pipe.git.log().filter((subject) => subject.includes(`shop/web-${round}:`));
    assert.equal(subjects.length, 1, `round ${round}`);
    assert.equal((await pipe.record(event))?.state, 'delivered');
  }
});

test('somebody else pushes at the same moment, again and again: nothing of theirs or ours is lost', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  let foreign = 0;
  const racing: Parts = {
    ...pipe.parts,
    table: {
      ...pipe.parts.table,
      async put(item, expected) {
        const outcome = await pipe.parts.table.put(item, expected);
        // The record has its commit: the push is next.
        if (item.pk.startsWith('upload#') && item.state === 'checked' && foreign < 4)
          pipe.git.commit({ [`foreign-${++foreign}.txt`]: 'x' }, `Foreign ${foreign}`);
        return outcome;
      },
    },
  };
  assert.deepEqual(await pipe.deliver(racing), { kind: 'delivered', commits: 1 });
  assert.deepEqual(pipe.git.log(), [
    'Deliver shop/web: chart web 1.0.0',
    'Foreign 4',
    'Foreign 3',
    'Foreign 2',
    'Foreign 1',
    'Begin',
  ]);
  assert.equal((await pipe.record(event))?.state, 'delivered');
  // Judged once: the tree that it was judged as has not changed.
  assert.equal(pipe.asked.length, 1);
});

test('a push that was taken though the server says that the branch had moved is found, and stays reverted', async (context) => {
  const pipe = await begin(context);
  // As where a request is sent twice: the first is taken and reverted by somebody, the second is what is answered.
  pipe.git.hook(
    `test -e taken && exit 0
touch taken
export GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=a@example.com GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=a@example.com
git update-ref "$1" "$(git commit-tree -m Reverted -p "$3" "$2^{tree}")"`,
    'update',
  );
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  await pipe.deliver();
  assert.deepEqual(pipe.git.log(), ['Reverted', 'Deliver shop/web: chart web 1.0.0', 'Begin']);
  const record = await pipe.record(event);
  assert.equal(record?.state === 'delivered' && record.commit, pipe.git.git('rev-parse', 'main~1'));
});

test('of many in one push, the one that the repository refuses is rejected alone', async (context) => {
  const pipe = await begin(context);
  pipe.git.hook(`while read old new ref; do
  if git ls-tree -r --name-only $new | grep -q forbidden.txt; then echo "forbidden.txt is not wanted here" >&2; exit 1; fi
done`);
  const events = [];
  for (let at = 0; at < 5; at++) {
    const files: Record<string, string> = at === 2 ? { 'forbidden.txt': 'x' } : {};
    events.push(await pipe.chart('1.0.0', files, `web-${at}`));
  }
  for (const event of events) await pipe.receive(event);
  await pipe.deliver();
  const states = await Promise.all(events.map(async (event) => (await pipe.record(event))?.state));
  assert.deepEqual(states, ['delivered', 'delivered', 'rejected', 'delivered', 'delivered']);
  const record = await pipe.record(events[2] as never);
  assert.match(record?.state === 'rejected' ? (record.reasons[0]?.message ?? '') : '', /not wanted here/);
  assert.equal(pipe.open(), 0);
});

const SHOP = 'fairlead/staging/releases/shop';
const TAKEN = {
  'a file where the namespace has its folder': { path: SHOP, rejected: ['chart', 'values'] },
  'a file where the release has its folder': { path: `${SHOP}/web`, rejected: ['chart', 'values'] },
  'a file where the chart has its folder': { path: `${SHOP}/web/chart`, rejected: ['chart'] },
  'a folder where the values lie': { path: `${SHOP}/web/values.yaml/theirs`, rejected: ['chart', 'values'] },
  'a folder where the HelmRelease lies': {
    path: 'fairlead/staging/apply/shop/web/release.yaml/theirs',
    rejected: ['chart'],
  },
};
for (const [title, { path, rejected }] of Object.entries(TAKEN)) {
  test(`${title}: the upload is rejected, the file stays, and other uploads are delivered`, async (context) => {
    const pipe = await begin(context);
    pipe.git.commit({ [path]: 'theirs' });
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\n';
    const events = {
      chart: await pipe.chart('1.0.0'),
      values: pipe.put('staging/shop/web/values.yaml', 'colour: red\n'),
      other: pipe.put('staging/manifests/settings.yaml', manifest),
    };
    for (const event of Object.values(events)) await pipe.receive(event);
    await pipe.deliver();
    assert.equal(pipe.git.show(path), 'theirs');
    for (const [name, event] of Object.entries(events)) {
      const record = await pipe.record(event);
      assert.equal(record?.state, rejected.includes(name) ? 'rejected' : 'delivered', name);
      if (record?.state === 'rejected') assert.equal(record.reasons[0]?.code, 'place-taken');
    }
    assert.equal(pipe.open(), 0);
  });
}

test('a manifest where another one has its folder ends alone', async (context) => {
  const pipe = await begin(context);
  const manifest = (name: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: shop\n`;
  const events = ['a.yaml', 'a.yaml/b.yaml', 'c.yaml'].map((path, at) =>
    pipe.put(`staging/manifests/${path}`, manifest(`settings-${at}`)),
  );
  for (const event of events) await pipe.receive(event);
  await pipe.deliver();
  const states = await Promise.all(events.map(async (event) => (await pipe.record(event))?.state));
  assert.deepEqual(states, ['delivered', 'rejected', 'delivered']);
});

test('a repository that takes nothing blocks everything, says so once, and all goes on when it works again', async (context) => {
  const pipe = await begin(context);
  const token = pipe.secrets.get('write') ?? '';
  pipe.secrets.set('write', 'planted-token-0815');
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  for (let at = 0; at < 3; at++) assert.equal((await pipe.deliver()).kind, 'blocked');
  assert.deepEqual(
    pipe.alerts().map(({ kind }) => kind),
    ['blocked'],
  );
  assert.equal((await pipe.record(event))?.state, 'checked');
  pipe.later(120);
  assert.ok((await pipe.sweep()).bells > 0);
  pipe.secrets.set('write', token);
  await pipe.deliver();
  assert.equal((await pipe.record(event))?.state, 'delivered');
  const [blocked, unblocked] = pipe.alerts();
  assert.equal(unblocked?.kind, 'unblocked');
  assert.equal(blocked?.incident, unblocked?.incident);
  const kept = JSON.stringify([...pipe.table.items.values()]) + pipe.logged.join('\n');
  assert.doesNotMatch(kept, /planted-token-0815/);
});

test('a credential that cannot be read blocks the repository', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  const secrets = { read: () => Promise.reject(new Error('no such secret')) };
  assert.equal((await pipe.deliver({ ...pipe.parts, secrets })).kind, 'blocked');
  assert.deepEqual(
    pipe.alerts().map(({ kind }) => kind),
    ['blocked'],
  );
  assert.equal((await pipe.record(event))?.state, 'checked');
});

test('what a repository has not taken for a day has failed', async (context) => {
  const pipe = await begin(context);
  pipe.secrets.set('write', 'wrong');
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  await pipe.deliver();
  pipe.later(25 * 3600);
  await pipe.deliver();
  assert.equal((await pipe.record(event))?.state, 'failed');
  assert.equal(pipe.tags(event)['fairlead-outcome'], 'failed');
  assert.equal(pipe.open(), 0);
});

test('what could not be judged for a day has failed, and holds up nothing meanwhile', async (context) => {
  const pipe = await begin(context);
  const broken = { ...pipe.parts, render: { invoke: () => Promise.reject(new Error('time-out')) } };
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  assert.deepEqual(await pipe.deliver(broken), { kind: 'idle' });
  assert.equal((await pipe.record(event))?.state, 'checked');
  pipe.later(25 * 3600);
  await pipe.deliver(broken);
  assert.equal((await pipe.record(event))?.state, 'failed');
  assert.equal(pipe.tags(event)['fairlead-reason'], 'not-judged');
  assert.equal(pipe.open(), 0);
});

test('the credential is in no command line', async (context) => {
  const pipe = await begin(context);
  const token = pipe.git.credential.token;
  const encoded = Buffer.from(`x-access-token:${token}`).toString('base64');
  let seen = 0;
  let leaked = 0;
  const watch = setInterval(() => {
    for (const id of readdirSync('/proc')) {
      if (!/^\d+$/.test(id)) continue;
      try {
        const line = readFileSync(`/proc/${id}/cmdline`, 'utf8');
        if (!line.startsWith('git')) continue;
        seen += 1;
        if (line.includes(token) || line.includes(encoded)) leaked += 1;
      } catch {
        // It has ended.
      }
    }
  }, 2);
  context.after(() => clearInterval(watch));
  for (const version of ['1.0.0', '1.1.0', '1.2.0'])
    await pipe.upload(`staging/shop/web/web-${version}.tgz`, await chartPackage('web', version));
  clearInterval(watch);
  assert.ok(seen > 0, 'git was never seen at work');
  assert.equal(leaked, 0);
  assert.doesNotMatch(JSON.stringify([...pipe.table.items.values()]) + pipe.logged.join(), new RegExp(token));
});

test('after people have rewritten the history, what Git holds still is named by a commit that the branch has', async (context) => {
  const pipe = await begin(context);
  const VALUES = 'staging/shop/web/values.yaml';
  const first = await pipe.upload(VALUES, 'a: 1\n');
  const gone = pipe.git.tip();
  // One commit of theirs with the same files, and ours is no more.
  const tree = pipe.git.git('rev-parse', 'main^{tree}');
  const squashed = pipe.git.git('commit-tree', tree, '-m', 'Squashed');
  pipe.git.git('update-ref', 'refs/heads/main', squashed);
  await pipe.receive(first);
  await pipe.deliver();
  assert.equal(pipe.git.tip(), squashed);
  const same = await pipe.upload(VALUES, 'a: 1\n');
  const record = await pipe.record(same);
  assert.ok(record?.state === 'delivered');
  assert.deepEqual([record.change, record.commit], ['unchanged', squashed]);
  assert.notEqual(gone, squashed);
  // Theirs is without what was delivered: the next upload brings it, the same content too.
  pipe.git.git('update-ref', 'refs/heads/main', pipe.git.git('rev-list', '--max-parents=0', gone));
  await pipe.receive(same);
  await pipe.deliver();
  const again = await pipe.upload(VALUES, 'a: 1\n');
  const brought = await pipe.record(again);
  assert.ok(brought?.state === 'delivered');
  assert.deepEqual([brought.change, brought.commit], ['commit', pipe.git.tip()]);
});
