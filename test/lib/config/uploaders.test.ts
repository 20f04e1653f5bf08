import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, parseConfig } from '../../../lib/config/config.ts';
import { toParameters } from '../../../lib/config/parameters.ts';
import { subjectOf } from '../../../lib/config/uploaders.ts';

const configured = (uploaders: unknown, more: object = {}) =>
  parseConfig({
    repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
    targets: [
      { name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'], uploaders, ...more },
    ],
  });

function problemsOf(uploaders: unknown, more: object = {}): readonly string[] {
  try {
    configured(uploaders, more);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
}

const fromGithub = (source: object) => ({ github: [{ repository: 'example/web', ...source }] });
const MAIN = { ref: 'refs/heads/main' };

describe('who uploads to a target', () => {
  test('may be roles and users of any account, and jobs of a branch, a tag or an environment', () => {
    const uploaders = {
      arns: [
        'arn:aws:iam::111122223333:role/deliver',
        'arn:aws:iam::444455556666:user/ci/builds@example.com',
        'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Ship_0a1b2c',
        'arn:aws-us-gov:iam::111122223333:role/deliver',
      ],
      github: [
        { repository: 'example/web', ...MAIN },
        { repository: 'example/web', ref: 'refs/tags/stable' },
        { repository: 'Example-Org/web.site_2', environment: 'Production EU/1' },
        { repository: 'octocat@123456/my-repo@456789', ref: 'refs/heads/release/1.x' },
        { repository: 'example/web', pullRequests: true },
      ],
    };
    assert.deepEqual(problemsOf(uploaders), []);
    assert.deepEqual(configured(uploaders).targets[0]?.uploaders?.github.map(subjectOf), [
      'repo:example/web:ref:refs/heads/main',
      'repo:example/web:ref:refs/tags/stable',
      'repo:Example-Org/web.site_2:environment:Production EU/1',
      'repo:octocat@123456/my-repo@456789:ref:refs/heads/release/1.x',
      'repo:example/web:pull_request',
    ]);
  });

  const REFUSED: readonly (readonly [what: string, uploaders: object, problem: RegExp])[] = [
    [
      'every repository of an organisation',
      { github: [{ ...MAIN, repository: 'example/*' }] },
      /one repository: a wildcard/,
    ],
    ['an organisation', { github: [{ ...MAIN, repository: 'example' }] }, /OWNER\/NAME/],
    [
      'repositories that are called alike',
      { github: [{ ...MAIN, repository: 'example/web-?' }] },
      /wildcard/,
    ],
    ['one of two ids', { github: [{ ...MAIN, repository: 'example@1/web' }] }, /OWNER@ID\/NAME@ID/],
    [
      'a repository with more of a subject behind it',
      { github: [{ ...MAIN, repository: 'example/web:ref' }] },
      /OWNER/,
    ],
    ['every branch', fromGithub({ ref: 'refs/heads/*' }), /one branch or tag/],
    ['every tag that begins so', fromGithub({ ref: 'refs/tags/v*' }), /one branch or tag/],
    ['a branch without refs/', fromGithub({ ref: 'main' }), /"refs\/heads\/main"/],
    ['pull requests as a ref', fromGithub({ ref: 'refs/pull/7/merge' }), /pullRequests: true/],
    ['pull requests by false', fromGithub({ ...MAIN, pullRequests: false }), /pullRequests/],
    ['every environment', fromGithub({ environment: '*' }), /without .*wildcards/],
    ['an environment that ends a subject', fromGithub({ environment: 'a:b' }), /environment/],
    ['a whole repository', fromGithub({}), /exactly one of ref, environment and pullRequests/],
    ['two kinds of job in one entry', fromGithub({ ...MAIN, environment: 'live' }), /exactly one of/],
    ['a word that there is not', fromGithub({ ...MAIN, branch: 'main' }), /no entry "branch"/],
    ['everybody', { arns: ['*'] }, /a wildcard would let in/],
    [
      'roles that are called alike',
      { arns: ['arn:aws:iam::111122223333:role/ci-*'] },
      /a wildcard would let in/,
    ],
    ['a whole account', { arns: ['arn:aws:iam::111122223333:root'] }, /not its whole account/],
    ['an account by its number', { arns: ['111122223333'] }, /not its whole account/],
    [
      'one session of a role',
      { arns: ['arn:aws:sts::111122223333:assumed-role/ci/build-7'] },
      /name the role, arn:aws:iam::111122223333:role\/ci /,
    ],
    ['a service', { arns: ['codebuild.amazonaws.com'] }, /the ARN of a role or user/],
    [
      'a group, which is no principal',
      { arns: ['arn:aws:iam::111122223333:group/ci'] },
      /the ARN of a role or user/,
    ],
  ];
  for (const [what, uploaders, problem] of REFUSED) {
    test(`is not ${what}`, () => {
      const problems = problemsOf(uploaders);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
      assert.match(problems[0] ?? '', /^targets\[0\]\.uploaders/);
    });
  }

  test('is nobody where nothing is taken', () => {
    assert.deepEqual(problemsOf({}, { driftOnly: true }), [
      'targets[0].uploaders: uploads to a target with driftOnly are rejected: leave one of the two out',
    ]);
  });

  test('stays out of what the functions read: it would fill a parameter and is of no use to them', () => {
    const parameters = toParameters(configured(fromGithub(MAIN)));
    assert.doesNotMatch([...parameters.values()].join('\n'), /github|example\/web/);
  });
});
