import { Aws, CfnOutput, CfnRule, Fn, Stack } from 'aws-cdk-lib';
import {
  CfnSecurityGroupIngress,
  CfnVPCEndpoint,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { ClusterVpc, EksCluster } from '../../lib/config/clusters.ts';
import type { FairleadFunction } from '../run/function.ts';
import { hasInterfaces, type Network, type Placement } from './network-interfaces.ts';

const HTTPS = 443;

/**
 * The VPC of private clusters, which is there already: a place for a check function, its way to the clusters, and the
 * two gateway endpoints where the configuration asks for them. No interface endpoint: a check calls S3, DynamoDB and
 * its cluster, and nothing else (test/functions/check-drift-hosts.test.ts).
 */
export class ClusterNetwork extends Construct implements Network {
  private readonly vpc: IVpc;
  private readonly group: ISecurityGroup;

  constructor(
    scope: Construct,
    id: string,
    {
      vpc,
      clusters,
    }: {
      readonly vpc: ClusterVpc;
      readonly clusters: readonly (EksCluster & { readonly vpc: ClusterVpc })[];
    },
  ) {
    super(scope, id);
    // Which zones the subnets are in matters to nobody here.
    const attributes = { availabilityZones: ['any'], privateSubnetIds: [...vpc.subnets] };
    this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId: vpc.id, ...attributes });
    this.group =
      vpc.securityGroup === undefined
        ? this.ownGroup()
        : SecurityGroup.fromSecurityGroupId(this, 'Group', vpc.securityGroup, { mutable: false });
    this.letIntoClusters(clusters);
    if (vpc.endpoints !== undefined) this.makeEndpoints(vpc, vpc.endpoints);
    this.isHere(clusters);
  }

  placement(to: FairleadFunction): Placement {
    hasInterfaces(to);
    return {
      vpc: this.vpc,
      vpcSubnets: { subnets: this.vpc.privateSubnets },
      securityGroups: [this.group],
    };
  }

  private ownGroup(): SecurityGroup {
    const group = new SecurityGroup(this, 'Group', {
      vpc: this.vpc,
      description:
        'Fairlead: HTTPS to the clusters of this VPC, and to S3 and DynamoDB by their gateway endpoints',
      allowAllOutbound: false,
    });
    // Gateway endpoints are reached by public addresses, and CloudFormation cannot look up the list of them.
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(HTTPS), 'HTTPS, as far as the routes of the subnets lead');
    new CfnOutput(this, 'SecurityGroup', {
      description:
        'Of the check function in this VPC: clusters that name no clusterSecurityGroup let it in by 443',
      value: group.securityGroupId,
    });
    return group;
  }

  private letIntoClusters(clusters: readonly (EksCluster & { readonly vpc: ClusterVpc })[]): void {
    const groups = new Set(clusters.flatMap(({ vpc }) => vpc.clusterSecurityGroup ?? []));
    for (const groupId of groups) {
      new CfnSecurityGroupIngress(this, `In-${groupId}`, {
        groupId,
        ipProtocol: 'tcp',
        fromPort: HTTPS,
        toPort: HTTPS,
        sourceSecurityGroupId: this.group.securityGroupId,
        description: 'Drift checks of Fairlead, which only read',
      });
    }
  }

  /** Without a policy of their own: they are of everything in these subnets, and the function's role says what it may. */
  private makeEndpoints(
    { id }: ClusterVpc,
    { make, routeTables }: NonNullable<ClusterVpc['endpoints']>,
  ): void {
    for (const service of new Set(make)) {
      new CfnVPCEndpoint(this, `Endpoint-${service}`, {
        vpcId: id,
        vpcEndpointType: 'Gateway',
        serviceName: `com.amazonaws.${Stack.of(this).region}.${service}`,
        routeTableIds: [...routeTables],
      });
    }
  }

  /** A function stands in no VPC of another region: the deployment says so before it makes anything. */
  private isHere(clusters: readonly EksCluster[]): void {
    const [first] = clusters;
    if (first === undefined) return;
    new CfnRule(this, 'Here', {
      assertions: [
        {
          assert: Fn.conditionEquals(Aws.REGION, first.region),
          assertDescription: `The private cluster ${first.name} is in ${first.region}: put an installation there`,
        },
      ],
    });
  }
}
