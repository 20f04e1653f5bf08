import { Stack } from 'aws-cdk-lib';
import { clusterKey, type EksCluster } from '../../lib/config/clusters.ts';
import type { Target } from '../../lib/config/config.ts';
import type { FairleadFunction } from '../run/function.ts';

/** The clusters that are checked, each once. */
export function clustersOf(targets: readonly Target[]): readonly EksCluster[] {
  const named = targets.flatMap(({ cluster }) =>
    cluster?.kind === 'eks' ? [[clusterKey(cluster), cluster] as const] : [],
  );
  return [...new Map(named).values()];
}

/**
 * Endpoint and certificate authority: asked of AWS, never taken from a message. Of clusters in other accounts the one
 * asks who assumes the role there.
 */
export function describesClusters(reader: FairleadFunction, targets: readonly Target[]): void {
  const clusters = clustersOf(targets).filter(({ role }) => role === undefined);
  if (clusters.length === 0) return;
  reader.allow({
    actions: ['eks:DescribeCluster'],
    resources: clusters.map(({ name, region }) =>
      Stack.of(reader).formatArn({ service: 'eks', region, resource: 'cluster', resourceName: name }),
    ),
  });
}

/** Exactly the roles that the configuration names. */
export function assumesRoles(checker: FairleadFunction, targets: readonly Target[]): void {
  const roles = new Set(clustersOf(targets).flatMap(({ role }) => role ?? []));
  if (roles.size > 0) checker.allow({ actions: ['sts:AssumeRole'], resources: [...roles].sort() });
}
