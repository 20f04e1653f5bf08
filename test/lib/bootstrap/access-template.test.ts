import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { type AccessQuestion, formatAccessTemplate } from '../../../lib/bootstrap/access-template.ts';
import { accessNotes } from '../../../lib/bootstrap/cluster-access.ts';
import { eksCluster } from '../../../lib/config/clusters.ts';
import { parseConfig, type Target } from '../../../lib/config/config.ts';

const ROLE = 'arn:aws:iam::111122223333:role/platform/fairlead-check';

const clusterOf = (given: object) =>
  eksCluster.parse({ kind: 'eks', name: 'prod', region: 'eu-west-1', ...given });

function targetOf(cluster: object, deployer: Target['deployer'] = 'flux'): Target {
  const { targets } = parseConfig({
    repositories: [{ name: 'cluster', url: 'https://git.example.com/c.git' }],
    targets: [
      { name: 'abroad', repository: 'cluster', deployer, namespaces: ['shop'], cluster: clusterOf(cluster) },
    ],
  });
  return targets[0] as Target;
}

const templateOf = (...clusters: AccessQuestion['clusters']) =>
  parse(formatAccessTemplate({ installation: 'fairlead', target: 'abroad', clusters })) as {
    Parameters?: object;
    Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
  };
const shared = (given: object) => ({ cluster: clusterOf(given), targets: [targetOf(given)] });
const entriesIn = ({ Resources }: ReturnType<typeof templateOf>) =>
  Object.values(Resources).filter(({ Type }) => Type === 'AWS::EKS::AccessEntry');

describe('the template for the account and region of a cluster', () => {
  test('of another account has the role that is configured, which check-drift alone may assume, to describe the cluster', () => {
    const template = templateOf(shared({ role: ROLE }));
    const { Role } = template.Resources;
    assert.equal(Role?.Properties.RoleName, 'fairlead-check');
    assert.equal(Role?.Properties.Path, '/platform/');
    assert.deepEqual(Role?.Properties.AssumeRolePolicyDocument, {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: { Ref: 'CheckRole' } },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': 'fairlead:fairlead' } },
        },
      ],
    });
    assert.match(
      JSON.stringify(Role?.Properties.Policies),
      /"Action":"eks:DescribeCluster".*:eu-west-1:.*cluster\/prod/,
    );
    const [entry] = entriesIn(template);
    assert.deepEqual(entry?.Properties.PrincipalArn, { 'Fn::GetAtt': ['Role', 'Arn'] });
    assert.deepEqual(entry?.Properties.KubernetesGroups, ['fairlead:check']);
  });

  test('of the installation’s own account lets check-drift’s role in, and makes none', () => {
    const template = templateOf(shared({ access: 'view-policy' }));
    assert.deepEqual(Object.keys(template.Resources).length, 1);
    const [entry] = entriesIn(template);
    assert.deepEqual(entry?.Properties.PrincipalArn, { Ref: 'CheckRole' });
    assert.deepEqual(entry?.Properties.AccessPolicies, [
      {
        PolicyArn: {
          'Fn::Sub': `arn:\${AWS::Partition}:eks::aws:cluster-access-policy/AmazonEKSViewPolicy`,
        },
        AccessScope: { Type: 'namespace', Namespaces: ['fairlead-abroad', 'shop'] },
      },
    ]);
  });

  test('of clusters that share a role makes it once, for all of them, where the first of them is', () => {
    const [near, far] = [shared({ role: ROLE }), shared({ role: ROLE, region: 'us-east-1', name: 'west' })];
    const [home, away] = [templateOf(near, far), templateOf(far, near)];
    assert.ok(home.Resources.Role !== undefined);
    assert.match(JSON.stringify(home.Resources.Role), /eu-west-1.*prod.*us-east-1.*west/);
    assert.equal(entriesIn(home).length, 1);
    assert.equal(away.Resources.Role, undefined);
    assert.equal(away.Parameters, undefined);
    assert.deepEqual(
      entriesIn(away).map(({ Properties }) => [Properties.ClusterName, Properties.PrincipalArn]),
      [['west', ROLE]],
    );
  });
});

describe('what bootstrap says of access', () => {
  const notes = (cluster: object) => {
    const target = targetOf(cluster);
    return accessNotes(target, 'fairlead', [target]).join('\n');
  };

  test('is the command for a cluster of another region, with its policy in its namespaces', () => {
    const said = notes({ access: 'admin-view-policy' });
    assert.match(said, /aws eks create-access-entry --region eu-west-1 --cluster-name prod --type STANDARD/);
    assert.match(said, /--kubernetes-groups fairlead:check --principal-arn "\$CHECK_ROLE"/);
    assert.match(said, /AmazonEKSAdminViewPolicy \\\n.*namespaces=fairlead-abroad,shop$/);
  });

  test('is the template for one of another account, and nothing to do for a private one', () => {
    assert.match(notes({ role: ROLE }), /-o cloudformation/);
    const vpc = { id: 'vpc-0a1b2c3d', subnets: ['subnet-0a1b2c3d'] };
    assert.doesNotMatch(notes({ vpc }), /aws eks|cloudformation/);
  });
});
