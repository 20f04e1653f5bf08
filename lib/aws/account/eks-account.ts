import {
  DescribeAccessEntryCommand,
  DescribeCapabilityCommand,
  DescribeClusterCommand,
  ListAssociatedAccessPoliciesCommand,
  ListCapabilitiesCommand,
} from '@aws-sdk/client-eks';
import * as clients from '../clients.ts';
import type { Environment } from '../environment.ts';
import type { Account, Capability } from './account.ts';
import { reading } from './reading.ts';

/** What EKS says of clusters, each in its own region. */
export function eksAccount(
  environment: Environment,
): Pick<Account, 'eksCluster' | 'accessEntry' | 'capabilities'> {
  return {
    eksCluster: ({ name, region }) =>
      reading('eks:DescribeCluster', async () => {
        const { cluster } = await clients.eks(environment, region).send(new DescribeClusterCommand({ name }));
        const { resourcesVpcConfig: network } = cluster ?? {};
        return {
          arn: cluster?.arn ?? '',
          status: cluster?.status ?? 'unknown',
          version: cluster?.version ?? '',
          // Clusters from before access entries say nothing.
          authenticationMode: cluster?.accessConfig?.authenticationMode ?? 'CONFIG_MAP',
          endpoint: cluster?.endpoint,
          certificateAuthority: cluster?.certificateAuthority?.data,
          isPublic: network?.endpointPublicAccess ?? false,
          isPrivate: network?.endpointPrivateAccess ?? false,
          publicCidrs: network?.publicAccessCidrs ?? [],
          vpc: network?.vpcId,
        };
      }),

    accessEntry: ({ name, region }, principalArn) =>
      reading('eks:DescribeAccessEntry, eks:ListAssociatedAccessPolicies', async () => {
        const client = clients.eks(environment, region);
        const of = { clusterName: name, principalArn };
        const { accessEntry } = await client.send(new DescribeAccessEntryCommand(of));
        const { associatedAccessPolicies = [] } = await client.send(
          new ListAssociatedAccessPoliciesCommand(of),
        );
        return {
          createdAt: accessEntry?.createdAt,
          groups: accessEntry?.kubernetesGroups ?? [],
          policies: associatedAccessPolicies.map(({ policyArn = '' }) => policyArn),
        };
      }),

    capabilities: ({ name, region }) =>
      reading('eks:ListCapabilities, eks:DescribeCapability', async () => {
        const client = clients.eks(environment, region);
        const { capabilities = [] } = await client.send(new ListCapabilitiesCommand({ clusterName: name }));
        const found: Capability[] = [];
        for (const { capabilityName = '' } of capabilities) {
          const { capability } = await client.send(
            new DescribeCapabilityCommand({ clusterName: name, capabilityName }),
          );
          found.push({
            name: capabilityName,
            type: capability?.type ?? '',
            status: capability?.status ?? '',
            version: capability?.version,
          });
        }
        return found;
      }),
  };
}
