import type { ObjectStore } from '../../../aws/objects.ts';
import type { Reason } from '../../../charts/reasons.ts';
import type { CarriedCommand, Verb, VerbKind } from '../../../commands/command.ts';
import type { Config, Target } from '../../../config/config.ts';
import type { CommitPlan } from '../../../repository/commit.ts';
import type { TouchedSlot, WaitingRecord } from '../../record/record.ts';
import type { GroupParts } from '../group.ts';

/** A command that changes Git, to be decided over upon a tip. */
export interface AskedCommand<Kind extends VerbKind = VerbKind> {
  readonly target: Target;
  /** Of the command's own upload: its order is that of the slots that it touches. */
  readonly record: WaitingRecord;
  readonly command: CarriedCommand & { readonly verb: Extract<Verb, { kind: Kind }> };
}

/** What deciding reads. Of Git: the clone of the target's repository, at the tip. */
export interface CommandParts extends Omit<GroupParts, 'target'> {
  readonly config: Config;
  /** Renders, for what stays in a cluster. */
  readonly state: ObjectStore;
  /** For operators. */
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
}

/** What a command comes to. */
export type CommandDecision =
  | {
      readonly kind: 'commit';
      readonly plan: CommitPlan;
      /** Slots that it fills or empties, as they are after it. */
      readonly touched: readonly TouchedSlot[];
      readonly warnings: readonly Reason[];
      /** Of a rollback: the commit whose state it brings back. */
      readonly backTo?: string;
    }
  /** Git is as it asks already. `commit`: one that has it so. */
  | {
      readonly kind: 'unchanged';
      readonly commit: string;
      readonly touched: readonly TouchedSlot[];
      readonly warnings: readonly Reason[];
    }
  | { readonly kind: 'rejected'; readonly reasons: readonly Reason[] }
  /** What was delivered after it was given counts: `key?versionId=…`, as records have it. */
  | { readonly kind: 'superseded'; readonly by: string }
  /** Nobody is to blame, it is tried again: why, for operators. */
  | { readonly kind: 'waits'; readonly says: string };
