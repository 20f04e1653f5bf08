import type { Table } from '../aws/table.ts';
import type { Observation } from '../checks/observation.ts';
import type { Deployer } from '../config/config.ts';
import type { Alert } from './alert.ts';

/** What telling needs to know of the target beside what was seen. */
export interface TellContext {
  readonly installation: string;
  /** Address of the repository, without credentials. */
  readonly repository: string;
  readonly root: string;
  readonly deployer: Deployer;
  readonly argocdNamespace?: string;
  readonly rolloutDeadlineMinutes: number;
}

/**
 * Decides what an observation changes and writes it together with the alerts that follow, one item a scope and class.
 * Who loses a conditional write reads again and decides again; an observation older than what is known is dropped.
 * Returns the alerts that this call wrote.
 */
export async function tellObservation(
  _table: Table,
  _observation: Observation,
  _context: TellContext,
): Promise<readonly Alert[]> {
  throw new Error('not built yet');
}
