import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Observation, ScopeState } from '../../lib/checks/observation.ts';
import { writeNoCluster, writeVerdicts } from '../../lib/checks/verdict-items.ts';
import { recordUnread } from '../../lib/desired/unread.ts';
import { takeAll } from '../fixtures/local-aws.ts';
import { fairlead, running } from './command-line.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';

const COMMIT = 'c'.repeat(40);
const RULE = '- apiGroups: [""]\n  resources: ["secrets"]\n  verbs: ["get", "list"]';
const inSync: ScopeState = { kind: 'in-sync', unready: [] };
const drifted: ScopeState = {
  kind: 'drift',
  findings: [],
  deployer: 'the deployer says so',
  unjudged: { reason: 'the cluster does not allow reading Secret objects (403)', rule: RULE },
};

describe('npx fairlead check --remote', () => {
  let installation: StandIn;
  before(async () => {
    installation = await standIn();
    for (const sk of ['well', 'differs', 'silent', 'late', 'unread', 'interrupted'])
      await installation.table.put({ pk: 'checked', sk, schema: 1, version: 1 }, 'absent');
  });
  after(() => installation.stop());

  const run = (...argv: readonly string[]) =>
    fairlead(['check', '--remote', '--data', installation.folder, ...argv]);

  const observed = (target: string, at: string, web: ScopeState, of: ScopeState = inSync): Observation => ({
    target,
    commit: COMMIT,
    sequence: 1,
    at,
    scopes: [
      { scope: { kind: 'release', namespace: 'shop', name: 'web' }, state: web },
      { scope: { kind: 'target' }, state: of },
    ],
  });

  /** What the functions do when they are asked: as soon as there is a request for this target. */
  async function answer(target: string, with_: (at: string) => Promise<void>): Promise<void> {
    const { aws } = installation;
    for (;;) {
      const requests = await takeAll(aws, aws.queues.read);
      const asked = requests.map((body) => JSON.parse(body) as { target: string });
      if (asked.some((request) => request.target === target)) break;
      await sleep(20);
    }
    await with_(new Date().toISOString());
  }

  test('asks for a check by one message, and prints what the check that answers it saw', async () => {
    const { table, aws } = installation;
    // What an older check saw is no answer.
    const before = '2026-11-21T12:00:00.000Z';
    await writeVerdicts(table, observed('well', before, drifted), before);
    const answering = answer('well', (at) => writeVerdicts(table, observed('well', at, inSync), at));
    const { code, stdout, stderr } = await run('well', '--timeout', '60');
    await answering;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^well: as of .* against commit cccccccccc\n\nshop\/web {2}in sync\n\n1 in sync\n$/);
    assert.match(stderr, /^asked the local installation for a check of well$/m);
    assert.deepEqual(await takeAll(aws, aws.queues.read), []);
  });

  test('drift that is judged in part is not all judged, with the rules to add; as JSON and JUnit, too', async () => {
    const { table } = installation;
    for (const [form, says] of [
      [
        'text',
        /some of it {2}could not be judged: .*\(403\)\n.*\n {4}- apiGroups: \[""\]\n {6}resources: \["secrets"\]/,
      ],
      ['json', /"outcome": "unknown"/],
      ['junit', /<failure .*<\/failure>\n<\/testcase>\n<testcase .*>\n<error /],
    ] as const) {
      const answering = answer('differs', (at) => writeVerdicts(table, observed('differs', at, drifted), at));
      const { code, stdout } = await run('differs', '--timeout', '60', '-o', form);
      await answering;
      assert.equal(code, 2);
      assert.match(stdout, says);
      if (form === 'json') JSON.parse(stdout);
    }
  });

  test('where the cluster is silent, it is that which is said, and nothing that was seen before', async () => {
    const { table } = installation;
    await writeVerdicts(table, observed('silent', '2026-11-21T12:00:00.000Z', drifted), undefined);
    const reason = 'https://cluster: no answer in time';
    const answering = answer('silent', (at) =>
      writeVerdicts(
        table,
        {
          ...observed('silent', at, drifted),
          scopes: [{ scope: { kind: 'target' }, state: { kind: 'unknown', reason } }],
        },
        at,
      ),
    );
    const { code, stdout } = await run('silent', '--timeout', '60');
    await answering;
    assert.equal(code, 2);
    assert.match(
      stdout,
      /silent {2}could not be judged: https:\/\/cluster: no answer in time\n\n1 not judged\n$/,
    );
  });

  test('a check whose branch was looked up before is no answer: it is said that none has finished in time', async () => {
    const { table } = installation;
    const answering = answer('late', (at) =>
      writeVerdicts(table, observed('late', at, inSync), '2026-11-21T12:00:00.000Z'),
    );
    const { code, stdout } = await run('late', '--timeout', '2');
    await answering;
    assert.equal(code, 2);
    assert.match(stdout, /^late {2}could not be judged: no check has finished within 2 s/);
  });

  test('a repository that was never read is the reason, as soon as it is known', async () => {
    const { table } = installation;
    const answering = answer('unread', async () => {
      await recordUnread(table, 'unread', 'fatal: Authentication failed');
    });
    const { code, stdout } = await run('unread', '--timeout', '60');
    await answering;
    assert.equal(code, 2);
    assert.match(stdout, /unread {2}could not be judged: Git cannot be read: fatal: Authentication failed/);
  });

  test('a target without a cluster says that nothing is checked', async () => {
    const { table } = installation;
    await table.put(
      {
        pk: 'target#plain',
        sk: 'desired',
        schema: 1,
        version: 1,
        sequence: 1,
        commit: COMMIT,
        desired: `sha256:${'0'.repeat(64)}`,
        at: '2026-11-21T12:00:00.000Z',
      },
      'absent',
    );
    const answering = answer('plain', (at) => writeNoCluster(table, { target: 'plain', commit: COMMIT, at }));
    const { code, stdout } = await run('plain', '--timeout', '60');
    await answering;
    assert.equal(code, 2);
    assert.match(stdout, /the configuration names no cluster for target plain/);
  });

  test('what cannot be is answered before anything is asked', async () => {
    const { aws } = installation;
    for (const [argv, says] of [
      [['wel'], /there is no target "wel": did you mean well\?/],
      [['well', 'shop/web'], /"shop\/web" is no target: --remote checks whole targets/],
      [['--timeout', 'soon'], /--timeout is a number of seconds/],
      [['-o', 'yaml'], /-o is text, json, junit, not "yaml"/],
      [['--repo', '.'], /there is no option --repo/],
    ] as const) {
      const { code, stderr } = await run(...argv);
      assert.equal(code, 64, argv.join(' '));
      assert.match(stderr, says);
    }
    assert.deepEqual(await takeAll(aws, aws.queues.read), []);
  });

  test('interrupted, it says what goes on, and ends as a shell expects', async () => {
    const { child, says, ended } = running([
      'check',
      '--remote',
      'interrupted',
      '--data',
      installation.folder,
    ]);
    await says(/^asked /m);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /interrupted: checks that were asked for go on by themselves/);
  });
});
