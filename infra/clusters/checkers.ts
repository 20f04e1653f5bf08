import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ClusterVpc, EksCluster } from '../../lib/config/clusters.ts';
import type { Target } from '../../lib/config/config.ts';
import { ClusterNetwork } from '../network/cluster-network.ts';
import type { Network } from '../network/network-interfaces.ts';
import type { FairleadFunction } from '../run/function.ts';
import { WorkQueue } from '../run/queue.ts';

/** A check function with a queue of its own, and the targets whose clusters it reads. */
export interface Checker {
  readonly worker: FairleadFunction;
  readonly work: WorkQueue;
  readonly targets: readonly Target[];
  /** Where it stands, if not where Lambda puts what reaches the internet. */
  readonly network?: Network;
}

type CreateChecker = (called?: { readonly as: string; readonly network: Network }) => FairleadFunction;

/** As much of a VPC's id as fits into a role's name of 64 characters, with installation and region. */
const TAIL = -9;

/**
 * Who checks: one function for every cluster with a public endpoint, and one in each VPC that holds private clusters.
 * A queue each, since several functions on one would take each other's messages.
 */
export class Checkers {
  readonly all: readonly Checker[];
  private readonly open: Checker;
  private readonly inVpcs: ReadonlyMap<string, Checker>;

  constructor(scope: Construct, targets: readonly Target[], create: CreateChecker) {
    const byVpc = Map.groupBy(targets, (target) => privateCluster(target)?.vpc.id);
    this.open = checkerOf(scope, 'Checks', create(), byVpc.get(undefined) ?? []);
    this.inVpcs = new Map(
      [...byVpc].flatMap(([id, own]) => {
        const clusters = own.flatMap((target) => privateCluster(target) ?? []);
        const [first] = clusters;
        if (id === undefined || first === undefined) return [];
        const tail = id.slice(TAIL);
        const network = new ClusterNetwork(scope, `Network-${id}`, { vpc: first.vpc, clusters });
        const worker = create({ as: `check-${tail}`, network });
        return [[id, { ...checkerOf(scope, `Checks-${tail}`, worker, own), network }] as const];
      }),
    );
    this.all = [this.open, ...this.inVpcs.values()];
  }

  /** A message goes to the function that stands where the target's cluster is reached. */
  rungBy(reader: FairleadFunction): void {
    this.open.work.rungBy(reader);
    if (this.inVpcs.size === 0) return;
    const queues = [...this.inVpcs].map(([id, { work }]) => [id, work.queue] as const);
    reader.knows(
      'privateCheckQueues',
      Stack.of(reader).toJsonString(Object.fromEntries(queues.map(([id, queue]) => [id, queue.queueUrl]))),
    );
    reader.allow({ actions: ['sqs:SendMessage'], resources: queues.map(([, queue]) => queue.queueArn) });
  }
}

const checkerOf = (
  scope: Construct,
  id: string,
  worker: FairleadFunction,
  targets: readonly Target[],
): Checker => ({
  worker,
  targets,
  work: new WorkQueue(scope, id, {
    variable: 'checkQueue',
    worker,
    order: 'any',
    batchSize: 1,
    maxConcurrency: 5,
    maxReceiveCount: 5,
  }),
});

function privateCluster({ cluster }: Target): (EksCluster & { readonly vpc: ClusterVpc }) | undefined {
  if (cluster?.kind !== 'eks' || cluster.vpc === undefined) return undefined;
  return { ...cluster, vpc: cluster.vpc };
}
