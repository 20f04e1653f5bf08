import { RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FairleadFunction } from './function.ts';
import { hasInterfaces, type Network, type Placement } from './network-interfaces.ts';

export interface IsolationSettings {
  /** ARNs of what may be reached in the buckets: keys, not buckets. */
  readonly reachable: readonly string[];
}

/**
 * A network without a way out: no internet gateway, no NAT, one free gateway endpoint to S3 that admits the given
 * buckets only. Hostile templates run here. Names still resolve (without them S3 is not found); helm's own lookup
 * function is off.
 */
export class Isolation extends Construct implements Network {
  private readonly vpc: Vpc;
  private readonly group: SecurityGroup;

  constructor(scope: Construct, id: string, { reachable }: IsolationSettings) {
    super(scope, id);
    this.vpc = new Vpc(this, 'Vpc', {
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
    const endpoint = this.vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    endpoint.addToPolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
        resources: [...reachable],
      }),
    );
    this.group = new SecurityGroup(this, 'Group', {
      vpc: this.vpc as IVpc,
      description: 'HTTPS to the S3 endpoint, which is all that the routes lead to',
      allowAllOutbound: false,
    });
    this.group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'HTTPS to the S3 endpoint');
  }

  placement(to: FairleadFunction): Placement {
    hasInterfaces(to);
    return {
      vpc: this.vpc as IVpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [this.group],
    };
  }
}
