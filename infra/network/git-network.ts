import { type ISecurityGroup, type IVpc, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { GitNetworkSettings } from '../../lib/config/git-network.ts';
import type { FairleadFunction } from '../run/function.ts';
import { hasInterfaces, type Network, type Placement } from './network-interfaces.ts';

/**
 * A VPC of the organisation's, where its Git host is reached. Nothing is made in it: which ways lead out, and which
 * endpoints of AWS are there, is its owners' (docs/git-network.md has the list).
 */
export class GitNetwork extends Construct implements Network {
  private readonly vpc: IVpc;
  private readonly groups: ISecurityGroup[];

  constructor(scope: Construct, id: string, settings: NonNullable<GitNetworkSettings['vpc']>) {
    super(scope, id);
    this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: settings.id,
      // Which zones the subnets are in matters to nobody here.
      availabilityZones: ['any'],
      privateSubnetIds: [...settings.subnets],
    });
    this.groups = settings.securityGroups.map((group, index) =>
      SecurityGroup.fromSecurityGroupId(this, `Group-${index}`, group, { mutable: false }),
    );
  }

  placement(to: FairleadFunction): Placement {
    hasInterfaces(to);
    return {
      vpc: this.vpc,
      vpcSubnets: { subnets: this.vpc.privateSubnets },
      securityGroups: this.groups,
    };
  }
}
