import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { readReport, reportKey } from '../../lib/alerts/report.ts';
import { snoozeIn } from '../../lib/alerts/snoozes.ts';
import { readCheckConfig } from '../../lib/checks/check-config.ts';
import { readRender } from '../../lib/checks/renders.ts';
import { readVerdicts } from '../../lib/checks/verdict-items.ts';
import { readProfile } from '../../lib/cluster/profile.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { fromParameters } from '../../lib/config/parameters.ts';
import type { Digest } from '../../lib/content/tree.ts';
import { readNewest } from '../../lib/desired/sequence.ts';
import { desiredKey, desiredState } from '../../lib/desired/state.ts';
import { readUnread } from '../../lib/desired/unread.ts';
import { checkRequest, doorbell, readRequest, uploadMessage } from '../../lib/messages/messages.ts';
import { readHints } from '../../lib/uploads/deciding/hints.ts';
import { isBlocked } from '../../lib/uploads/delivering/blocked.ts';
import { untilNextPush } from '../../lib/uploads/delivering/push-interval.ts';
import { readRecord } from '../../lib/uploads/record/record.ts';
import { deliveredVersion, readMark } from '../../lib/uploads/record/slots.ts';
import { listReceived, listWaiting } from '../../lib/uploads/record/waiting.ts';
import { sweepEvent } from '../../lib/uploads/sweep.ts';
import { OLD, OLD_ALERT, OLD_ITEMS, OLD_MESSAGES, OLD_OBJECTS } from '../fixtures/previous-release.ts';
import { memoryStore, memoryTable } from './uploads/doubles.ts';

describe('what the release before left in the queues is understood:', () => {
  const readers: Readonly<Record<keyof typeof OLD_MESSAGES, { parse(message: unknown): unknown }>> = {
    doorbell,
    read: readRequest,
    check: checkRequest,
    sweep: sweepEvent,
    created: uploadMessage,
    replay: uploadMessage,
  };
  for (const [name, message] of Object.entries(OLD_MESSAGES))
    test(name, () => {
      const reader = readers[name as keyof typeof OLD_MESSAGES];
      assert.partialDeepStrictEqual(reader.parse(JSON.parse(JSON.stringify(message))), message);
    });

  test('a configuration that was deployed without what has defaults since', () => {
    const written = {
      repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
      targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux' as const, namespaces: ['shop'] }],
    };
    const [repository] = written.repositories;
    const [target] = written.targets;
    const found = new Map([
      ['installation', JSON.stringify({ installation: 'fairlead', production: false })],
      ['repositories/cluster', JSON.stringify(repository)],
      ['targets/staging', JSON.stringify(target)],
    ]);
    assert.deepEqual(fromParameters(found, '/fairlead/fairlead/config'), parseConfig(written));
  });
});

describe('what the release before left in the table is understood:', () => {
  const table = memoryTable();
  const { key, versionId } = OLD.UPLOAD;
  before(async () => {
    for (const item of OLD_ITEMS) assert.equal(await table.put(item, 'absent'), 'written');
  });
  const collected = async <Value>(found: AsyncIterable<Value>): Promise<Value[]> => {
    const all: Value[] = [];
    for await (const each of found) all.push(each);
    return all;
  };

  test('the record of an upload, in each of its states; evidence has none of its own any more', async () => {
    const states = await Promise.all(
      ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'].map(
        async (version) => (await readRecord(table, key, version))?.state,
      ),
    );
    assert.deepEqual(states, ['received', 'received', 'checked', 'delivered', 'superseded', 'rejected']);
  });

  test('what waits', async () => {
    assert.deepEqual(
      (await collected(listReceived(table))).map((each) => each.versionId),
      [versionId],
    );
    const line = { repository: 'cluster', branch: 'main' };
    assert.deepEqual(
      (await collected(listWaiting(table, line))).map((each) => each.key),
      [key],
    );
  });

  test('what was delivered', async () => {
    const slot = 'staging/shop/web#chart';
    assert.equal((await readMark(table, slot))?.versionId, 'v4');
    assert.equal(await deliveredVersion(table, slot, '1.0.0'), OLD.DIGEST);
    const hints = await readHints(table, 'staging', [
      {
        group: 'shop/web',
        key: {
          kind: 'chart',
          target: 'staging',
          namespace: 'shop',
          release: 'web',
          fileName: 'web-1.0.0.tgz',
        },
        declares: [{ hash: '0123' }],
      },
    ]);
    assert.deepEqual(hints.get('shop/web')?.objects, ['0123']);
  });

  test('when a repository was pushed to', async () => {
    const repository = { name: 'cluster', minimumPushIntervalSeconds: 60 };
    const soon = new Date(Date.parse(OLD.AT) + 20_000);
    assert.equal(await untilNextPush(table, repository, soon), 40_000);
  });

  test('what Git declares, why it cannot be read, and what the last check saw', async () => {
    assert.equal((await readNewest(table, 'staging')).newest?.sequence, 3);
    assert.match((await readUnread(table, 'staging')) ?? '', /^Git cannot be read/);
    assert.equal((await readVerdicts(table, 'staging'))?.target.verdict, 'in-sync');
  });

  test('who wants to hear nothing, and which repository takes nothing', async () => {
    const [found] = OLD_ITEMS.flatMap((item) => snoozeIn(item) ?? []);
    assert.equal(found?.snooze.by, 'ana');
    assert.equal(await isBlocked(table, 'staging'), true);
  });
});

describe('what the release before left in the buckets is understood:', () => {
  const store = memoryStore();
  before(() => {
    for (const [key, content] of Object.entries(OLD_OBJECTS)) store.upload(key, JSON.stringify(content));
  });

  test('the profile of a cluster, what a check is told, a render, and a desired state', async () => {
    assert.equal((await readProfile(store, 'staging'))?.kubernetesVersion, 'v1.35.4-eks-113cf36');
    assert.equal((await readCheckConfig(store, 'staging'))?.target.name, 'staging');
    assert.equal((await readRender(store, OLD.DIGEST as Digest))?.length, 1);
    const [name] = Object.keys(OLD_OBJECTS).filter((each) => each.startsWith('reports/'));
    assert.equal(name, reportKey(OLD_ALERT));
    assert.equal((await readReport(store, OLD_ALERT))?.alert.kind, 'converged');
    const stored = await store.get(desiredKey(OLD.DIGEST));
    assert.equal(desiredState.parse(JSON.parse(stored?.body.toString('utf8') ?? '')).target, 'staging');
  });
});

/** Files of lib/ that write a schema: what they write is above, or here is why it is not. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'lib/alerts/alert.ts':
    'the event of docs/alert-event.schema.json: published examples are held in test/lib/alerts/published',
  'lib/alerts/drills.ts': 'this release is the first that writes one',
  'lib/alerts/event-schema.ts': 'as alert.ts',
  'lib/alerts/incident-items.ts': 'test/lib/alerts/upgrade.test.ts has incidents of the release before',
  'lib/alerts/no-longer-checked.ts': 'compared as text and written anew by the next sweep',
  'lib/alerts/tell.ts': 'as incident-items.ts',
  'lib/checks/memory.ts': 'what cannot be read is learnt anew: safeParse, tested in test/lib/checks',
  'lib/charts/render-request.ts':
    'asked and answered within one call of a function: both are deployed together',
  'lib/charts/render/kept-render.ts': 'as render-request.ts; what is kept is a render',
  'lib/charts/render/render.ts': 'writes renders',
  'lib/commands/command.ts':
    'a command of another shape is rejected, and who gave it is told to give it with the same release',
  'lib/content/store.ts': 'under the digest of the content: its header never changed',
  'lib/desired/argocd/rendered-application.ts': 'under the digest of its inputs, of which our version is one',
  'lib/desired/declared-render.ts': 'as render-request.ts',
  'lib/desired/desired.ts': 'writes desired states',
  'lib/desired/known-answers.ts': 'this release is the first that writes one',
  'lib/desired/outside/outside-charts.ts': 'what cannot be read is fetched anew',
  'lib/desired/remote-render.ts': 'as render-request.ts',
  'lib/incidents/incident.ts': 'as alert.ts',
  'lib/messages/smoke.ts': 'asked by the deployment of the functions that answer it',
  'lib/repository/back-up.ts': 'this release is the first that writes one',
  'lib/uploads/deciding/judge.ts': 'as render-request.ts',
  'lib/uploads/deciding/proposal/objects-difference.ts': 'reads renders',
  'lib/uploads/delivering/frozen.ts': 'writes alerts',
  'lib/uploads/delivering/proposal-hold.ts': 'this release is the first that writes one',
  'lib/uploads/delivering/proposal-item.ts': 'this release is the first that writes one',
  'lib/uploads/receiving/command.ts': 'this release is the first that writes one',
  'lib/uploads/receiving/lines-left.ts': 'this release is the first that writes one',
  'lib/uploads/record/failing.ts': 'writes incidents and alerts',
  'lib/uploads/record/freezes.ts': 'this release is the first that writes one',
  'lib/uploads/record/outcome.ts': 'writes alerts',
  'lib/uploads/record/refusals.ts': 'one item that holds a time: another shape counts as none',
};
/** Whose writing is read above. */
const ABOVE = [
  ...['checks/check-config', 'checks/check', 'checks/renders', 'checks/verdict-items', 'cluster/profile'],
  ...['desired/request-check', 'desired/sequence', 'desired/state', 'desired/unread', 'messages/messages'],
  ...[
    'alerts/report',
    'alerts/snoozes',
    'uploads/sweep',
    'uploads/delivering/call',
    'uploads/delivering/push-interval',
  ],
  ...[
    'uploads/delivering/blocked',
    'uploads/deciding/hints',
    'uploads/record/record',
    'uploads/record/slots',
  ],
  'uploads/record/waiting',
].map((name) => `lib/${name}.ts`);

test('everything in lib/ that writes or reads a schema is told of here', () => {
  const root = join(import.meta.dirname, '..', '..');
  const files = globSync('lib/**/*.ts', { cwd: root }).filter((file) =>
    /\bschema: (1\b|z\.literal\(|[A-Z]+_SCHEMA)/.test(readFileSync(join(root, file), 'utf8')),
  );
  assert.deepEqual(files.sort(), [...ABOVE, ...Object.keys(ELSEWHERE)].sort());
});
