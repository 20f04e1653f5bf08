import assert from 'node:assert/strict';
import type { AccessEntry, EksCluster } from '../../../lib/aws/account/account.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { judgeAccessEntry, judgeEksCluster } from '../../../lib/doctor/access-entry.ts';
import { judgeBranchRules } from '../../../lib/doctor/branch-rules.ts';
import { judgeCaller, judgeClock, placesNamed } from '../../../lib/doctor/caller.ts';
import { judgeCdkBootstrap } from '../../../lib/doctor/cdk-bootstrap.ts';
import { type GitTries, judgeGit } from '../../../lib/doctor/git.ts';
import { judgeSecret } from '../../../lib/doctor/secrets.ts';
import { ABSENT, DENIED, daysAgo, FAILED, NOW, read, table } from './judging.ts';

const caller = (clockAheadMs?: number) =>
  read({
    arn: 'arn:aws:iam::111122223333:user/me',
    account: '111122223333',
    region: 'eu-central-1',
    clockAheadMs,
  });
const secretArn = (account: string, region: string) =>
  `arn:aws:secretsmanager:${region}:${account}:secret:fairlead-a1b2c3`;
const namingSecret = (arn: string) =>
  placesNamed(
    parseConfig({
      repositories: [
        {
          name: 'cluster',
          url: 'https://git.example.com/cluster.git',
          readCredential: { kind: 'token', secret: arn },
        },
      ],
      targets: [
        { name: 'staging', repository: 'cluster', deployer: 'none', namespaces: ['shop'], driftOnly: true },
      ],
    }),
  );

table('who calls', [
  ['nobody', () => judgeCaller(FAILED, []), [/^wrong: AWS is not reached.*Throttling.*get-caller-identity/]],
  ['somebody', () => judgeCaller(caller(), []), [/^ok: arn:aws:iam::111122223333:user\/me.*eu-central-1/]],
  [
    'somebody of the account that the configuration names',
    () => judgeCaller(caller(), namingSecret(secretArn('111122223333', 'eu-central-1'))),
    [/^ok/],
  ],
  [
    'somebody of another account',
    () => judgeCaller(caller(), namingSecret(secretArn('444455556666', 'eu-central-1'))),
    [/^ok/, /^warning: .*account 444455556666.*111122223333/],
  ],
  [
    'somebody in another region',
    () => judgeCaller(caller(), namingSecret(secretArn('111122223333', 'us-east-1'))),
    [/^ok/, /^warning: .*us-east-1/],
  ],
]);

table('the clock', [
  ['agrees', () => judgeClock(caller(900)), [/^ok/]],
  ['is a minute off', () => judgeClock(caller(-60_000)), [/^warning: .*60 seconds behind/]],
  ['is ten minutes ahead', () => judgeClock(caller(600_000)), [/^wrong: .*600 seconds ahead.*timedatectl/]],
  ['is not known', () => judgeClock(caller()), [/^skipped/]],
]);

const here = { qualifier: 'hnb659fds', account: '111122223333', region: 'eu-central-1' };
table("the CDK's bootstrap", [
  ['is there', () => judgeCdkBootstrap(read('28'), here), [/^ok: .*version 28/]],
  [
    'is too old',
    () => judgeCdkBootstrap(read('5'), here),
    [/^wrong: .*version 5.*cdk bootstrap aws:\/\/111122223333\/eu-central-1$/],
  ],
  ['is not there', () => judgeCdkBootstrap(ABSENT, here), [/^wrong: not bootstrapped/]],
  [
    'is not there with a qualifier of its own',
    () => judgeCdkBootstrap(ABSENT, { ...here, qualifier: 'acme' }),
    [/^wrong: .*acme.*--qualifier acme --toolkit-stack-name/],
  ],
  ['may not be read', () => judgeCdkBootstrap(DENIED, here), [/^skipped: you may not: it needs some:Action/]],
]);

const token = { id: 'fairlead/read', usedFor: 'reads cluster', lifetime: 'ends' } as const;
table('a secret', [
  [
    'is there',
    () => judgeSecret(token, read({ changedAt: daysAgo(3), state: 'there' }), NOW),
    [/^ok: .*3 days ago/],
  ],
  [
    'is old, and a token',
    () => judgeSecret(token, read({ changedAt: daysAgo(340), state: 'there' }), NOW),
    [/^warning: .*340 days.*put-secret-value/],
  ],
  [
    'is old, and a key',
    () =>
      judgeSecret({ ...token, lifetime: 'stays' }, read({ changedAt: daysAgo(900), state: 'there' }), NOW),
    [/^ok/],
  ],
  [
    'is being deleted',
    () => judgeSecret(token, read({ changedAt: daysAgo(3), state: 'being-deleted' }), NOW),
    [/^wrong: .*deletion.*restore-secret --secret-id fairlead\/read/],
  ],
  ['is not there', () => judgeSecret(token, ABSENT, NOW), [/^wrong: .*create-secret --name fairlead\/read/]],
  ['may not be described', () => judgeSecret(token, DENIED, NOW), [/^skipped/]],
]);

const place = { name: 'staging', region: 'eu-central-1' };
const eks = (more: Partial<EksCluster> = {}) =>
  read<EksCluster>({
    arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/staging',
    status: 'ACTIVE',
    version: '1.35',
    authenticationMode: 'API',
    endpoint: 'https://x.eks.amazonaws.com',
    certificateAuthority: '',
    isPublic: true,
    isPrivate: false,
    publicCidrs: ['0.0.0.0/0'],
    vpc: 'vpc-1',
    ...more,
  });
table('a cluster', [
  ['is well', () => judgeEksCluster(place, eks(), 'in-no-vpc'), [/^ok: .*mode API/, /^ok: .*public/]],
  [
    'knows no access entries',
    () => judgeEksCluster(place, eks({ authenticationMode: 'CONFIG_MAP' }), 'in-no-vpc'),
    [
      /^wrong: .*CONFIG_MAP.*update-cluster-config --name staging --region eu-central-1 --access-config/,
      /^ok/,
    ],
  ],
  [
    'admits certain addresses alone',
    () => judgeEksCluster(place, eks({ publicCidrs: ['203.0.113.0/24'] }), 'in-no-vpc'),
    [/^ok/, /^wrong: .*203\.0\.113\.0\/24.*vpc: \{ id: 'vpc-1'/],
  ],
  [
    'is private, and nobody stands in its network',
    () => judgeEksCluster(place, eks({ isPublic: false, isPrivate: true }), 'in-no-vpc'),
    [/^ok/, /^wrong: its endpoint is private/],
  ],
  [
    'is private, and the check stands in its network',
    () => judgeEksCluster(place, eks({ isPublic: false, isPrivate: true }), 'in-vpc'),
    [/^ok/, /^ok: its private endpoint/],
  ],
  [
    'has no private endpoint for a check in its network',
    () => judgeEksCluster(place, eks(), 'in-vpc'),
    [/^ok/, /^wrong: .*endpointPrivateAccess=true/],
  ],
  ['is not there', () => judgeEksCluster(place, ABSENT, 'in-no-vpc'), [/^wrong: .*list-clusters/]],
  [
    'is being deleted',
    () => judgeEksCluster(place, eks({ status: 'DELETING' }), 'in-no-vpc'),
    [/^wrong: its status is DELETING/, /^ok/, /^ok/],
  ],
]);

const entry = (more: Partial<AccessEntry> = {}) =>
  read<AccessEntry>({ createdAt: daysAgo(10), groups: ['fairlead:check'], policies: [], ...more });
const question = {
  place,
  roleArn: 'arn:aws:iam::111122223333:role/fairlead-check-drift-eu-central-1',
  access: 'group',
  namespaces: ['shop'],
  roleCreatedAt: daysAgo(20),
} as const;
const VIEW = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy';
table('an access entry', [
  ['is well', () => judgeAccessEntry(question, entry()), [/^ok: .*fairlead:check/]],
  [
    'is older than its role, which was made anew',
    () => judgeAccessEntry({ ...question, roleCreatedAt: daysAgo(1) }, entry()),
    [
      /^wrong: .*another role's.*delete-access-entry.*&& aws eks create-access-entry.*--kubernetes-groups fairlead:check/,
    ],
  ],
  [
    'is of a role that was not read',
    () => judgeAccessEntry({ ...question, roleCreatedAt: undefined }, entry()),
    [/^ok/, /^warning: .*get-role --role-name fairlead-check-drift-eu-central-1/],
  ],
  [
    'is in no group',
    () => judgeAccessEntry(question, entry({ groups: [] })),
    [/^wrong: .*no group.*update-access-entry/],
  ],
  [
    'lacks the policy that the configuration names',
    () => judgeAccessEntry({ ...question, access: 'view-policy' }, entry()),
    [/^ok/, /^wrong: .*AmazonEKSViewPolicy.*associate-access-policy.*namespaces=shop/],
  ],
  [
    'has the policy that the configuration names',
    () => judgeAccessEntry({ ...question, access: 'view-policy' }, entry({ policies: [VIEW] })),
    [/^ok/, /^ok: .*AmazonEKSViewPolicy/],
  ],
  [
    'may do more than read',
    () => judgeAccessEntry(question, entry({ policies: [VIEW.replace('View', 'ClusterAdmin')] })),
    [/^ok/, /^warning: .*AmazonEKSClusterAdminPolicy.*disassociate-access-policy/],
  ],
  [
    'is not there',
    () => judgeAccessEntry(question, ABSENT),
    [/^wrong: no access entry.*create-access-entry/],
  ],
]);

const tries = (more: Partial<GitTries> = {}): GitTries => ({
  repository: 'cluster',
  url: 'https://git.example.com/cluster.git',
  branch: 'main',
  read: { kind: 'let-in' },
  branchIs: 'there',
  write: { kind: 'let-in' },
  writeByReader: { kind: 'refused', says: '403' },
  as: 'the-functions',
  ...more,
});
const refused = { kind: 'refused', says: 'the token is wrong (401)' } as const;
table('a repository', [
  ['is well', () => judgeGit(tries()), [/^ok: read/, /^ok: push/, /^ok: the readCredential cannot push/]],
  [
    'lets its reader push',
    () => judgeGit(tries({ writeByReader: { kind: 'let-in' } })),
    [/^ok/, /^ok/, /^warning: the readCredential may push/],
  ],
  [
    'refuses to be read',
    () => judgeGit(tries({ read: refused, branchIs: 'not-known' })),
    [/^wrong: read: the token is wrong \(401\)/, /^ok/],
  ],
  [
    'refuses a push',
    () => judgeGit(tries({ write: refused })),
    [/^ok/, /^wrong: push \(dry run\): the token/, /^ok/],
  ],
  [
    'lacks the branch',
    () => judgeGit(tries({ branchIs: 'not-there', write: { kind: 'not-tried', why: 'no branch' } })),
    [/^ok/, /^wrong: there is no such branch/, /^skipped/, /^ok/],
  ],
  ['is only read', () => judgeGit(tries({ write: 'not-needed' })), [/^ok: read/, /^ok: the readCredential/]],
  [
    "is CodeCommit's, with the rights of who asks",
    () => judgeGit(tries({ as: 'the-caller' })),
    [/^ok: read \(CodeCommit: with your own/, /^ok: push/],
  ],
]);

const [repository] = parseConfig({
  repositories: [
    {
      name: 'cluster',
      url: 'https://github.com/example/cluster',
      credential: { kind: 'token', secret: 'w' },
    },
  ],
  targets: [{ name: 'staging', repository: 'cluster', deployer: 'none', namespaces: ['shop'] }],
}).repositories;
assert.ok(repository !== undefined);
table('the rules of a branch', [
  ['are none', () => judgeBranchRules(repository, 'main', read(['deletion', 'non_fast_forward'])), [/^ok/]],
  [
    'want pull requests',
    () => judgeBranchRules(repository, 'main', read(['pull_request'])),
    [/^warning: .*pull request.*bypass/],
  ],
  [
    'want signed commits, and none is',
    () => judgeBranchRules(repository, 'main', read(['required_signatures'])),
    [/^wrong: .*signed/],
  ],
  [
    'want signed commits, and they are',
    () =>
      judgeBranchRules(
        { ...repository, signing: { kind: 'ssh', secret: 's' } },
        'main',
        read(['required_signatures']),
      ),
    [/^ok/],
  ],
  ['are not told', () => judgeBranchRules(repository, 'main', 'no-such-host'), [/^skipped/]],
]);
