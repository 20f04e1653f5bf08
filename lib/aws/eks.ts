import { DescribeClusterCommand, type EKSClient } from '@aws-sdk/client-eks';

export interface EksEndpoint {
  readonly url: string;
  /** PEM in base64. */
  readonly certificateAuthority: string;
}

export type DescribedCluster =
  /** `reachable`: from anywhere that its list of public networks admits, or from its own VPC alone. */
  | {
      readonly kind: 'described';
      readonly endpoint: EksEndpoint;
      readonly reachable: 'publicly' | 'in-its-vpc';
    }
  /** `standing`: until a person changes something. `passing`: asked again, AWS may answer. In words for people. */
  | { readonly kind: 'not-described'; readonly why: 'standing' | 'passing'; readonly reason: string };

/**
 * Where an EKS cluster answers, as AWS says it (Amazon EKS API, DescribeCluster, "Errors").
 * @param as who asks, for people: a function, whose role `cdk deploy` makes, or the ARN of a role
 * @throws what is no answer of AWS and no failure to reach it
 */
export async function describeCluster(
  client: EKSClient,
  {
    name,
    region,
    as = 'read-desired',
  }: { readonly name: string; readonly region: string; readonly as?: string },
): Promise<DescribedCluster> {
  const cluster = `the EKS cluster ${name} in ${region}`;
  try {
    const { cluster: found } = await client.send(new DescribeClusterCommand({ name }));
    const { endpoint, certificateAuthority, resourcesVpcConfig } = found ?? {};
    if (endpoint !== undefined && certificateAuthority?.data !== undefined)
      return {
        kind: 'described',
        endpoint: { url: endpoint, certificateAuthority: certificateAuthority.data },
        reachable: resourcesVpcConfig?.endpointPublicAccess === false ? 'in-its-vpc' : 'publicly',
      };
    const status = found?.status ?? 'unknown';
    return notDescribed('passing', `${cluster} has no endpoint (status ${status}): it is looked at again`);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    switch (error.name) {
      case 'ResourceNotFoundException':
        return notDescribed(
          'standing',
          `there is no EKS cluster ${name} in ${region}: correct its name or region in the configuration`,
        );
      case 'AccessDeniedException':
      case 'AccessDenied':
      case 'UnauthorizedException':
        return notDescribed(
          'standing',
          as.startsWith('arn:')
            ? `AWS does not let ${as} describe ${cluster}: allow it eks:DescribeCluster on that cluster`
            : `AWS does not let ${as} describe ${cluster}: allow its role eks:DescribeCluster there ("cdk deploy" does, unless a policy of the organisation denies it)`,
        );
      case 'ExpiredTokenException':
      case 'UnrecognizedClientException':
        return notDescribed(
          'standing',
          `AWS does not know the credentials with which ${cluster} is looked up`,
        );
      case 'InvalidParameterException':
        return notDescribed(
          'standing',
          `AWS takes "${name}" for no name of a cluster: correct the configuration`,
        );
      default:
        if (!isPassing(error)) throw error;
        return notDescribed(
          'passing',
          `AWS does not say where ${cluster} is (${error.name}): it is asked again`,
        );
    }
  }
}

const notDescribed = (why: 'standing' | 'passing', reason: string): DescribedCluster => ({
  kind: 'not-described',
  why,
  reason,
});

/** Throttled, AWS's own fault, or not reached: what the client library marks so, and what Node says of connections. */
export const isPassing = (error: Error): boolean =>
  /Throttl|TooManyRequests|ServiceUnavailable|ServerException|InternalFailure|Timeout/.test(error.name) ||
  ('$retryable' in error && error.$retryable !== undefined) ||
  ('$fault' in error && error.$fault === 'server') ||
  ('code' in error && typeof error.code === 'string' && CONNECTION.has(error.code));

const CONNECTION = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
