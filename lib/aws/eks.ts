import { DescribeClusterCommand, type EKSClient } from '@aws-sdk/client-eks';

export interface EksEndpoint {
  readonly url: string;
  /** PEM in base64. */
  readonly certificateAuthority: string;
}

/** Where an EKS cluster answers, as AWS says it. @throws if AWS does not know it, or it has no endpoint yet */
export async function describeCluster(client: EKSClient, name: string): Promise<EksEndpoint> {
  const { cluster } = await client.send(new DescribeClusterCommand({ name }));
  const { endpoint, certificateAuthority } = cluster ?? {};
  if (endpoint === undefined || certificateAuthority?.data === undefined) {
    throw new Error(`the EKS cluster ${name} has no endpoint (status ${cluster?.status ?? 'unknown'})`);
  }
  return { url: endpoint, certificateAuthority: certificateAuthority.data };
}
