import type { Alert } from '../../../lib/alerts/alert.ts';
import type { Observation } from '../../../lib/checks/observation.ts';
import type { Channel } from './commands.ts';

/** What a run leaves behind, in the order in which it came about. */
export type Entry =
  | {
      readonly kind: 'looked';
      readonly check: number;
      readonly observation: Observation;
      /** Minutes, by the clock that is right; and until when each scope is snoozed by it. */
      readonly now: number;
      readonly snoozes: ReadonlyMap<string, number>;
    }
  | { readonly kind: 'ended'; readonly check: number; readonly how: 'done' | 'crashed' | 'threw' }
  /** An alert that was written with the state it comes from. */
  | { readonly kind: 'said'; readonly check: number; readonly alert: Alert; readonly item: string }
  | {
      readonly kind: 'published';
      readonly channel: Channel;
      readonly incident: string;
      readonly sequence: number;
      /** All that the channel was given. */
      readonly message: string;
      readonly severities: readonly string[];
      /** Of a pager. */
      readonly state?: 'ALARM' | 'OK';
    }
  /** From here on nothing in the cluster or in Git moves, and everything that runs comes to its end. */
  | { readonly kind: 'quiet'; readonly world: 'as it is' | 'well' };

export class Violation extends Error {
  readonly rule: string;
  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.rule = rule;
  }
}

export const keyOf = ({ incident, sequence }: { incident: string; sequence: number }): string =>
  `${incident}#${sequence}`;
