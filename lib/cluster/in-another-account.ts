import { assumeRole, type SessionCredentials } from '../aws/assumed-role.ts';
import * as clients from '../aws/clients.ts';
import { describeCluster, type EksEndpoint } from '../aws/eks.ts';
import type { Environment } from '../aws/environment.ts';
import { type EksCluster, externalIdOf } from '../config/clusters.ts';

/** A cluster of another account: where it is, and as whom it is read. */
export type ReachedByRole =
  | { readonly kind: 'reached'; readonly endpoint: EksEndpoint; readonly credentials: SessionCredentials }
  /** In words for people. */
  | { readonly kind: 'not-reached'; readonly reason: string };

export type ReachByRole = (
  cluster: Pick<EksCluster, 'name' | 'region'> & { readonly role: string },
  installation: string,
) => Promise<ReachedByRole>;

/**
 * Assumes the role that the configuration names and asks AWS, as that role, where the cluster is: nobody else asks,
 * so that no other function has a right in the other account. What passes hides nothing: the cluster is still where
 * this process found it last.
 */
export function reachByRole(environment: Environment): ReachByRole {
  const known = new Map<string, EksEndpoint>();
  const sts = clients.sts(environment);
  return async ({ name, region, role }, installation) => {
    const assumed = await assumeRole(sts, {
      role,
      externalId: externalIdOf(installation),
      session: `${installation}-check-drift`,
    });
    if (assumed.kind === 'refused') return { kind: 'not-reached', reason: assumed.reason };
    const { credentials } = assumed;
    const asRole = {
      ...environment,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
    };
    const described = await describeCluster(clients.eks(asRole, region), { name, region, as: role });
    const key = `${role} ${region} ${name}`;
    if (described.kind === 'described') {
      if (described.reachable === 'in-its-vpc')
        return {
          kind: 'not-reached',
          reason: `the endpoint of the EKS cluster ${name} in ${region} is private and in another account: put an installation there (docs/clusters.md)`,
        };
      known.set(key, described.endpoint);
      return { kind: 'reached', endpoint: described.endpoint, credentials };
    }
    const before = described.why === 'passing' ? known.get(key) : undefined;
    return before === undefined
      ? { kind: 'not-reached', reason: described.reason }
      : { kind: 'reached', endpoint: before, credentials };
  };
}
