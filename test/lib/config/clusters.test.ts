import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, parseConfig } from '../../../lib/config/config.ts';

const VPC = { id: 'vpc-0a1b2c3d4e5f67890', subnets: ['subnet-0a1b2c3d4e5f67890'] };
const ROLE = 'arn:aws:iam::111122223333:role/fairlead-check';

/** What a configuration with these clusters, a target each, is told. */
function problemsOf(...clusters: readonly object[]): readonly string[] {
  const targets = clusters.map((cluster, index) => ({
    name: `t${index}`,
    repository: 'cluster',
    deployer: 'flux',
    namespaces: ['shop'],
    cluster: { kind: 'eks', name: `c${index}`, region: 'eu-central-1', ...cluster },
  }));
  try {
    parseConfig({ repositories: [{ name: 'cluster', url: 'https://git.example.com/c.git' }], targets });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('a cluster in the configuration', () => {
  test('is let in through the group unless it says otherwise', () => {
    const { targets } = parseConfig({
      repositories: [{ name: 'cluster', url: 'https://git.example.com/c.git' }],
      targets: [
        {
          name: 't',
          repository: 'cluster',
          deployer: 'none',
          namespaces: ['shop'],
          cluster: { kind: 'eks', name: 'c', region: 'eu-central-1' },
        },
      ],
    });
    assert.deepEqual(targets[0]?.cluster, {
      kind: 'eks',
      name: 'c',
      region: 'eu-central-1',
      access: 'group',
    });
  });

  test('may be private, or in another account; both is an error that says to put an installation there', () => {
    assert.deepEqual(problemsOf({ vpc: VPC }, { role: ROLE }), []);
    const [problem = '', ...more] = problemsOf({ vpc: VPC, role: ROLE });
    assert.deepEqual(more, []);
    assert.match(problem, /^targets\[0\]\.cluster: .*private endpoint is not reached from another account/);
    assert.match(problem, /put an installation there/);
  });

  test('private ones are in one region, the installation’s', () => {
    const [problem = '', ...more] = problemsOf(
      { vpc: VPC },
      { region: 'us-east-1', vpc: { ...VPC, id: 'vpc-11111111' } },
    );
    assert.deepEqual(more, []);
    assert.match(problem, /^targets\[1\]\.cluster: .*us-east-1.*eu-central-1.*put an installation there/);
  });

  test('of two targets is the same for both', () => {
    const same = { name: 'shared' };
    assert.deepEqual(problemsOf({ ...same, vpc: VPC }, { ...same, vpc: VPC }, { ...same, role: ROLE }), []);
    assert.deepEqual(problemsOf(same, { ...same, access: 'group' }), []);
    assert.match(
      problemsOf(same, { ...same, access: 'view-policy' }).join(),
      /targets\[0\]: give both the same access/,
    );
    assert.match(problemsOf(same, { ...same, vpc: VPC }).join(), /targets\[0\]: give both the same vpc/);
  });

  test('in one VPC with another is reached from the same place; only its own security group differs', () => {
    const [one, two] = ['sg-0a1b2c3d', 'sg-1a1b2c3d'];
    assert.deepEqual(
      problemsOf(
        { vpc: { ...VPC, clusterSecurityGroup: one } },
        { vpc: { clusterSecurityGroup: two, subnets: VPC.subnets, id: VPC.id } },
      ),
      [],
    );
    assert.match(
      problemsOf({ vpc: VPC }, { vpc: { ...VPC, subnets: ['subnet-11111111'] } }).join(),
      /targets\[1\]\.cluster: vpc-0a1b2c3d4e5f67890 is the vpc of targets\[0\], too/,
    );
  });

  test('in another account has its audit log there, which is not read', () => {
    assert.throws(
      () =>
        parseConfig({
          repositories: [{ name: 'cluster', url: 'https://git.example.com/c.git' }],
          targets: [
            {
              name: 't',
              repository: 'cluster',
              deployer: 'none',
              namespaces: ['shop'],
              auditLog: true,
              cluster: { kind: 'eks', name: 'c', region: 'eu-central-1', role: ROLE },
            },
          ],
        }),
      /targets\[0\]\.auditLog: the audit log of a cluster in another account is not read/,
    );
  });

  test('in more VPCs than one function can be told of is an error', () => {
    const clusters = Array.from({ length: 11 }, (_, at) => ({
      vpc: { ...VPC, id: `vpc-0000000${at.toString(16)}` },
    }));
    assert.match(problemsOf(...clusters).join(), /^targets: their private clusters are in 11 VPCs/);
    assert.deepEqual(problemsOf(...clusters.slice(1)), []);
  });

  test('has ids and ARNs of the right form, and every mistake is told at once', () => {
    const problems = problemsOf(
      { role: 'fairlead-check' },
      { vpc: { id: 'main', subnets: [] } },
      { access: 'admin' },
      { vpc: { ...VPC, endpoints: { make: ['sts'], routeTables: ['rtb-0a1b2c3d'] } } },
    );
    for (const place of [
      '[0].cluster.role',
      '[1].cluster.vpc.id',
      '[1].cluster.vpc.subnets',
      '[2].cluster.access',
      '[3].cluster.vpc.endpoints',
    ])
      assert.ok(
        problems.some((problem) => problem.startsWith(`targets${place}`)),
        place,
      );
  });
});
