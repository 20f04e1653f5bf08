import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bootstrapDocuments } from '../../../lib/bootstrap/bootstrap.ts';
import { isDestinationOf } from '../../../lib/config/argocd-destination.ts';
import { type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { newReleaseFile } from '../../../lib/repository/layout.ts';

const ARN = 'arn:aws:eks:eu-central-1:111122223333:cluster/staging';
const IN_CLUSTER = 'https://kubernetes.default.svc';

const configured = (more: Partial<ConfigInput['targets'][number]> = {}) => {
  const config = parseConfig({
    repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
    targets: [
      {
        name: 'staging',
        repository: 'cluster',
        deployer: 'argocd',
        cluster: { kind: 'eks', name: 'staging', region: 'eu-central-1' },
        namespaces: ['shop'],
        ...more,
      },
    ],
  });
  const [target] = config.targets;
  const [repository] = config.repositories;
  assert.ok(target !== undefined && repository !== undefined);
  return { target, repository };
};

describe('which Applications go to the cluster of a target', () => {
  const managed = { argocdDestination: { server: ARN } };
  const elsewhere = {
    cluster: {
      kind: 'eks' as const,
      name: 'staging',
      region: 'eu-central-1',
      role: 'arn:aws:iam::444455556666:role/fairlead-reads',
    },
  };
  const inThatAccount = ARN.replace('111122223333', '444455556666');
  const registered = { argocdDestination: { name: 'eu-staging' } };
  const CASES: readonly [
    says: string,
    more: Partial<ConfigInput['targets'][number]>,
    destination: { server?: string; name?: string },
    goes: boolean,
  ][] = [
    ['nothing: Argo CD takes its own cluster', {}, {}, true],
    ['the address inside the cluster', {}, { server: IN_CLUSTER }, true],
    ['the name that this has', {}, { name: 'in-cluster' }, true],
    ['the ARN of the cluster, as the Argo CD that EKS runs', {}, { server: ARN }, true],
    ['the ARN of another cluster', {}, { server: ARN.replace('/staging', '/prod') }, false],
    ['the ARN of one called so elsewhere', {}, { server: ARN.replace('eu-central-1', 'eu-west-1') }, false],
    ['another address', {}, { server: 'https://prod.example.com' }, false],
    ['a name that nobody told of', {}, { name: 'eu-staging' }, false],
    ['the name that was told', registered, { name: 'eu-staging' }, true],
    ['the name of its own cluster, where another was told', registered, { name: 'in-cluster' }, false],
    ['the name of its own cluster, where the ARN was told', managed, { name: 'in-cluster' }, false],
    ['the ARN where that was told', managed, { server: ARN }, true],
    ['one called so in another account, where the ARN was told', managed, { server: inThatAccount }, false],
    ['one called so in the account of the role', elsewhere, { server: inThatAccount }, true],
    ['one called so in another account than the role’s', elsewhere, { server: ARN }, false],
    [
      'the inner address where the target is elsewhere',
      { argocdDestination: { server: 'https://staging.example.com/' } },
      { server: IN_CLUSTER },
      false,
    ],
    [
      'an address with a slash at its end',
      { argocdDestination: { server: 'https://staging.example.com/' } },
      { server: 'https://staging.example.com' },
      true,
    ],
  ];
  for (const [says, more, { server, name }, goes] of CASES)
    test(`${says}: ${goes ? 'yes' : 'no'}`, () => {
      assert.equal(isDestinationOf(configured(more).target, { server, name }), goes);
    });
});

test('with the Argo CD that EKS runs, what is delivered and what bootstrap prints name the ARN, never the inner address', () => {
  const { target, repository } = configured({ argocdDestination: { server: ARN } });
  const delivered = newReleaseFile(target, { namespace: 'shop', release: 'web' }, repository.url);
  const printed = JSON.stringify(
    bootstrapDocuments({ target, repository, secrets: 'no-secrets' }).map(({ object }) => object),
  );
  assert.match(delivered?.text ?? '', new RegExp(`server: ${ARN}\n`));
  assert.ok(printed.includes(`{"server":"${ARN}","namespace":"shop"}`));
  for (const text of [delivered?.text ?? '', printed]) assert.ok(!text.includes('kubernetes.default'));
});

test('a cluster that is registered by its name alone is named by it', () => {
  const { target, repository } = configured({ argocdDestination: { name: 'eu-staging' } });
  const delivered = newReleaseFile(target, { namespace: 'shop', release: 'web' }, repository.url);
  assert.match(delivered?.text ?? '', /destination:\n {4}name: eu-staging\n {4}namespace: shop\n/);
});

test('a destination that is none is answered with what one is', () => {
  assert.throws(() => configured({ argocdDestination: {} }), /argocdDestination: say the server, the name/);
  assert.throws(() => configured({ argocdDestination: { server: 'staging' } }), /the ARN of an EKS cluster/);
});
