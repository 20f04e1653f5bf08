import { Stack } from 'aws-cdk-lib';
import type { Target } from '../lib/config/config.ts';
import type { FairleadFunction } from './function.ts';

export type EksCluster = Extract<NonNullable<Target['cluster']>, { kind: 'eks' }>;

/** The clusters that are checked, each once. */
export function clustersOf(targets: readonly Target[]): readonly EksCluster[] {
  const named = targets.flatMap(({ cluster }) =>
    cluster?.kind === 'eks' ? [[`${cluster.region}-${cluster.name}`, cluster] as const] : [],
  );
  return [...new Map(named).values()];
}

/** Endpoint and certificate authority: asked of AWS, never taken from a message. */
export function describesClusters(reader: FairleadFunction, targets: readonly Target[]): void {
  const clusters = clustersOf(targets);
  if (clusters.length === 0) return;
  reader.allow({
    actions: ['eks:DescribeCluster'],
    resources: clusters.map(({ name, region }) =>
      Stack.of(reader).formatArn({ service: 'eks', region, resource: 'cluster', resourceName: name }),
    ),
  });
}
