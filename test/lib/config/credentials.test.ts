import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { fromParameters, toParameters } from '../../../lib/config/parameters.ts';
import { placeOf, withScheme } from '../../../lib/config/repository-url.ts';

type RepositoryInput = ConfigInput['repositories'][number];

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const ssh = (secret: string) => ({ kind: 'ssh' as const, secret, hostKeys: [KEY] });
const app = { kind: 'github-app', appId: 1, installationId: 2, secret: 'app' } as const;
const CODECOMMIT = 'https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/cluster';

const configOf = (repository: unknown, driftOnly = false) => ({
  repositories: [{ name: 'cluster', ...(repository as object) }],
  targets: [
    { name: 'staging', repository: 'cluster', deployer: 'flux' as const, namespaces: ['shop'], driftOnly },
  ],
});
const problemsOf = (repository: unknown, driftOnly = false): readonly string[] => {
  try {
    parseConfig(configOf(repository, driftOnly));
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
};

const accepted: readonly { name: string; repository: Omit<RepositoryInput, 'name'> }[] = [
  {
    name: 'an SSH URL',
    repository: {
      url: 'ssh://git@git.example.com:2222/a/b.git',
      credential: ssh('w'),
      readCredential: ssh('r'),
    },
  },
  {
    name: "git's short form of SSH",
    repository: { url: 'git@git.example.com:a/b.git', credential: ssh('w'), readCredential: ssh('r') },
  },
  {
    name: 'a GitHub App that writes and a token that reads',
    repository: {
      url: 'https://github.com/example/cluster',
      credential: app,
      readCredential: { kind: 'token', secret: 'r' },
    },
  },
  {
    name: 'an app of an own GitHub, by its client id',
    repository: {
      url: 'https://github.example.com/example/cluster.git',
      credential: { ...app, appId: 'Iv23liABCDEF', api: 'https://github.example.com/api/v3' },
      readCredential: { kind: 'token', secret: 'r' },
    },
  },
  {
    name: 'CodeCommit',
    repository: {
      url: CODECOMMIT,
      credential: { kind: 'codecommit' },
      readCredential: { kind: 'codecommit' },
    },
  },
  {
    name: 'signing and an author',
    repository: {
      url: 'https://git.example.com/a.git',
      author: { name: 'Platform', email: 'platform@example.com' },
      signing: { kind: 'openpgp', secret: 'sign' },
    },
  },
];
for (const { name, repository } of accepted) {
  test(`${name} is a configuration, and reaches the functions as it is`, () => {
    const config = parseConfig(configOf(repository));
    assert.deepEqual(fromParameters(toParameters(config), '/test'), { ...config, audiences: [] });
  });
}

test('a repository that is only read needs nothing to write with', () => {
  const reading = { url: 'git@git.example.com:a/b.git', readCredential: ssh('r') };
  assert.deepEqual(problemsOf(reading, true), []);
  assert.match(problemsOf(reading).join(), /^repositories\[0\]\.credential: an ssh:\/\/ URL is opened with/);
});

describe('each of these is an error that says where and what is allowed', () => {
  const https = 'https://git.example.com/a/b.git';
  const sshUrl = 'ssh://git@git.example.com/a/b.git';
  const cases: readonly { name: string; repository: unknown; problem: RegExp }[] = [
    {
      name: 'an SSH URL with a token',
      repository: { url: sshUrl, credential: { kind: 'token', secret: 'w' }, readCredential: ssh('r') },
      problem:
        /^repositories\[0\]\.credential: an ssh:\/\/ URL is opened with \{ kind: 'ssh', secret, hostKeys \}$/,
    },
    {
      name: 'an SSH URL that nobody may read',
      repository: { url: sshUrl, credential: ssh('w') },
      problem: /^repositories\[0\]\.readCredential: an ssh:\/\/ URL is opened with/,
    },
    {
      name: 'an SSH key for https',
      repository: { url: https, credential: ssh('w') },
      problem: /^repositories\[0\]\.credential: an https:\/\/ URL is opened with \{ kind: 'token'/,
    },
    {
      name: 'a token for CodeCommit',
      repository: {
        url: CODECOMMIT,
        credential: { kind: 'token', secret: 'w' },
        readCredential: { kind: 'codecommit' },
      },
      problem: /^repositories\[0\]\.credential: a repository of CodeCommit is opened with/,
    },
    {
      name: "CodeCommit's signature for another host",
      repository: { url: https, readCredential: { kind: 'codecommit' } },
      problem: /^repositories\[0\]\.readCredential: an https:\/\/ URL is opened with/,
    },
    {
      name: 'a repository of CodeCommit without a name',
      repository: { url: 'https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/' },
      problem: /^repositories\[0\]\.url: a repository URL is /,
    },
    {
      name: 'a GitHub App for a URL that names no owner and repository',
      repository: { url: 'https://github.com/cluster', credential: app },
      problem: /^repositories\[0\]\.credential: a GitHub App opens https:\/\/HOST\/OWNER\/REPOSITORY/,
    },
    {
      name: 'one secret for writing and for reading',
      repository: { url: sshUrl, credential: ssh('one'), readCredential: ssh('one') },
      problem: /^repositories\[0\]\.readCredential: "one" is what this repository is written with/,
    },
    {
      name: "one app's key for writing and for reading",
      repository: { url: 'https://github.com/a/b', credential: app, readCredential: app },
      problem: /^repositories\[0\]\.readCredential: "app" is what this repository is written with/,
    },
    {
      name: 'whoever reads with the key that signs',
      repository: {
        url: https,
        readCredential: { kind: 'token', secret: 's' },
        signing: { kind: 'ssh', secret: 's' },
      },
      problem: /^repositories\[0\]\.readCredential: "s" is what commits are signed with/,
    },
    {
      name: 'SSH without a pinned host key',
      repository: { url: sshUrl, credential: { ...ssh('w'), hostKeys: [] }, readCredential: ssh('r') },
      problem:
        /^repositories\[0\]\.credential\.hostKeys: pin at least one host key: "ssh-keyscan HOST" prints them$/,
    },
    {
      name: 'a fingerprint in place of a host key',
      repository: {
        url: sshUrl,
        credential: { ...ssh('w'), hostKeys: ['SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDPkp3/kjP0j1x9Y3E'] },
        readCredential: ssh('r'),
      },
      problem: /^repositories\[0\]\.credential\.hostKeys\[0\]: a host key is "ssh-ed25519 AAAA…"/,
    },
    {
      name: 'a host key whose bytes are of another type than it says',
      repository: {
        url: sshUrl,
        credential: { ...ssh('w'), hostKeys: [KEY.replace('ssh-ed25519', 'ssh-rsa')] },
        readCredential: ssh('r'),
      },
      problem: /^repositories\[0\]\.credential\.hostKeys\[0\]: the key is damaged or of another type/,
    },
    {
      name: 'a key to sign with that has no secret',
      repository: { url: https, signing: { kind: 'openpgp' } },
      problem: /^repositories\[0\]\.signing\.secret: /,
    },
    {
      name: 'an author that would be two lines of a commit',
      repository: { url: https, author: { name: 'a\ncommitter x' } },
      problem: /^repositories\[0\]\.author\.name: a name on one line, without < and >$/,
    },
    {
      name: 'an API that is not https',
      repository: { url: 'https://github.com/a/b', credential: { ...app, api: 'http://github.example.com' } },
      problem: /^repositories\[0\]\.credential\.api: an https:\/\/ address$/,
    },
    {
      name: 'a host that ssh would take for an option',
      repository: { url: 'ssh://git@-oProxyCommand=x/a', credential: ssh('w'), readCredential: ssh('r') },
      problem: /^repositories\[0\]\.url: a repository URL is /,
    },
  ];
  for (const { name, repository, problem } of cases) {
    test(name, () => {
      const problems = problemsOf(repository);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }
});

test('of a line of known_hosts the type and the key are kept', () => {
  const hostKeys = [`git.example.com,10.0.0.1  ${KEY}  root@git`, KEY];
  const { credential } = parseConfig(
    configOf({ url: 'git@h:a', credential: { ...ssh('w'), hostKeys }, readCredential: ssh('r') }),
  ).repositories[0] as { credential: { hostKeys?: readonly string[] } };
  assert.deepEqual(credential.hostKeys, [KEY, KEY]);
});

test('where a URL leads', () => {
  const places = [
    ['git@git.example.com:a/b.git', 'ssh://git@git.example.com/a/b.git', 'ssh'],
    ['git@git.example.com:/srv/b.git', 'ssh://git@git.example.com/srv/b.git', 'ssh'],
    ['ssh://git@git.example.com:22/a', 'ssh://git@git.example.com:22/a', 'ssh'],
    ['https://git.example.com/a', 'https://git.example.com/a', 'https'],
    [CODECOMMIT, CODECOMMIT, 'codecommit'],
    ['git.example.com:a/b', 'git.example.com:a/b', undefined],
    ['ext::sh -c id', 'ext::sh -c id', undefined],
    ['file:///srv/a', 'file:///srv/a', undefined],
    ['http://git.example.com/a', 'http://git.example.com/a', undefined],
    [
      'https://git-codecommit.eu-central-1.amazonaws.com.example.com/v1/repos/a',
      'https://git-codecommit.eu-central-1.amazonaws.com.example.com/v1/repos/a',
      'https',
    ],
  ] as const;
  for (const [given, url, kind] of places) {
    assert.equal(withScheme(given), url);
    assert.equal(placeOf(url)?.kind, kind, given);
  }
});
