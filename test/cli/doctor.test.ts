import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { formatFound, formatFoundJson } from '../../cli/doctor-output.ts';
import type { Found } from '../../lib/doctor/examine.ts';
import { fairlead } from './command-line.ts';

const CONFIG = {
  installation: 'team',
  repositories: [{ name: 'cluster', url: 'http://127.0.0.1:1/cluster.git' }],
  targets: [
    { name: 'staging', repository: 'cluster', deployer: 'none', namespaces: ['shop'], driftOnly: true },
  ],
};
/** Nothing listens on port 1: AWS is not reached, whoever runs these tests. */
const NO_AWS = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'eu-central-1',
  AWS_MAX_ATTEMPTS: '1',
};

describe('npx fairlead doctor', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-doctor-cli-'));
    file = join(folder, 'team.json');
    await writeFile(file, JSON.stringify(CONFIG));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('says what it could not look at, and that AWS is not reached, and ends with 1', async () => {
    const { code, stdout, stderr } = await fairlead(['doctor', '--config', file, '-o', 'json'], NO_AWS);
    assert.equal(code, 1, stderr);
    const said = JSON.parse(stdout) as { installation: string; found: { check: string; kind: string }[] };
    assert.equal(said.installation, 'team');
    const kindOf = (check: string) =>
      said.found.filter((each) => each.check === check).map(({ kind }) => kind);
    assert.deepEqual(kindOf('credentials'), ['wrong']);
    assert.deepEqual(kindOf('secrets'), ['skipped']);
    assert.deepEqual(kindOf('alarms'), ['skipped']);
  });

  test('prints the policy of a configuration, and asks nobody', async () => {
    const { code, stdout } = await fairlead(['doctor', '--policy', '--config', file], NO_AWS);
    assert.equal(code, 0);
    const { Statement } = JSON.parse(stdout) as { Statement: { Sid: string; Resource: string[] }[] };
    assert.ok(Statement.some(({ Resource }) => Resource.some((arn) => arn.includes('function:team-*'))));
    // It names no secret and no cluster: nothing is asked for that could open one.
    assert.ok(!stdout.includes('GetSecretValue') && !stdout.includes('eks:'));
  });

  for (const [what, argv, says] of [
    [
      'a target that is not there',
      ['stagin', '--config', 'FILE'],
      /no target "stagin": did you mean staging/,
    ],
    [
      'another installation than that of the file',
      ['--config', 'FILE', '--installation', 'other'],
      /is of the installation "team", not "other"/,
    ],
    ['a file that is not there', ['--config', 'none.json'], /none\.json has one error/],
    ['a form that there is none of', ['-o', 'xml'], /-o is text, json, not "xml"/],
    ['a context without its kubeconfig', ['--context', 'x'], /give --kubeconfig, too/],
  ] as const)
    test(`${what} is answered with what to type`, async () => {
      const typed = argv.map((word) => (word === 'FILE' ? file : word));
      const { code, stderr } = await fairlead(['doctor', ...typed], NO_AWS);
      assert.equal(code, 64);
      assert.match(stderr, says);
    });

  test('prints what is wrong last, each with what mends it', () => {
    const found: readonly Found[] = [
      {
        check: 'git',
        diagnosis: { kind: 'wrong', where: 'repository cluster', what: 'no', mend: 'do this' },
      },
      { check: 'clock', diagnosis: { kind: 'ok', where: 'here', says: 'it agrees' } },
    ];
    assert.equal(
      formatFound(found, 'Installation "team"'),
      [
        'Installation "team"',
        '',
        'ok       clock          here: it agrees',
        'WRONG    git            repository cluster: no',
        '         mend: do this',
        '',
        '1 wrong, 0 to look at, 1 well, 0 not looked at',
      ].join('\n'),
    );
    assert.deepEqual(JSON.parse(formatFoundJson(found, 'team')).found[0], {
      check: 'git',
      kind: 'wrong',
      where: 'repository cluster',
      what: 'no',
      mend: 'do this',
    });
  });
});
