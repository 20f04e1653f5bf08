import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { type EksCluster, externalIdOf } from '../config/clusters.ts';
import type { Target } from '../config/config.ts';
import { type EntryRights, entryRights } from './cluster-access.ts';

export interface AccessQuestion {
  readonly installation: string;
  readonly target: string;
  /** The target's, and then all others that are reached by the same role. */
  readonly clusters: readonly [SharedCluster, ...SharedCluster[]];
}

export interface SharedCluster {
  readonly cluster: EksCluster;
  /** All that are deployed to it. */
  readonly targets: readonly Target[];
}

const stackOf = (target: string): string => `fairlead-access-${target}`;

/**
 * A CloudFormation template for the account and region of a cluster: its access entry, and in another account the role
 * that `check-drift` assumes. Everything but the ARN of check-drift's role follows from the configuration.
 */
export function formatAccessTemplate(question: AccessQuestion): string {
  const { clusters, installation, target } = question;
  const { cluster } = clusters[0];
  const names = here(question).map((one) => one.cluster.name);
  const where =
    cluster.role === undefined
      ? `the account of the installation, in ${cluster.region}`
      : `the account of ${cluster.role}, in ${cluster.region}`;
  const heading = [
    `Lets Fairlead's drift check into the EKS cluster ${names.join(', ')}. For ${where}:`,
    `  npx fairlead bootstrap ${target} -o cloudformation > access.yaml`,
    `  aws cloudformation deploy --region ${cluster.region} --stack-name ${stackOf(target)} --template-file access.yaml \\`,
    `    --capabilities CAPABILITY_NAMED_IAM --parameter-overrides CheckRole=ARN`,
    `ARN is the output CheckRole of the stack ${installation}-checks. RBAC is beside it: npx fairlead bootstrap ${target}`,
  ];
  return `${heading.map((line) => `# ${line}\n`).join('')}${stringify(templateOf(question), { lineWidth: 0 })}`;
}

/** Logical ids have letters and digits alone, and stay when clusters come and go. */
const entryId = (cluster: string): string =>
  `Entry${createHash('sha256').update(cluster).digest('hex').slice(0, 8)}`;

/** A stack is of one region; a role is of none, and made where the first of its clusters is, by region and name. */
const here = ({ clusters }: AccessQuestion): readonly SharedCluster[] =>
  clusters.filter(({ cluster }) => cluster.region === clusters[0].cluster.region);

function templateOf(question: AccessQuestion) {
  const { installation, clusters } = question;
  const { role, region } = clusters[0].cluster;
  const regions = clusters.map(({ cluster }) => `${cluster.region} ${cluster.name}`).sort();
  const isHome = regions[0]?.startsWith(`${region} `) === true;
  const checkRole = { Ref: 'CheckRole' };
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Fairlead ${installation}: drift checks`,
    ...(role === undefined || isHome
      ? {
          Parameters: {
            CheckRole: {
              Type: 'String',
              Description: `The output CheckRole of the stack ${installation}-checks`,
              AllowedPattern: '^arn:aws[a-z-]*:iam::\\d{12}:role/.+$',
            },
          },
        }
      : {}),
    Resources: {
      ...(role === undefined || !isHome
        ? {}
        : {
            Role: {
              Type: 'AWS::IAM::Role',
              Properties: {
                RoleName: role.slice(role.lastIndexOf('/') + 1),
                ...pathOf(role),
                Description: `Assumed by check-drift of the Fairlead installation ${installation}`,
                AssumeRolePolicyDocument: {
                  Version: '2012-10-17',
                  Statement: [
                    {
                      Effect: 'Allow',
                      Principal: { AWS: checkRole },
                      Action: 'sts:AssumeRole',
                      Condition: { StringEquals: { 'sts:ExternalId': externalIdOf(installation) } },
                    },
                  ],
                },
                Policies: [
                  {
                    PolicyName: 'describe',
                    PolicyDocument: {
                      Version: '2012-10-17',
                      Statement: [
                        {
                          Effect: 'Allow',
                          Action: 'eks:DescribeCluster',
                          Resource: clusters.map(({ cluster: { name, region } }) => ({
                            'Fn::Sub': `arn:\${AWS::Partition}:eks:${region}:\${AWS::AccountId}:cluster/${name}`,
                          })),
                        },
                      ],
                    },
                  },
                ],
              },
            },
          }),
      ...Object.fromEntries(
        here(question).map(({ cluster: { name, access }, targets }) => [
          entryId(name),
          {
            Type: 'AWS::EKS::AccessEntry',
            Properties: {
              ClusterName: name,
              PrincipalArn:
                role === undefined ? checkRole : isHome ? { 'Fn::GetAtt': ['Role', 'Arn'] } : role,
              Type: 'STANDARD',
              ...granted(entryRights(access, targets)),
            },
          },
        ]),
      ),
    },
  };
}

const granted = ({ groups, policy }: EntryRights) => ({
  KubernetesGroups: groups,
  ...(policy === undefined
    ? {}
    : {
        AccessPolicies: [
          {
            PolicyArn: { 'Fn::Sub': `arn:\${AWS::Partition}:eks::aws:cluster-access-policy/${policy.name}` },
            AccessScope: { Type: 'namespace', Namespaces: policy.namespaces },
          },
        ],
      }),
});

/** `arn:aws:iam::111122223333:role/platform/check`: `/platform/`. */
function pathOf(role: string): { Path?: string } {
  const path = role.slice(role.indexOf(':role/') + ':role'.length, role.lastIndexOf('/') + 1);
  return path === '/' ? {} : { Path: path };
}
