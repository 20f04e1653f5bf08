import { ArnFormat, Stack } from 'aws-cdk-lib';
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
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FairleadFunction } from './function.ts';

/** What a function's network interface needs; Lambda uses it, the function's own code is denied it. */
const INTERFACE_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

export interface IsolationSettings {
  /** ARNs of what may be reached in the buckets: keys, not buckets. */
  readonly reachable: readonly string[];
}

/**
 * A network without a way out: no internet gateway, no NAT, one free gateway endpoint to S3 that admits the given
 * buckets only. Hostile templates run here. Names still resolve (without them S3 is not found); helm's own lookup
 * function is off.
 */
export class Isolation extends Construct {
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
            new LogGroup(this, 'Flow', { retention: RetentionDays.ONE_MONTH }),
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

  /** Where the function stands, and the right to stand there. */
  placement(to: FairleadFunction) {
    to.allow({
      actions: INTERFACE_ACTIONS,
      resources: ['*'],
      because:
        'Network interfaces have no name before they are made; the code itself is denied these actions',
    });
    to.role.addToPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: INTERFACE_ACTIONS,
        resources: ['*'],
        conditions: {
          ArnEquals: {
            'lambda:SourceFunctionArn': Stack.of(this).formatArn({
              service: 'lambda',
              resource: 'function',
              resourceName: to.functionName,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
    return {
      vpc: this.vpc as IVpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [this.group],
    };
  }
}
