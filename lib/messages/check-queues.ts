import * as z from 'zod';
import type { Target } from '../config/config.ts';

/**
 * A check of a private cluster is asked for in the queue of the function that stands in the cluster's VPC: several
 * functions on one queue would take each other's messages.
 */
export type PrivateCheckQueues = Readonly<Record<string, string>>;

const written = z.record(z.string(), z.url());

/** As a function's environment has it: a JSON object of queue URLs by VPC. @throws ZodError if it is none */
export const readPrivateCheckQueues = (text: string | undefined): PrivateCheckQueues =>
  text === undefined ? {} : written.parse(JSON.parse(text));

/**
 * The URL of the queue in which a check of this target is asked for.
 * @throws where nobody stands in the target's VPC: what is deployed is older than the configuration
 */
export function checkQueueOf(
  { name, cluster }: Pick<Target, 'name' | 'cluster'>,
  open: string,
  inVpcs: PrivateCheckQueues,
): string {
  const vpc = cluster?.kind === 'eks' ? cluster.vpc?.id : undefined;
  if (vpc === undefined) return open;
  const queue = inVpcs[vpc];
  if (queue === undefined)
    throw new Error(`no check function stands in ${vpc}, the VPC of target ${name}'s cluster: deploy again`);
  return queue;
}
