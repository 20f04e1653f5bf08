import { RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ExistingVpc } from '../../lib/config/aws.ts';
import type { FairleadFunction } from '../run/function.ts';
import { hasInterfaces, type Network, type Placement } from './network-interfaces.ts';

export interface IsolationSettings {
  /** ARNs of what may be reached in the buckets: keys, not buckets. */
  readonly reachable: readonly string[];
  /**
   * A network that is used instead of being made. Nothing but a security group is made in it then: that its subnets have
   * no way out, and an endpoint to S3, its owners see to.
   */
  readonly existing: ExistingVpc | undefined;
}

/**
 * A network without a way out: no internet gateway, no NAT, one free gateway endpoint to S3 that admits the given
 * buckets only. Hostile templates run here. Names still resolve (without them S3 is not found); helm's own lookup
 * function is off.
 */
export class Isolation extends Construct implements Network {
  private readonly vpc: IVpc;
  private readonly subnets: SubnetSelection;
  private readonly group: ISecurityGroup;

  constructor(scope: Construct, id: string, { reachable, existing }: IsolationSettings) {
    super(scope, id);
    if (existing === undefined) {
      this.vpc = this.sealed(reachable);
      this.subnets = { subnetType: SubnetType.PRIVATE_ISOLATED };
    } else {
      this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
        vpcId: existing.id,
        // Which zones the subnets are in matters to nobody here.
        availabilityZones: ['any'],
        privateSubnetIds: [...existing.subnets],
      });
      this.subnets = { subnets: this.vpc.privateSubnets };
    }
    this.group =
      existing?.securityGroup === undefined
        ? this.ownGroup()
        : SecurityGroup.fromSecurityGroupId(this, 'Group', existing.securityGroup, { mutable: false });
  }

  placement(to: FairleadFunction): Placement {
    hasInterfaces(to);
    return { vpc: this.vpc, vpcSubnets: this.subnets, securityGroups: [this.group] };
  }

  private sealed(reachable: readonly string[]): IVpc {
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 26 }],
      flowLogs: {
        all: {
          destination: FlowLogDestination.toCloudWatchLogs(
            new LogGroup(this, 'Flow', {
              retention: RetentionDays.ONE_MONTH,
              removalPolicy: RemovalPolicy.DESTROY,
            }),
          ),
        },
      },
    });
    const endpoint = vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    endpoint.addToPolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
        resources: [...reachable],
      }),
    );
    return vpc as IVpc;
  }

  private ownGroup(): ISecurityGroup {
    const group = new SecurityGroup(this, 'Group', {
      vpc: this.vpc,
      description: 'HTTPS to the S3 endpoint, which is all that the routes lead to',
      allowAllOutbound: false,
    });
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'HTTPS to the S3 endpoint');
    return group;
  }
}
