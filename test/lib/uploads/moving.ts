import { deliverUploads } from '../../../lib/uploads/delivering/deliver.ts';
import { receiveUpload } from '../../../lib/uploads/receiving/receive.ts';
import { sweep } from '../../../lib/uploads/sweep.ts';
import type { Pipeline } from './pipeline.ts';

/** A target that the configuration moves to another branch. */
export const DAY = 24 * 3600;
/** Stays where it was, so that its branch is looked at. */
export const other = {
  name: 'other',
  repository: 'cluster',
  deployer: 'flux' as const,
  namespaces: ['shop'],
};

type Parts = Pipeline['parts'];
type Moving = Pick<Pipeline, 'parts' | 'queues' | 'record' | 'later'>;

export const deliverTo = (branch: string, parts: Parts) =>
  deliverUploads({ schema: 1, repository: 'cluster', branch, because: 'upload' }, parts);

/** The configuration once `staging` has another branch. */
export function movedTo({ parts }: Pick<Moving, 'parts'>, branch: string): Parts {
  const targets = parts.config.targets.map((one) => (one.name === 'staging' ? { ...one, branch } : one));
  return { ...parts, config: { ...parts.config, targets } };
}

/** The hourly sweep, and what it sends is received. */
export async function sweepHourly(pipe: Moving, parts: Parts) {
  pipe.later(3600);
  await sweep({ schema: 1, sweep: 'hours' }, { ...parts, received: pipe.queues.received });
  for (const event of pipe.queues.received.messages.splice(0)) await receiveUpload(event, parts);
}
