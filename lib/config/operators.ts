import * as z from 'zod';
import { entries } from './entries.ts';
import { principal } from './principals.ts';

/**
 * Who may give commands to a target (take back, freeze, promote, remove), beside those whom the account lets in with
 * the installation's managed policy for all targets. That it is there, even empty, makes a policy of this target alone.
 */
export const operators = entries({
  /** Roles and users, of this account or another. */
  arns: z.array(principal).max(50, 'at most 50 of a target: let them assume one role').default([]),
});

export type Operators = z.output<typeof operators>;
