import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { auditLogOf, readAuditLogPlaces, writeAuditLogPlaces } from '../../../lib/config/audit-log.ts';
import { ConfigError, type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { rootOf } from '../../../lib/config/root.ts';

const repositories = [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }];
const staging = {
  name: 'staging',
  repository: 'cluster',
  deployer: 'flux' as const,
  namespaces: ['shop'],
};

const problemsOf = (input: unknown): readonly string[] => {
  try {
    parseConfig(input, 'fairlead.config.ts');
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
};

test('a configuration of a few lines is whole: the rest has defaults', () => {
  const config = parseConfig({ repositories, targets: [staging] });
  assert.equal(config.installation, 'fairlead');
  assert.deepEqual(config.repositories[0]?.credential, { kind: 'none' });
  assert.equal(config.targets[0]?.branch, 'main');
  assert.equal(config.targets[0]?.checkEveryMinutes, 15);
  assert.deepEqual(config.audiences, []);
});

test('what is missing is called missing, with what belongs there', () => {
  const { namespaces: _, ...target } = { ...staging, cluster: { kind: 'eks', name: 'staging' } };
  assert.deepEqual(problemsOf({ repositories, targets: [target] }), [
    'targets[0].cluster.region: missing; give a string',
    'targets[0].namespaces: missing; give a list',
  ]);
  assert.deepEqual(problemsOf({ repositories, targets: [{ ...staging, namespaces: 'shop' }] }), [
    'targets[0].namespaces: Invalid input: expected array, received string',
  ]);
});

test('four errors are four lines: each with its path, what is wrong and what is allowed', () => {
  const four = {
    installation: 'Fair Lead',
    repositories: [{ name: 'cluster', url: 'git.example.com/cluster.git' }],
    targets: [{ ...staging, deployer: 'fluxcd', namespaces: [] }],
  };
  assert.throws(() => parseConfig(four, 'fairlead.config.ts'), {
    name: 'ConfigError',
    message: [
      'fairlead.config.ts has 4 errors:',
      '  - installation: an installation name is lower-case letters, digits and inner hyphens (a DNS label), for example "staging"',
      '  - repositories[0].url: a repository URL is https:// (or http:// to this machine) without user or password, or ssh://git@HOST/PATH',
      '  - targets[0].deployer: Invalid option: expected one of "flux"|"argocd"|"none"',
      '  - targets[0].namespaces: name at least one namespace that uploads may fill',
    ].join('\n'),
  });
});

describe('each of these is an error that says where and what is allowed', () => {
  const cases: readonly { name: string; input: unknown; problem: RegExp }[] = [
    {
      name: 'an entry that does not exist, which may be a misspelt one',
      input: { repositories, targets: [{ ...staging, namespace: 'shop' }] },
      problem: /^targets\[0\]: no entry "namespace"; there is name, repository, branch, .*, namespaces, /,
    },
    {
      name: 'a target whose repository is not named',
      input: { repositories, targets: [{ ...staging, repository: 'clusters' }] },
      problem: /^targets\[0\]\.repository: no repository "clusters"; there is "cluster"$/,
    },
    {
      name: 'two targets of one name',
      input: {
        repositories,
        targets: [
          { ...staging, root: 'a' },
          { ...staging, root: 'b' },
        ],
      },
      problem: /^targets\[1\]\.name: "staging" is named twice$/,
    },
    {
      name: 'roots that lie inside each other, whatever the case of their letters',
      input: {
        repositories,
        targets: [
          { ...staging, root: 'clusters' },
          { ...staging, name: 'production', root: 'Clusters/production' },
        ],
      },
      problem: /^targets\[1\]\.root: "Clusters\/production" and "clusters" of target "staging" lie inside/,
    },
    {
      name: 'a root that leaves the repository',
      input: { repositories, targets: [{ ...staging, root: '../other' }] },
      problem: /^targets\[0\]\.root: a root is a relative path/,
    },
    {
      name: 'a namespace with the name that manifests use',
      input: { repositories, targets: [{ ...staging, namespaces: ['manifests'] }] },
      problem: /^targets\[0\]\.namespaces\[0\]: "manifests" is reserved/,
    },
    {
      name: 'a password in a URL',
      input: {
        repositories: [{ name: 'cluster', url: 'https://me:secret@git.example.com/c.git' }],
        targets: [staging],
      },
      problem: /^repositories\[0\]\.url: .*without user or password, or ssh:\/\/git@HOST\/PATH$/,
    },
    {
      name: 'an audience for a target that is not there',
      input: {
        repositories,
        targets: [staging],
        audiences: [{ name: 'all', form: 'email', address: 'all@example.com', targets: ['production'] }],
      },
      problem: /^audiences\[0\]\.targets\[0\]: no target "production"$/,
    },
    {
      name: 'a mail address that is none',
      input: {
        repositories,
        targets: [staging],
        audiences: [{ name: 'all', form: 'email', address: 'everybody' }],
      },
      problem: /^audiences\[0\]\.address: a mail address, such as/,
    },
    {
      name: 'a pager that is not called over https',
      input: {
        repositories,
        targets: [staging],
        audiences: [{ name: 'on-call', form: 'pager', address: 'http://pager.example.com/' }],
      },
      problem: /^audiences\[0\]\.address: an https:\/\/ address/,
    },
    {
      name: 'a branch that git would take for an option',
      input: { repositories, targets: [{ ...staging, branch: '--force' }] },
      problem: /^targets\[0\]\.branch: a branch name$/,
    },
  ];
  for (const { name, input, problem } of cases) {
    test(name, () => {
      const problems = problemsOf(input);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }
});

test('no error repeats a password that was written where none belongs', () => {
  const input: ConfigInput = {
    repositories: [{ name: 'cluster', url: 'https://me:hunter2@git.example.com/c.git' }],
    targets: [staging],
  };
  assert.doesNotMatch(problemsOf(input).join('\n'), /hunter2/);
});

test('the audit log is that of an EKS cluster, off unless asked for, and in the group of the cluster unless said', () => {
  const cluster = { kind: 'eks', name: 'prod', region: 'eu-west-1' } as const;
  const placeOf = (more: object) =>
    auditLogOf(parseConfig({ repositories, targets: [{ ...staging, ...more }] }).targets[0] ?? assert.fail());
  assert.equal(placeOf({ cluster }), undefined);
  assert.equal(placeOf({ cluster, auditLog: false }), undefined);
  assert.deepEqual(placeOf({ cluster, auditLog: true }), {
    region: 'eu-west-1',
    logGroup: '/aws/eks/prod/cluster',
  });
  assert.deepEqual(placeOf({ cluster, auditLog: { logGroup: '/audit' } }), {
    region: 'eu-west-1',
    logGroup: '/audit',
  });
  const wrong = {
    repositories,
    targets: [
      { ...staging, auditLog: true },
      { ...staging, name: 'b', cluster, auditLog: { group: 'x' } },
    ],
  };
  assert.deepEqual(
    problemsOf(wrong).map((problem) => problem.slice(0, problem.indexOf(':'))),
    ['targets[1].auditLog', 'targets[0].auditLog'],
  );
});

test('where audit logs lie travels as one text', () => {
  const cluster = { kind: 'eks', name: 'prod', region: 'eu-west-1' } as const;
  const { targets } = parseConfig({ repositories, targets: [{ ...staging, cluster, auditLog: true }] });
  assert.deepEqual(
    [...readAuditLogPlaces(writeAuditLogPlaces(targets))],
    [['staging', { region: 'eu-west-1', logGroup: '/aws/eks/prod/cluster' }]],
  );
  assert.equal(readAuditLogPlaces(undefined).size, 0);
});

test('a target lies below fairlead/ and its name, unless it says where', () => {
  assert.equal(rootOf({ name: 'staging' }), 'fairlead/staging');
  assert.equal(rootOf({ name: 'staging', root: 'clusters/eu' }), 'clusters/eu');
});

test('what contradicts itself is told together with what is malformed', () => {
  const broken = {
    installation: 'Bad Name',
    repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
    targets: [
      { name: 'staging', repository: 'nope', deployer: 'flux', namespaces: ['kube-system'] },
      { name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] },
    ],
  };
  assert.throws(
    () => parseConfig(broken),
    (error: ConfigError) => {
      const places = error.problems.map((problem) => problem.slice(0, problem.indexOf(':')));
      assert.deepEqual(places.sort(), [
        'installation',
        'targets[0].namespaces[0]',
        'targets[0].repository',
        'targets[1].name',
      ]);
      return true;
    },
  );
});

test('a drift-only target may watch a namespace that uploads may not fill', () => {
  const watching = {
    repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
    targets: [
      {
        name: 'system',
        repository: 'cluster',
        deployer: 'flux',
        namespaces: ['kube-system'],
        driftOnly: true,
      },
    ],
  };
  assert.equal(parseConfig(watching).targets[0]?.driftOnly, true);
});
