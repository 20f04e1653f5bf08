import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { FairleadFunction } from '../run/function.ts';

/** Where a function's network interfaces are. */
export interface Placement {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  readonly securityGroups: ISecurityGroup[];
}

/** A network that functions stand in. */
export interface Network extends IConstruct {
  /** Where the function stands, and the right to stand there. */
  placement(to: FairleadFunction): Placement;
}

/** What a function's network interface needs; Lambda uses it, the function's own code is denied it. */
const INTERFACE_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** Lets Lambda make the function's interfaces (Lambda guide, "Giving Lambda functions access to resources in a VPC"). */
export function hasInterfaces(to: FairleadFunction): void {
  to.allow({
    actions: INTERFACE_ACTIONS,
    resources: ['*'],
    because: 'Network interfaces have no name before they are made; the code itself is denied these actions',
  });
  to.role.addToPolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions: INTERFACE_ACTIONS,
      resources: ['*'],
      conditions: {
        ArnEquals: {
          'lambda:SourceFunctionArn': Stack.of(to).formatArn({
            service: 'lambda',
            resource: 'function',
            resourceName: to.functionName,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        },
      },
    }),
  );
}
