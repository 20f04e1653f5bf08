import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { judgeNetworkQuota, type NetworkQuota, networkQuotas } from '../../../lib/doctor/network-quotas.ts';
import { ABSENT, DENIED, FAILED, read, table } from './judging.ts';

const target = (name: string, vpc: object) => ({
  name,
  repository: 'cluster',
  deployer: 'flux' as const,
  namespaces: ['shop'],
  cluster: { kind: 'eks' as const, name, region: 'eu-central-1', ...vpc },
});
const needs = (config: object): Record<string, number> => {
  const input = {
    repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
    targets: [{ ...target('staging', {}), driftOnly: true }],
    ...config,
  } as ConfigInput;
  return Object.fromEntries(
    networkQuotas(parseConfig(input, 'test')).map(({ where, needed }) => [where, needed]),
  );
};

test('an installation makes a VPC of its own, with one endpoint', () => {
  assert.deepEqual(needs({}), { 'VPCs of this region': 1, 'gateway endpoints of this region': 1 });
});

test('where a VPC is given, it stands there with an interface a subnet, and makes none', () => {
  const vpc = { id: 'vpc-0aaaaaaaa', subnets: ['subnet-0aaaaaaaa', 'subnet-0bbbbbbbb'] };
  assert.deepEqual(needs({ aws: { existing: { vpc } } }), {
    'network interfaces of Lambda in vpc-0aaaaaaaa': 2,
  });
});

test('clusters of one VPC share its interfaces, and each endpoint that is to be made counts once', () => {
  const vpc = (...subnets: string[]) => ({
    vpc: {
      id: 'vpc-0cccccccc',
      subnets,
      endpoints: { make: ['s3', 'dynamodb'], routeTables: ['rtb-0aaaaaaaa'] },
    },
  });
  const targets = ['one', 'two'].map((name) => ({
    ...target(name, vpc('subnet-0aaaaaaaa', 'subnet-0bbbbbbbb')),
    root: name,
    driftOnly: true,
  }));
  assert.deepEqual(needs({ targets }), {
    'VPCs of this region': 1,
    'gateway endpoints of this region': 3,
    'network interfaces of Lambda in vpc-0cccccccc': 2,
  });
});

const vpcs: NetworkQuota = {
  where: 'VPCs of this region',
  service: 'vpc',
  named: /^VPCs per Region$/i,
  code: 'L-F678F1CE',
  needed: 1,
  counts: { kind: 'vpcs' },
};
const five = read(new Map([['VPCs per Region', 5]]));
table('quotas of networks', [
  ['room', () => judgeNetworkQuota(vpcs, read(4), five, 'not-deployed'), [/^ok: 4 of 5/]],
  [
    'none left before the first deploy',
    () => judgeNetworkQuota(vpcs, read(5), five, 'not-deployed'),
    [/^wrong: 5 of 5.*makes 1 more => aws .*L-F678F1CE --desired-value 6.*aws\.existing\.vpc/],
  ],
  [
    'none left, and it has its own',
    () => judgeNetworkQuota(vpcs, read(5), five, 'deployed'),
    [/^ok: 5 of 5/],
  ],
  [
    'none left, and nobody knows whose they are',
    () => judgeNetworkQuota(vpcs, read(5), five, 'not-known'),
    [/^warning: 5 of 5/],
  ],
  [
    'no quota of that name',
    () => judgeNetworkQuota(vpcs, read(5), read(new Map()), 'deployed'),
    [/^skipped/],
  ],
  ['who may not count', () => judgeNetworkQuota(vpcs, DENIED, five, 'deployed'), [/^skipped: .*some:Action/]],
  ['no answer', () => judgeNetworkQuota(vpcs, read(5), FAILED, 'deployed'), [/^skipped: .*Throttling/]],
  ['no such service', () => judgeNetworkQuota(vpcs, read(5), ABSENT, 'deployed'), [/^skipped/]],
]);
