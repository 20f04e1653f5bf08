import example from '../../fairlead.config.ts';
import type { ConfigInput } from '../../lib/config/config.ts';

const GIT = 'https://git.example.com/platform';
const ACCOUNT = '111122223333';
const cluster = (name: string, more: object = {}) =>
  ({ kind: 'eks', name, region: 'eu-central-1', ...more }) as const;

/** As little as may be configured. */
const minimal: ConfigInput = {
  repositories: [{ name: 'cluster', url: `${GIT}/cluster.git` }],
  targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
};

/** Everything that provisions something, switched on: what a reviewer would look at who looks at one template only. */
const everything: ConfigInput = {
  installation: 'bank',
  production: true,
  repositories: [
    {
      name: 'cluster',
      url: 'https://github.com/example/cluster',
      credential: { kind: 'github-app', appId: 1, installationId: 2, secret: 'bank/cluster/write' },
      readCredential: { kind: 'github-app', appId: 3, installationId: 4, secret: 'bank/cluster/read' },
      signing: { kind: 'openpgp', secret: 'bank/cluster/sign' },
    },
    {
      name: 'second',
      url: 'https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/second',
      credential: { kind: 'codecommit' },
      readCredential: { kind: 'codecommit' },
    },
  ],
  targets: [
    {
      name: 'staging',
      repository: 'cluster',
      deployer: 'flux',
      cluster: cluster('staging', { access: 'view-policy' }),
      namespaces: ['shop'],
      auditLog: true,
      uploaders: {
        arns: [`arn:aws:iam::${ACCOUNT}:role/deliver`, 'arn:aws:iam::444455556666:role/deliver'],
        github: [
          { repository: 'example/web', ref: 'refs/heads/main' },
          { repository: 'octocat@123456/api@456789', environment: 'staging' },
        ],
      },
      operators: { arns: [`arn:aws:iam::${ACCOUNT}:role/on-call`, 'arn:aws:iam::444455556666:role/on-call'] },
    },
    {
      name: 'private',
      repository: 'cluster',
      deployer: 'argocd',
      delivery: {
        kind: 'pull-request',
        host: { kind: 'github' },
        apiCredential: { secret: 'bank/pull-requests' },
      },
      cluster: cluster('private', {
        access: 'admin-view-policy',
        vpc: {
          id: 'vpc-0a1b2c3d4e5f67890',
          subnets: ['subnet-0a1b2c3d4e5f67890', 'subnet-0a1b2c3d4e5f67891'],
          clusterSecurityGroup: 'sg-0a1b2c3d4e5f67890',
          endpoints: { make: ['s3', 'dynamodb'], routeTables: ['rtb-0a1b2c3d4e5f67890'] },
        },
      }),
      namespaces: ['pay'],
      uploaders: { github: [{ repository: 'example/pay', environment: 'private' }] },
    },
    {
      name: 'elsewhere',
      repository: 'second',
      deployer: 'flux',
      delivery: { kind: 'pull-request', host: { kind: 'codecommit' } },
      cluster: cluster('elsewhere', {
        region: 'eu-west-1',
        role: 'arn:aws:iam::444455556666:role/fairlead-check',
      }),
      namespaces: ['shop'],
    },
    {
      name: 'seen',
      repository: 'second',
      deployer: 'none',
      root: 'live',
      driftOnly: true,
      cluster: cluster('staging', { access: 'view-policy' }),
      namespaces: ['infra'],
    },
  ],
  audiences: [
    { name: 'platform', form: 'email', address: 'platform@example.com' },
    {
      name: 'on-call',
      form: 'pager',
      address: 'https://pager.example.com/cloudwatch',
      severities: ['critical'],
    },
    { name: 'shop', form: 'chat', address: 'https://chat.example.com/shop', namespaces: ['shop'] },
    { name: 'ops', form: 'slack', workspace: 'T0123456789', channel: 'C0123456789' },
    {
      name: 'desk',
      form: 'teams',
      tenant: '00000000-0000-4000-8000-000000000001',
      team: '00000000-0000-4000-8000-000000000002',
      channel: '19%3aabcdef%40thread.tacv2',
    },
    { name: 'tickets', form: 'webhook', url: 'https://tickets.example.com/', secret: 'bank/tickets' },
  ],
  chartSources: [
    { url: 'oci://registry.example.com/charts', credential: { username: 'reader', secret: 'bank/charts' } },
  ],
  severity: [{ kinds: ['ConfigMap'], severity: 'info', reason: 'notes, not settings' }],
  bus: { forwardTo: ['arn:aws:events:eu-central-1:444455556666:event-bus/ops'] },
  gitImage: { kind: 'codebuild' },
  gitNetwork: {
    vpc: {
      id: 'vpc-0a1b2c3d4e5f67890',
      subnets: ['subnet-0a1b2c3d4e5f67890', 'subnet-0a1b2c3d4e5f67891'],
      securityGroups: ['sg-0a1b2c3d4e5f67891'],
    },
    caBundle: { secret: 'bank/certificates' },
    proxy: 'http://proxy.example.com:3128',
    noProxy: ['.example.com'],
  },
  backup: { tableVault: true },
};

/** The same under the organisation's own key, boundary and path, with what it brings itself. */
const customers: ConfigInput = {
  ...everything,
  installation: 'own',
  targets: everything.targets.map(({ uploaders, operators, ...target }) => ({
    ...target,
    ...(uploaders?.github === undefined ? {} : { uploaders: { github: uploaders.github } }),
    ...(operators === undefined ? {} : { operators: {} }),
  })),
  gitImage: {
    kind: 'image',
    uri: `${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/fairlead-git@sha256:${'0'.repeat(64)}`,
  },
  mirrors: { helmLayer: `arn:aws:lambda:eu-central-1:${ACCOUNT}:layer:helm:1` },
  aws: {
    key: `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f`,
    permissionsBoundary: 'platform-boundary',
    rolePath: '/platform/',
    qualifier: 'bank',
    existing: {
      uploadBucket: 'charts',
      topics: { operators: `arn:aws:sns:eu-central-1:${ACCOUNT}:ops` },
      vpc: { id: 'vpc-0a1b2c3d4e5f67892', subnets: ['subnet-0a1b2c3d4e5f67892', 'subnet-0a1b2c3d4e5f67893'] },
      oidcProvider: `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`,
    },
  },
};

/** What is synthesised and reviewed before every change: one after the other, more of it. */
export const CONFIGURATIONS: Readonly<
  Record<'minimal' | 'example' | 'everything' | 'customers', ConfigInput>
> = {
  minimal,
  example,
  everything,
  customers,
};
