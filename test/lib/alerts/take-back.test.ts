import assert from 'node:assert/strict';
import { after, before as beforeAll, describe, test } from 'node:test';
import { takeBackOf, takingBack, withTakeBack } from '../../../lib/alerts/take-back.ts';
import { remediesOf } from '../../../lib/alerts/what-to-do.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { raiseMark, type SlotMark } from '../../../lib/uploads/record/slots.ts';
import { type TestAws, testAws } from '../../fixtures/local-aws.ts';
import { EXAMPLES } from './examples.ts';

const web = (version: string) => ({ name: 'web', version });
const mark = (at: string, commit: string, more: Partial<SlotMark> = {}): SlotMark => ({
  order: `2026-11-21T${at}:00.000Z#${'0'.repeat(32)}`,
  key: 'staging/shop/web/some',
  versionId: 'v',
  commit,
  digest: digestOf(commit),
  files: 'f',
  ...more,
});
const chart = (at: string, commit: string, version: string, more: Partial<SlotMark> = {}) =>
  mark(at, commit, { chart: web(version), ...more });
const before = (commit: string, version?: string) => ({
  before: { commit, ...(version === undefined ? {} : { chart: web(version) }) },
});

describe('what the newest delivery took the place of', () => {
  const CASES: Readonly<
    Record<
      string,
      readonly [
        marks: Parameters<typeof takeBackOf>[0],
        judged: string | undefined,
        expected: ReturnType<typeof takeBackOf>,
      ]
    >
  > = {
    'a chart: the one before it': [
      { chart: chart('12:00', 'c2', '1.4.2', before('c1', '1.4.1')), values: mark('10:00', 'c0') },
      '1.4.2',
      { brought: 'chart', to: web('1.4.1'), at: '2026-11-21T12:00:00.000Z' },
    ],
    'values: the chart stays': [
      { chart: chart('10:00', 'c1', '1.4.2'), values: mark('12:00', 'c2') },
      '1.4.2',
      { brought: 'values', to: web('1.4.2'), at: '2026-11-21T12:00:00.000Z' },
    ],
    'chart and values by one commit: both': [
      {
        chart: chart('12:00', 'c2', '1.4.2', before('c1', '1.4.1')),
        values: mark('12:01', 'c2', before('c1')),
      },
      '1.4.2',
      { brought: 'chart', to: web('1.4.1'), at: '2026-11-21T12:01:00.000Z' },
    ],
    'the first chart: nothing': [
      { chart: chart('12:00', 'c1', '1.4.2'), values: undefined },
      '1.4.2',
      undefined,
    ],
    'the first chart and values, by one commit: nothing': [
      { chart: chart('12:00', 'c1', '1.4.2'), values: mark('12:01', 'c1') },
      '1.4.2',
      undefined,
    ],
    'a chart that somebody else has put there since: nothing': [
      { chart: chart('12:00', 'c2', '1.4.2', before('c1', '1.4.1')), values: undefined },
      '1.5.0',
      undefined,
    ],
    'what Fairlead never delivered: nothing': [{ chart: undefined, values: undefined }, '1.4.2', undefined],
    'a step back: nothing, since before it stands what was bad': [
      {
        chart: chart('12:00', 'c3', '1.4.1', { by: 'rollback', ...before('c2', '1.4.2') }),
        values: undefined,
      },
      '1.4.1',
      undefined,
    ],
    'a promotion: the chart before it': [
      {
        chart: chart('12:00', 'c3', '1.4.2', { by: 'promote', ...before('c2', '1.4.1') }),
        values: undefined,
      },
      '1.4.2',
      { brought: 'chart', to: web('1.4.1'), at: '2026-11-21T12:00:00.000Z' },
    ],
  };
  for (const [name, [marks, judged, expected]] of Object.entries(CASES))
    test(name, () => {
      assert.deepEqual(takeBackOf(marks, judged === undefined ? undefined : web(judged)), expected);
    });
});

describe('the line that takes it back', () => {
  const stalled = EXAMPLES['stalled-delivered'];
  assert.ok(stalled?.kind === 'stalled');

  test('stands after what says why, and before to try the same again', () => {
    const titles = remediesOf(stalled).map(({ title }) => title.split(/[: ]/, 1)[0]);
    assert.deepEqual(titles.slice(0, 3), ['See', 'Take', 'Try']);
    const [, taking] = remediesOf(stalled);
    assert.deepEqual(taking?.commands, ['npx fairlead rollback staging shop/web --installation fairlead']);
    assert.equal(taking?.title, 'Take back the chart that was delivered last (to web 1.4.1)');
    assert.match(taking?.text.join(' ') ?? '', /waits until you unfreeze/);
  });

  test('is not offered of what no delivery brought', () => {
    const { takeBack: _, ...plain } = stalled;
    assert.deepEqual(takingBack(plain), []);
  });

  test('is made of ordinary names alone, and is quoted', () => {
    for (const scope of ['shop/$(reboot)', 'shop/a;b', "shop/it's", 'shop/--to', 'target', 'manifests'])
      assert.deepEqual(takingBack({ ...stalled, scope }), [], scope);
    assert.deepEqual(takingBack({ ...stalled, target: 'staging;reboot' }), []);
    const [remedy] = takingBack({ ...stalled, takeBack: { brought: 'chart', to: web('1.0.0\nrm -rf /') } });
    assert.doesNotMatch(JSON.stringify(remedy), /rm -rf/);
  });
});

describe('what is told, on a real table', () => {
  let aws: TestAws;
  beforeAll(async () => {
    aws = await testAws();
    for (const [minute, version] of [
      ['10', '1.4.1'],
      ['30', '1.4.2'],
    ] as const)
      await raiseMark(
        aws.table,
        'staging/shop/web/chart',
        {
          key: `staging/shop/web/web-${version}.tgz`,
          versionId: 'v',
          eventTime: `2026-11-21T12:${minute}:00.000Z`,
          sequencer: '1',
          receivedAt: `2026-11-21T12:${minute}:01.000Z`,
          digest: digestOf(version),
          chart: web(version),
        },
        { commit: version, files: version },
      );
  });
  after(() => aws.end());

  const told = async (example: string, changes: object) => {
    const alert = EXAMPLES[example];
    assert.ok(alert !== undefined);
    const given = { item: 'phase', state: {}, alerts: [{ ...alert, ...changes }] } as unknown as Parameters<
      typeof withTakeBack
    >[2][number];
    const [write] = await withTakeBack(aws.table, 'staging', [given]);
    const [found] = write?.alerts ?? [];
    assert.ok(found !== undefined);
    return 'takeBack' in found ? found.takeBack : undefined;
  };

  test('a stalled rollout of what was delivered says what stands again after a step back', async () => {
    assert.deepEqual(await told('stalled', {}), { brought: 'chart', to: web('1.4.1') });
    assert.equal(await told('stalled', { chart: web('1.5.0') }), undefined);
    assert.equal(await told('stalled', { scope: 'shop/other' }), undefined);
    assert.equal(await told('stalled', { layout: 'foreign' }), undefined);
  });

  test('so does drift that began within an hour of the delivery, and none that began later or before', async () => {
    const brought = { brought: 'chart', to: web('1.4.1') };
    assert.deepEqual(await told('drift', { since: '2026-11-21T12:40:00.000Z' }), brought);
    assert.equal(await told('drift', { since: '2026-11-21T13:31:00.000Z' }), undefined);
    assert.equal(await told('drift', { since: '2026-11-21T12:29:00.000Z' }), undefined);
  });

  test('what is told of it later has the line, too', async () => {
    const brought = { brought: 'chart', to: web('1.4.1') };
    const since = '2026-11-21T12:40:00.000Z';
    assert.deepEqual(await told('drift-changed', { since }), brought);
    assert.deepEqual(await told('reminder-drift', { since }), brought);
    assert.equal(await told('reminder-drift', { since: '2026-11-20T12:40:00.000Z' }), undefined);
    assert.deepEqual(await told('reminder-stalled', {}), brought);
    assert.equal(await told('reminder-unknown', { scope: 'shop/web' }), undefined);
    for (const name of ['drift-changed', 'reminder-drift', 'reminder-stalled']) {
      const alert = EXAMPLES[name];
      assert.ok(alert !== undefined);
      const commands = remediesOf({ ...alert, takeBack: brought } as typeof alert).flatMap(
        (remedy) => remedy.commands,
      );
      assert.ok(
        commands.some((command) => command.startsWith('npx fairlead rollback staging shop/web')),
        name,
      );
    }
  });
});
