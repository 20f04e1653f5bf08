import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, parseConfig } from '../../../lib/config/config.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const token = { kind: 'token', secret: 'write' };
const github = { kind: 'pull-request', host: { kind: 'github' } };

function problemsOf(repository: object, target: object): readonly string[] {
  try {
    parseConfig({
      repositories: [
        { name: 'cluster', url: 'https://github.com/acme/cluster', credential: token, ...repository },
      ],
      targets: [
        { name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'], ...target },
      ],
    });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
}

const SSH = {
  url: 'git@github.com:acme/cluster.git',
  credential: { kind: 'ssh', secret: 'key', hostKeys: [KEY] },
  readCredential: { kind: 'ssh', secret: 'read', hostKeys: [KEY] },
};
const CODECOMMIT = {
  url: 'https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/cluster',
  credential: { kind: 'codecommit' },
  readCredential: { kind: 'codecommit' },
};

for (const [name, repository, delivery] of [
  ['a token that pushes opens the API, too', {}, github],
  ['SSH with a token for the API', SSH, { ...github, apiCredential: { secret: 'api' } }],
  ['CodeCommit by its role', CODECOMMIT, { kind: 'pull-request', host: { kind: 'codecommit' } }],
  ['a GitHub of a company', { url: 'https://git.example.com/acme/cluster' }, github],
] as const)
  test(`pull requests: ${name}`, () => {
    assert.deepEqual(problemsOf(repository, { delivery }), []);
  });

for (const [name, repository, target, says] of [
  ['driftOnly', {}, { delivery: github, driftOnly: true }, /driftOnly: leave one of the two out/],
  [
    'the host of another',
    { url: 'https://gitlab.com/acme/cluster' },
    { delivery: github },
    /is gitlab, not github/,
  ],
  ['a host that is no CodeCommit', CODECOMMIT, { delivery: github }, /one of CodeCommit/],
  ['SSH without a token', SSH, { delivery: github }, /does not open its host's API/],
  [
    'the credential that reads',
    { readCredential: { kind: 'token', secret: 'read' } },
    { delivery: { ...github, apiCredential: { secret: 'read' } } },
    /whoever reads must not open pull requests/,
  ],
  [
    "a base among Fairlead's own branches",
    {},
    { delivery: github, branch: 'fairlead/main' },
    /are those of pull requests/,
  ],
  [
    'a URL without a repository',
    { url: 'https://github.com/cluster' },
    { delivery: github },
    /OWNER\/REPOSITORY/,
  ],
] as const)
  test(`pull requests do not go with ${name}`, () => {
    assert.match(problemsOf(repository, target).join('\n'), says);
  });
