import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Item } from '../../../lib/aws/table.ts';
import { readVerdict } from '../../../lib/checks/verdict-items.ts';
import { checkRequest } from '../../../lib/messages/messages.ts';
import { parseRecord } from '../../../lib/uploads/record/record.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

/**
 * What the first release wrote into its table (taken from it, not written by hand), read by this one: an installation
 * is deployed over what it has kept, and messages of both are on their way at once.
 */
const ITEMS: readonly Item[] = [
  {
    pk: 'upload#staging/shop/web/web-1.0.0.tgz',
    sk: 'v1',
    schema: 1,
    version: 4,
    key: 'staging/shop/web/web-1.0.0.tgz',
    versionId: 'v1',
    eventTime: '2026-11-21T12:00:01.000Z',
    sequencer: '11',
    receivedAt: '2026-11-21T12:00:01.000Z',
    repository: 'cluster',
    branch: 'main',
    target: 'staging',
    digest: 'sha256:f79b5bac5b77478b6947405e5ebcc286230125cf63b822e1a234cb46d96c15f9',
    package: 'sha256:c83d0674117c070cd313fdf99041f74d3da9d2c817d54d92856fe44ba697cf97',
    claims: {},
    chart: { name: 'web', version: '1.0.0' },
    state: 'delivered',
    commit: '8d55283c67ce2c5786faa853305145ab6ec80dc5',
    change: 'commit',
    endedAt: '2026-11-21T12:00:01.000Z',
  },
  {
    pk: 'slot#staging/shop/web/chart',
    sk: 'mark',
    schema: 1,
    version: 2,
    order: '2026-11-21T12:00:03.000Z#00000000000000000000000000000013',
    key: 'staging/shop/web/web-1.2.0.tgz',
    versionId: 'v3',
    digest: 'sha256:ac5345282f3c3ef4379fff377b86d091a65d9785dae49c452709abc22ab58bff',
    commit: '0d913fdda2fb471810f94a2bfc8e9896c1e71dd5',
    files: '0863580d92ee257ace49dc2d2424988002d6373fec6a157dc84599a9907968ea',
    chart: { name: 'web', version: '1.2.0' },
  },
  {
    pk: 'upload#staging/shop/web/web-1.2.0.tgz',
    sk: 'v3',
    schema: 1,
    version: 4,
    key: 'staging/shop/web/web-1.2.0.tgz',
    versionId: 'v3',
    eventTime: '2026-11-21T12:00:03.000Z',
    sequencer: '13',
    receivedAt: '2026-11-21T12:00:03.000Z',
    repository: 'cluster',
    branch: 'main',
    target: 'staging',
    digest: 'sha256:ac5345282f3c3ef4379fff377b86d091a65d9785dae49c452709abc22ab58bff',
    package: 'sha256:aef028dcdcc231a0968cb159434d07c47699659e66e7b416eb8846b7c6a19396',
    claims: {},
    chart: { name: 'web', version: '1.2.0' },
    state: 'delivered',
    commit: '0d913fdda2fb471810f94a2bfc8e9896c1e71dd5',
    change: 'commit',
    endedAt: '2026-11-21T12:00:03.000Z',
  },
  {
    pk: 'slot#staging/shop/web/chart',
    sk: 'version#1.2.0',
    schema: 1,
    version: 1,
    digest: 'sha256:ac5345282f3c3ef4379fff377b86d091a65d9785dae49c452709abc22ab58bff',
  },
  {
    pk: 'upload#staging/shop/web/web-1.1.0.tgz',
    sk: 'v2',
    schema: 1,
    version: 3,
    key: 'staging/shop/web/web-1.1.0.tgz',
    versionId: 'v2',
    eventTime: '2026-11-21T12:00:02.000Z',
    sequencer: '12',
    receivedAt: '2026-11-21T12:00:03.000Z',
    repository: 'cluster',
    branch: 'main',
    target: 'staging',
    digest: 'sha256:d17cd10b6b53adee785dc582d92cd944fe863c36e909a8812e70c645d11ed50f',
    package: 'sha256:bb2095309861d661588418de7c0f53b3a6f88f3c41bd882fb9d9b23b638111a1',
    claims: {},
    chart: { name: 'web', version: '1.1.0' },
    state: 'superseded',
    by: 'staging/shop/web/web-1.2.0.tgz?versionId=v3',
    endedAt: '2026-11-21T12:00:03.000Z',
  },
  {
    pk: 'upload#staging/shop/web/web-9.tgz',
    sk: 'v4',
    schema: 1,
    version: 2,
    key: 'staging/shop/web/web-9.tgz',
    versionId: 'v4',
    eventTime: '2026-11-21T12:00:04.000Z',
    sequencer: '14',
    receivedAt: '2026-11-21T12:00:04.000Z',
    state: 'rejected',
    reasons: [
      {
        code: 'package-unreadable',
        message: 'The package cannot be read: it is not a gzip file.',
        whatToDo: 'Make it with "helm package" and upload it whole, as binary.',
      },
    ],
    endedAt: '2026-11-21T12:00:04.000Z',
    alerts:
      '[{"schema":1,"kind":"rejected","installation":"test","target":"staging","scope":"staging/shop/web/web-9.tgz","incident":"test/staging/shop/web/web-9.tgz/upload/v4","sequence":1,"at":"2026-11-21T12:00:04.000Z","severity":"warning","upload":"s3://charts/staging/shop/web/web-9.tgz?versionId=v4","reasons":[{"code":"package-unreadable","message":"The package cannot be read: it is not a gzip file.","whatToDo":"Make it with \\"helm package\\" and upload it whole, as binary."}]}]',
    untold: 'untold',
    untoldAt: '2026-11-21T12:00:04.000Z',
  },
  {
    pk: 'upload#staging/shop/web/web-1.0.0.tgz.prov',
    sk: 'v6',
    schema: 1,
    version: 2,
    key: 'staging/shop/web/web-1.0.0.tgz.prov',
    versionId: 'v6',
    eventTime: '2026-11-21T12:00:06.000Z',
    sequencer: '16',
    receivedAt: '2026-11-21T12:00:06.000Z',
    state: 'evidence',
  },
  {
    pk: 'upload#staging/shop/web/web-2.0.0.tgz',
    sk: 'v7',
    schema: 1,
    version: 2,
    key: 'staging/shop/web/web-2.0.0.tgz',
    versionId: 'v7',
    eventTime: '2026-11-21T12:00:07.000Z',
    sequencer: '17',
    receivedAt: '2026-11-21T12:00:07.000Z',
    repository: 'cluster',
    branch: 'main',
    target: 'staging',
    digest: 'sha256:f7bdd75b0fb6f657be20eed2e235d9473a5c7c948782a1f25b3ac1a233e20372',
    package: 'sha256:28b46c61e8d88bf958f8a1e886699e0f5fb62835adea6b64a4190f494ffea94a',
    claims: {},
    chart: { name: 'web', version: '2.0.0' },
    state: 'checked',
    attempted: [],
  },
  {
    pk: 'waiting#cluster#main',
    sk: '2026-11-21T12:00:07.000Z#00000000000000000000000000000017#v7#staging/shop/web/web-2.0.0.tgz',
    schema: 1,
    version: 1,
    key: 'staging/shop/web/web-2.0.0.tgz',
    versionId: 'v7',
    eventTime: '2026-11-21T12:00:07.000Z',
    sequencer: '17',
    receivedAt: '2026-11-21T12:00:07.000Z',
  },
  {
    pk: 'incident#staging',
    sk: 'target#delivery',
    schema: 1,
    version: 1,
    state: 'open',
    opening: 1,
    since: '2026-11-21T12:00:07.000Z',
    alerts:
      '[{"schema":1,"installation":"test","target":"staging","scope":"target","incident":"test/staging/target/delivery/1","sequence":1,"at":"2026-11-21T12:00:07.000Z","kind":"blocked","severity":"warning","reason":"fatal: unable to access \'http://127.0.0.1:1/none.git/\': Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn\'t connect to server","since":"2026-11-21T12:00:07.000Z"}]',
    untold: 'untold',
    untoldAt: '2026-11-21T12:00:07.000Z',
  },
];
const recordOf = (state: string): Item =>
  ITEMS.find((item) => item.state === state && item.pk.startsWith('upload#')) as Item;

describe('items of the first release', () => {
  let pipe: Pipeline;
  before(async () => {
    pipe = await pipeline();
    for (const item of ITEMS) pipe.table.items.set(`${item.pk}\n${item.sk}`, item);
  });
  after(() => pipe.stop());

  for (const state of ['delivered', 'superseded', 'rejected', 'checked'])
    test(`a record that says "${state}" is one, whole`, () => {
      assert.deepEqual(parseRecord(recordOf(state)), recordOf(state));
    });

  test('evidence, which had a state of its own, has no outcome yet; told of again, it shares its package’s', async () => {
    const item = recordOf('evidence');
    assert.equal(parseRecord(item).state, 'received');
    const { key, versionId, eventTime, sequencer } = parseRecord(item);
    pipe.later(600);
    await pipe.receive({
      'detail-type': 'Object Created',
      time: eventTime,
      detail: { bucket: { name: 'charts' }, object: { key, 'version-id': versionId, sequencer } },
    });
    const now = await pipe.table.get(item);
    assert.equal(now?.state, 'delivered');
    pipe.table.items.set(`${item.pk}\n${item.sk}`, item);
  });

  test('the hourly sweep goes past them, and finds what nobody heard of', async () => {
    const prov = recordOf('evidence').key as string;
    pipe.uploads.versions = async function* () {
      const lastModified = new Date(Date.parse('2026-11-21T12:00:06Z'));
      yield { key: prov, versionId: 'v6', lastModified };
      yield { key: 'staging/shop/web/web-3.0.0.tgz', versionId: 'unheard-of', lastModified };
    };
    pipe.later(3600);
    assert.equal((await pipe.sweep('hours')).receivedAgain, 1);
  });

  test('a repository that was said to be blocked is said to be open again, under the same incident', async () => {
    pipe.later(60);
    await pipe.deliver();
    const told = pipe.alerts().filter(({ incident }) => incident === 'test/staging/target/delivery/1');
    assert.deepEqual(
      told.map(({ kind, sequence }) => [kind, sequence]),
      [
        ['blocked', 1],
        ['unblocked', 2],
      ],
    );
  });

  test('a verdict and a request for a check without the time of reading are read', async () => {
    const verdict = {
      commit: '8d55283c67ce2c5786faa853305145ab6ec80dc5',
      at: '2026-11-21T12:00:00.000Z',
      verdict: 'in-sync',
      chart: { name: 'web', version: '1.0.0' },
      findings: 0,
      unready: 1,
    } as const;
    const key = { pk: 'target#staging', sk: 'verdict#shop/web' };
    const item = { ...key, schema: 1, version: 3, ...verdict };
    assert.deepEqual(await readVerdict({ get: async () => item }, 'staging', 'shop/web'), verdict);
    const request = {
      schema: 1,
      target: 'staging',
      commit: verdict.commit,
      sequence: 3,
      desired: `sha256:${'0'.repeat(64)}`,
    };
    assert.deepEqual(checkRequest.parse(request), request);
  });
});
