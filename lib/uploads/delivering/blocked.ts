import type { Alert } from '../../alerts/alert.ts';
import { withUntold } from '../../alerts/outbox.ts';
import type { Item, Table } from '../../aws/table.ts';
import { neutral } from '../record/claims.ts';
import { UPLOADS_SCHEMA } from '../record/record.ts';

/**
 * The incident of a repository that takes nothing, one a target: `incident#<target>` / `target#delivery`. Opened by
 * the first push or fetch that fails, raised once when it lasts, closed by the next that succeeds; each told once.
 */
const CLASS = 'delivery';
const REASON_LENGTH = 300;
/** A host that comes back by itself mostly does so sooner. */
const BLOCKED_CRITICAL_AFTER_MILLISECONDS = 60 * 60 * 1000;

interface BlockedState extends Item {
  readonly state: 'open' | 'closed';
  readonly opening: number;
  readonly since: string;
  /** Told so far in this opening. */
  readonly told?: readonly ('warning' | 'critical')[];
}

/** Of the repository, or of the host's pull requests, which holds up nothing else. */
type BlockedScope = 'target' | 'proposals';

const keyOf = (target: string, scope: BlockedScope) => ({
  pk: `incident#${target}`,
  sk: `${scope}#${CLASS}`,
});

interface Context {
  readonly table: Table;
  readonly installation: string;
  readonly now: () => Date;
}

const read = async (table: Table, target: string, scope: BlockedScope): Promise<BlockedState | undefined> =>
  (await table.get(keyOf(target, scope))) as BlockedState | undefined;

/** Before it was kept, there was one thing to tell. */
const toldOf = ({ told = ['warning'] }: BlockedState) => told;

export const isBlocked = async (table: Table, target: string): Promise<boolean> =>
  (await read(table, target, 'target'))?.state === 'open';

/** Says so once, and once more when it has lasted; another function that was faster has said it. */
export async function tellBlocked(
  { table, installation, now }: Context,
  target: string,
  says: string,
  scope: BlockedScope = 'target',
): Promise<void> {
  const before = await read(table, target, scope);
  const at = now();
  const open = before?.state === 'open' ? before : undefined;
  const since = open?.since ?? at.toISOString();
  const told = open === undefined ? [] : toldOf(open);
  const lasts = at.getTime() - Date.parse(since) >= BLOCKED_CRITICAL_AFTER_MILLISECONDS;
  const severity = lasts ? 'critical' : 'warning';
  if (told.includes(severity)) return;
  const opening = open?.opening ?? (before?.opening ?? 0) + 1;
  const alert: Alert = {
    ...baseOf(installation, target, scope, opening, told.length + 1, at.toISOString()),
    kind: 'blocked',
    severity,
    reason: neutral(says, REASON_LENGTH),
    since,
  };
  const item = itemOf(before, target, scope, { state: 'open', opening, since, told: [...told, severity] });
  await table.put(withUntold(item, [alert], at.toISOString()), before?.version ?? 'absent');
}

export async function tellUnblocked(
  { table, installation, now }: Context,
  target: string,
  scope: BlockedScope = 'target',
): Promise<void> {
  const before = await read(table, target, scope);
  if (before?.state !== 'open') return;
  const { opening, since } = before;
  const told = toldOf(before);
  const at = now().toISOString();
  const alert: Alert = {
    ...baseOf(installation, target, scope, opening, told.length + 1, at),
    kind: 'unblocked',
    severity: 'info',
    told,
    since,
  };
  const item = itemOf(before, target, scope, { state: 'closed', opening, since, told });
  await table.put(withUntold(item, [alert], at), before.version);
}

const baseOf = (
  installation: string,
  target: string,
  scope: BlockedScope,
  opening: number,
  sequence: number,
  at: string,
) =>
  ({
    schema: 1,
    installation,
    target,
    scope,
    incident: `${installation}/${target}/${scope}/${CLASS}/${opening}`,
    sequence,
    at,
  }) as const;

const itemOf = (
  before: Item | undefined,
  target: string,
  scope: BlockedScope,
  state: Pick<BlockedState, 'state' | 'opening' | 'since' | 'told'>,
): Item => ({
  ...before,
  ...keyOf(target, scope),
  schema: UPLOADS_SCHEMA,
  version: (before?.version ?? 0) + 1,
  ...state,
});
