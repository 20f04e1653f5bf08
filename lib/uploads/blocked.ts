import type { Alert } from '../alerts/alert.ts';
import { withUntold } from '../alerts/outbox.ts';
import type { Item, Table } from '../aws/table.ts';
import { neutral } from './claims.ts';
import { UPLOADS_SCHEMA } from './record.ts';

/**
 * The incident of a repository that takes nothing, one a target: `incident#<target>` / `target#delivery`. Opened by
 * the first push or fetch that fails, closed by the next that succeeds; both told once.
 */
const CLASS = 'delivery';
const REASON_LENGTH = 300;

interface BlockedState extends Item {
  readonly state: 'open' | 'closed';
  readonly opening: number;
  readonly since: string;
}

const keyOf = (target: string) => ({ pk: `incident#${target}`, sk: `target#${CLASS}` });

interface Context {
  readonly table: Table;
  readonly installation: string;
  readonly now: () => Date;
}

/** Says so once; another function that was faster has said it. */
export async function tellBlocked(
  { table, installation, now }: Context,
  target: string,
  says: string,
): Promise<void> {
  const before = (await table.get(keyOf(target))) as BlockedState | undefined;
  if (before?.state === 'open') return;
  const at = now().toISOString();
  const opening = (before?.opening ?? 0) + 1;
  const alert: Alert = {
    ...baseOf(installation, target, opening, 1, at),
    kind: 'blocked',
    severity: 'warning',
    reason: neutral(says, REASON_LENGTH),
    since: at,
  };
  const item = itemOf(before, target, { state: 'open', opening, since: at });
  await table.put(withUntold(item, [alert], at), before?.version ?? 'absent');
}

export async function tellUnblocked({ table, installation, now }: Context, target: string): Promise<void> {
  const before = (await table.get(keyOf(target))) as BlockedState | undefined;
  if (before?.state !== 'open') return;
  const at = now().toISOString();
  const alert: Alert = {
    ...baseOf(installation, target, before.opening, 2, at),
    kind: 'unblocked',
    severity: 'info',
    told: ['warning'],
    since: before.since,
  };
  const item = itemOf(before, target, { state: 'closed', opening: before.opening, since: before.since });
  await table.put(withUntold(item, [alert], at), before.version);
}

const baseOf = (installation: string, target: string, opening: number, sequence: number, at: string) =>
  ({
    schema: 1,
    installation,
    target,
    scope: 'target',
    incident: `${installation}/${target}/target/${CLASS}/${opening}`,
    sequence,
    at,
  }) as const;

const itemOf = (
  before: Item | undefined,
  target: string,
  state: Pick<BlockedState, 'state' | 'opening' | 'since'>,
): Item => ({
  ...before,
  ...keyOf(target),
  schema: UPLOADS_SCHEMA,
  version: (before?.version ?? 0) + 1,
  ...state,
});
