import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Alert } from '../../lib/alerts/alert.ts';
import { incidentItem } from '../../lib/alerts/incident-items.ts';
import { withUntold } from '../../lib/alerts/outbox.ts';
import { writeReport } from '../../lib/alerts/report.ts';
import { snoozeIn } from '../../lib/alerts/snoozes.ts';
import * as clients from '../../lib/aws/clients.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { writeCheckConfig } from '../../lib/checks/check-config.ts';
import { parsePart } from '../../lib/config/config.ts';
import type { BurstIncident, DriftIncident, RolloutIncident } from '../../lib/incidents/incident.ts';
import { finding } from '../fixtures/findings.ts';
import { fairlead } from './command-line.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';

const SINCE = '2026-11-20T08:00:00.000Z';
const WEB = 'fairlead/staging/shop/web/drift/2';
const FINDINGS = [
  finding('spec.replicas', { desired: 2, live: 5 }),
  finding('data.password', {}, { verdict: 'changed', secret: true }),
];

let installation: StandIn;
const run = (...argv: string[]) =>
  fairlead(argv, {
    FAIRLEAD_DATA: installation.folder,
    USER: 'ada',
    GITHUB_ACTOR: '',
    GITLAB_USER_LOGIN: '',
  });

const base = {
  schema: 1,
  installation: 'fairlead',
  target: 'staging',
  scope: 'shop/web',
  incident: WEB,
  severity: 'warning',
  commit: '3f9c1d2e4b5a69788796a5b4c3d2e1f001234567',
  repository: 'https://git.example.com/team/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
} as const;
const opened: Alert = { ...base, kind: 'drift', sequence: 1, at: SINCE, since: SINCE, findings: FINDINGS };
const changed: Alert = {
  ...base,
  kind: 'drift-changed',
  sequence: 2,
  at: '2026-11-20T09:00:00.000Z',
  since: SINCE,
  severity: 'critical',
  findings: [finding('spec.template.spec.hostNetwork', { live: true }), ...FINDINGS],
  fresh: 1,
  gone: [],
  takeBack: { brought: 'chart', to: { name: 'web', version: '1.4.1' } },
  quiet: { until: '2026-11-20T10:00:00.000Z', reason: 'load test\u001b[31m' },
};

const drifting: DriftIncident = {
  opening: 2,
  sequence: 2,
  kind: 'drifting',
  since: SINCE,
  told: ['warning', 'critical'],
  toldAt: SINCE,
  fingerprints: ['a', 'b', 'c'],
  findings: FINDINGS,
};
const burst: BurstIncident = {
  opening: 1,
  sequence: 1,
  kind: 'burst',
  since: SINCE,
  told: ['warning'],
  toldAt: SINCE,
  severity: 'warning',
  listed: ['a', 'b', 'c', 'd', 'e', 'f'],
  scopes: 6,
};
const member: DriftIncident = {
  opening: 4,
  sequence: 1,
  kind: 'member',
  since: SINCE,
  fingerprints: ['a'],
  burst: 1,
  severity: 'warning',
};
const rolledOut: RolloutIncident = { opening: 7, sequence: 1, kind: 'shown' };

async function configure(name: string): Promise<void> {
  const config = parsePart(
    {
      installation: 'fairlead',
      repositories: [{ name: 'cluster', url: 'https://git.example.com/team/cluster.git' }],
      targets: [{ name, repository: 'cluster', branch: 'main', deployer: 'flux', namespaces: ['shop'] }],
    },
    'test',
  );
  await writeCheckConfig(s3Store(clients.s3(installation.aws.environment), 'state'), config, name);
}

before(async () => {
  installation = await standIn();
  const { table } = installation;
  await configure('staging');
  await configure('production');
  const now = new Date().toISOString();
  const put = async (sk: string, state: Parameters<typeof incidentItem>[3], alerts: Alert[] = []) => {
    const item = incidentItem(undefined, 'staging', sk, state, now);
    await table.put(withUntold(item, alerts, now), 'absent');
  };
  await put('shop/web#drift', drifting, [changed]);
  await put('shop/api#drift', { opening: 1, sequence: 2, kind: 'in-sync' });
  await put('shop/old#drift', { opening: 0, sequence: 0, kind: 'in-sync' });
  await put('shop/one-of-many#drift', member);
  await put('shop/web#stalled', rolledOut);
  await put('target#drift', burst);
  await put('target#unknown-0a1b2c3d', { opening: 3, sequence: 2, kind: 'judged' });
  await writeReport(s3Store(clients.s3(installation.aws.environment), 'state'), opened);
});
after(() => installation.stop());

describe('npx fairlead incidents', () => {
  test('lists what is open, the gravest first, then what has closed lately', async () => {
    const { code, stdout, stderr } = await run('incidents');
    assert.equal(code, 0, stderr);
    const lines = stdout.trim().split('\n');
    assert.match(
      lines[1] ?? '',
      /^critical +2026-11-20 08:00 +\S.* 3 +fairlead\/staging\/shop\/web\/drift\/2$/,
    );
    assert.match(lines[2] ?? '', /^warning .* 6 parts +fairlead\/staging\/target\/drift\/1$/);
    assert.match(lines[3] ?? '', /^closed .* fairlead\/staging\/shop\/api\/drift\/1$/);
    assert.match(lines[4] ?? '', /^closed .* fairlead\/staging\/target\/unknown-0a1b2c3d\/3$/);
    assert.equal(lines.length, 5);
  });

  test('with --open, and of one target, only those; as a document for programs', async () => {
    const { stdout } = await run('incidents', '--open', '-o', 'json');
    const { schema, incidents } = JSON.parse(stdout);
    assert.equal(schema, 1);
    assert.deepEqual(incidents[0], {
      key: WEB,
      target: 'staging',
      scope: 'shop/web',
      class: 'drift',
      state: 'open',
      severity: 'critical',
      since: SINCE,
      findings: 3,
      alerts: 2,
    });
    assert.equal(incidents.length, 2);
    const other = await run('incidents', '--target', 'production');
    assert.equal(other.stdout.trim(), 'nothing is open');
    assert.equal(other.code, 0);
  });

  test('says of a target that does not exist which was meant', async () => {
    const { code, stderr } = await run('incidents', '--target', 'stagign');
    assert.equal(code, 64);
    assert.match(stderr, /did you mean staging\?/);
  });

  test('shows the alerts of one in their order, Git and the cluster as diff does, and what is not told yet', async () => {
    const { code, stdout, stderr } = await run('incidents', WEB);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^open, critical, since 2026-11-20 08:00 UTC/m);
    assert.ok(stdout.indexOf('#1') < stdout.indexOf('#2'));
    assert.match(stdout, /- {3}replicas: 2\n.*\+ {3}replicas: 5/);
    assert.match(stdout, /on its way to people/);
    assert.match(stdout, /snoozed until 2026-11-20 10:00 UTC: load test\\u\{001b\}\[31m/);
    assert.ok(!stdout.includes('\u001b'));
  });

  test('then says what to do, as the newest alert has it, with lines to paste', async () => {
    const { stdout } = await run('incidents', WEB);
    const [, toDo = ''] = stdout.split(/^What to do \(kubectl and helm: on the cluster of staging\)$/m);
    assert.match(toDo, /^ {4}Keep it: /m);
    assert.match(toDo, /^ {6}npx fairlead rollback staging shop\/web --installation fairlead$/m);
    assert.match(toDo, /^ {6}npx fairlead snooze staging shop\/web /m);
    const closed = await run('incidents', 'fairlead/staging/shop/api/drift/1');
    assert.doesNotMatch(closed.stdout, /What to do/);
  });

  test('shows the newest alone where asked, and how many there are before', async () => {
    const { stdout } = await run('incidents', WEB, '--last', '1');
    assert.doesNotMatch(stdout, /#1 /);
    assert.match(stdout, /\(1 older: --last shows more\)/);
  });

  test('has every alert for programs, without what nobody may see', async () => {
    const { stdout } = await run('incidents', WEB, '-o', 'json');
    const { key, incident, alerts } = JSON.parse(stdout);
    assert.equal(key, WEB);
    assert.equal(incident.state, 'open');
    assert.deepEqual(
      alerts.map(({ told, alert }: { told: string; alert: Alert }) => [alert.sequence, told]),
      [
        [1, 'told'],
        [2, 'not-yet'],
      ],
    );
  });

  test('ends with 1 where there is no such incident, and says which was likely meant', async () => {
    const { code, stderr } = await run('incidents', 'fairlead/staging/shop/wbe/drift/2');
    assert.equal(code, 1);
    assert.match(stderr, /did you mean fairlead\/staging\/shop\/web\/drift\/2\?/);
    const none = await run('incidents', 'staging/shop/web');
    assert.equal(none.code, 64);
    assert.match(none.stderr, /is no incident's key/);
  });
});

describe('npx fairlead snooze', () => {
  const known = async (scope: string) => {
    const item = await installation.table.get({ pk: 'incident#staging', sk: `snooze#${scope}` });
    return item === undefined ? undefined : { version: item.version, ...snoozeIn(item)?.snooze };
  };
  const begin = (...more: string[]) => run('snooze', 'staging', 'shop/web', ...more);

  test('without a reason or an end there is none, nor beyond thirty days', async () => {
    for (const [argv, says] of [
      [['--for', '8h'], /say --reason TEXT/],
      [['--for', '8h', '--reason', '  '], /say --reason TEXT/],
      [['--reason', 'a test'], /a snooze has an end: say --for/],
      [['--for', '31d', '--reason', 'a test'], /at most 30d: what may differ for longer is a rule/],
      [['--for', 'soon', '--reason', 'a test'], /--for is a time such as/],
      [['--for', '0h', '--reason', 'a test'], /--for is a time such as/],
    ] as const) {
      const { code, stderr } = await begin(...argv);
      assert.equal(code, 64, argv.join(' '));
      assert.match(stderr, says);
    }
    assert.equal(await known('shop/web'), undefined);
  });

  test('a scope that does not exist is refused, with the one that was meant', async () => {
    const { code, stderr } = await run('snooze', 'staging', 'shop/wbe', '--for', '8h', '--reason', 'a test');
    assert.equal(code, 64);
    assert.match(stderr, /target staging has no scope "shop\/wbe": did you mean shop\/web\?/);
    const other = await run('snooze', 'stagin', 'shop/web', '--for', '8h', '--reason', 'a test');
    assert.equal(other.code, 64);
    assert.match(other.stderr, /did you mean staging\?/);
  });

  test('writes who, why and until when, and says what is told all the same', async () => {
    const from = Date.now();
    const { code, stdout, stderr } = await begin(
      '--for',
      '8h',
      '--reason',
      'load test\u001b[2J',
      '--by',
      'ada',
    );
    assert.equal(code, 0, stderr);
    const made = await known('shop/web');
    assert.equal(made?.by, 'ada');
    assert.equal(made?.reason, 'load test\\u{001b}[2J');
    assert.ok(Math.abs(Date.parse(made?.until ?? '') - from - 8 * 3_600_000) < 60_000);
    assert.match(stdout, /a rise to critical/);
    assert.match(stdout, /npx fairlead snooze staging shop\/web --end/);
  });

  test('the list of incidents and of snoozes show it', async () => {
    assert.match((await run('incidents')).stdout, /shop\/web\/drift\/2 {2}\(snoozed until /);
    assert.match((await run('snooze')).stdout, /^staging shop\/web: snoozed until .* by ada: load test/);
    assert.match((await run('snooze', 'production')).stdout, /^nothing is snoozed$/m);
  });

  test('a second one takes its place, one version on', async () => {
    await begin('--for', '3d', '--reason', 'longer than thought');
    const made = await known('shop/web');
    assert.equal(made?.version, 2);
    assert.equal(made?.reason, 'longer than thought');
  });

  test('ended, it is over now, and what it was stays written', async () => {
    const { code, stdout } = await begin('--end');
    assert.equal(code, 0);
    assert.match(stdout, /is told again/);
    const made = await known('shop/web');
    assert.ok(Date.parse(made?.until ?? '') <= Date.now());
    assert.equal(made?.reason, 'longer than thought');
    assert.equal((await run('snooze')).stdout.trim(), 'nothing is snoozed');
    assert.equal((await begin('--end')).code, 1);
  });

  test('the whole target is one scope of it', async () => {
    const { code } = await run('snooze', 'staging', 'target', '--for', '45m', '--reason', 'a test');
    assert.equal(code, 0);
    assert.match((await run('incidents', '--open')).stdout, /shop\/web\/drift\/2 {2}\(snoozed until /);
    await run('snooze', 'staging', 'target', '--end');
  });
});
