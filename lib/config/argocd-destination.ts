import * as z from 'zod';
import type { Target } from './config.ts';
import { entries } from './entries.ts';

const CLUSTER_ARN = /^arn:aws[a-z-]*:eks:([a-z0-9-]+):(\d{12}):cluster\/(.+)$/;

/**
 * What Argo CD calls the cluster of a target. Argo CD of a cluster knows that as `https://kubernetes.default.svc`. The one
 * that EKS runs does not: there a cluster is registered under its ARN and a name (EKS user guide, "Register target clusters").
 */
export const argocdDestination = entries({
  server: z
    .string()
    .refine((server) => URL.canParse(server) || CLUSTER_ARN.test(server), {
      message:
        'an https:// address, or the ARN of an EKS cluster: "arn:aws:eks:eu-central-1:111122223333:cluster/staging"',
    })
    .transform((server) => server.replace(/\/+$/, ''))
    .exactOptional(),
  name: z.string().min(1).max(253).exactOptional(),
}).refine(
  ({ server, name }) => server !== undefined || name !== undefined,
  'say the server, the name, or both: as the cluster is registered with Argo CD',
);

export type ArgocdDestination = z.output<typeof argocdDestination>;
type Placed = Pick<Target, 'argocdDestination' | 'cluster'>;

const IN_CLUSTER = { server: 'https://kubernetes.default.svc', name: 'in-cluster' } as const;

/** What is written into an Application or a project: the server, where it is known. */
export function writtenDestination({
  argocdDestination: given,
}: Pick<Target, 'argocdDestination'>): { readonly server: string } | { readonly name: string } {
  if (given?.server !== undefined) return { server: given.server };
  return given?.name === undefined ? { server: IN_CLUSTER.server } : { name: given.name };
}

/** Whether an Application that names these goes to the cluster of the target. */
export function isDestinationOf(
  { argocdDestination: given, cluster }: Placed,
  { server, name }: { readonly server: string | undefined; readonly name: string | undefined },
): boolean {
  if (server !== undefined)
    return server === given?.server || isIts(server, given) || isArnOf(server, { given, cluster });
  return name === undefined || name === given?.name || (name === IN_CLUSTER.name && isCalledSo(given));
}

/** Another name or address that was told is that of a cluster elsewhere, or the new name of this one. */
const isCalledSo = (given: ArgocdDestination | undefined): boolean =>
  given?.name === undefined && (given?.server === undefined || given.server === IN_CLUSTER.server);

/** The address of the cluster that Argo CD stands in: the target's, unless it was said to be called otherwise. */
const isIts = (server: string, given: ArgocdDestination | undefined): boolean =>
  server === IN_CLUSTER.server && given?.server === undefined;

/**
 * Where the target says its ARN, or the role in the cluster's account, the account is known. Of others it is not: no two
 * clusters that one Argo CD knows are called alike there.
 */
function isArnOf(
  server: string,
  { given, cluster }: { readonly given: ArgocdDestination | undefined; readonly cluster: Target['cluster'] },
): boolean {
  const [, region, account, name] = CLUSTER_ARN.exec(server) ?? [];
  if (cluster?.kind !== 'eks' || cluster.region !== region || cluster.name !== name) return false;
  if (given?.server !== undefined && CLUSTER_ARN.test(given.server)) return false;
  return cluster.role === undefined || cluster.role.split(':')[4] === account;
}
