import * as z from 'zod';
import { entries } from './entries.ts';

/**
 * How Fairlead gets to a cluster and into it (docs/clusters.md).
 */

/** The ids of what is there already, as EC2 gives them. */
const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `an id such as "${prefix}-0a1b2c3d4e5f67890"`);

/** The VPC of a cluster whose endpoint is private: a check function of its own stands in it. */
const clusterVpc = entries({
  id: id('vpc'),
  /** Private ones, from which the cluster's endpoint is reached; two availability zones or more outlive one. */
  subnets: z.array(id('subnet')).min(1, 'name at least one subnet').max(16),
  /** What the check function is in. Made where none is named: out by 443 and nothing else. */
  securityGroup: id('sg').optional(),
  /** The cluster's own, to which a rule is added: in by 443 from the check function. Absent: you let it in. */
  clusterSecurityGroup: id('sg').optional(),
  /** Gateway endpoints that these route tables lack. Absent: they are there, or there is a way out. */
  endpoints: entries({
    make: z.array(z.enum(['s3', 'dynamodb'])).min(1, 'name what to make: "s3", "dynamodb"'),
    routeTables: z.array(id('rtb')).min(1, 'name the route tables of the subnets').max(16),
  }).optional(),
});

export const eksCluster = entries({
  kind: z.literal('eks'),
  name: z.string().regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, 'an EKS cluster name'),
  region: z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'a region such as "eu-central-1"'),
  /**
   * What its access entry gives the check: the group `fairlead:check`, whose rights `bootstrap` prints, or besides it
   * one of Amazon EKS' own access policies in the namespaces of the targets.
   */
  access: z.enum(['group', 'view-policy', 'admin-view-policy']).default('group'),
  /** Of a cluster in another account: the role there that `check-drift` assumes. Its endpoint is public. */
  role: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::\d{12}:role\/[A-Za-z0-9+=,.@_/-]{1,576}$/,
      'the ARN of a role, such as "arn:aws:iam::111122223333:role/fairlead-check"',
    )
    .optional(),
  /** Of a cluster whose endpoint is private, in the account and region of the installation. */
  vpc: clusterVpc.optional(),
});

export type EksCluster = z.output<typeof eksCluster>;
export type ClusterVpc = z.output<typeof clusterVpc>;
export type ClusterAccess = EksCluster['access'];

/** What a role in another account is told who assumes it, so that no other installation does by mistake. */
export const externalIdOf = (installation: string): string => `fairlead:${installation}`;

/** Two targets may deploy to one cluster: these are the same then. */
export const clusterKey = ({ name, region, role }: Pick<EksCluster, 'name' | 'region' | 'role'>): string =>
  [region, name, ...(role === undefined ? [] : [role])].join('/');
