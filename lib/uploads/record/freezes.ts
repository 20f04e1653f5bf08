import * as z from 'zod';
import type { Alert } from '../../alerts/alert.ts';
import { untoldPart, withUntold } from '../../alerts/outbox.ts';
import type { Item, Table } from '../../aws/table.ts';
import type { CommandScope } from '../../commands/command.ts';
import type { UploadKey } from './keys.ts';
import { UPLOADS_SCHEMA } from './record.ts';

/**
 * What is frozen: `freeze#<target>` / `*`, or `<namespace>/<release>`. The item stays when the freeze is lifted and
 * remembers the order of the command that did it: an older one that comes late changes nothing.
 */
export interface Freeze {
  readonly scope: CommandScope;
  /** Since when (ISO). */
  readonly at: string;
  /** ARN of who froze. */
  readonly by: string;
  readonly reason?: string;
  /** Id of the command. */
  readonly command: string;
}

const WHOLE_TARGET = '*';
const keyOf = (target: string, scope: CommandScope) => ({
  pk: `freeze#${target}`,
  sk: scope.kind === 'target' ? WHOLE_TARGET : `${scope.namespace}/${scope.release}`,
});

const freezeItem = z.looseObject({
  pk: z.string(),
  sk: z.string(),
  schema: z.literal(UPLOADS_SCHEMA),
  version: z.number(),
  /** Of the newest command that froze or thawed it. */
  order: z.string(),
  state: z.enum(['frozen', 'lifted']),
  at: z.string(),
  by: z.string(),
  reason: z.string().exactOptional(),
  command: z.string(),
  /** When people were told that something waits for it (ISO). */
  toldAt: z.string().exactOptional(),
});
type FreezeItem = Item & z.output<typeof freezeItem>;

const read = (item: Item): FreezeItem => freezeItem.parse(item);

const scopeOf = ({ sk }: Pick<Item, 'sk'>): CommandScope => {
  if (sk === WHOLE_TARGET) return { kind: 'target' };
  const [namespace = '', release = ''] = sk.split('/');
  return { kind: 'release', namespace, release };
};

/** What is frozen of a target now. */
export async function readFreezes(table: Pick<Table, 'query'>, target: string): Promise<readonly Freeze[]> {
  const found: Freeze[] = [];
  for await (const item of table.query(keyOf(target, { kind: 'target' }).pk)) {
    const freeze = read(item);
    if (freeze.state === 'frozen') found.push(ofItem(freeze));
  }
  return found;
}

const ofItem = (item: FreezeItem): Freeze => ({
  scope: scopeOf(item),
  at: item.at,
  by: item.by,
  ...(item.reason === undefined ? {} : { reason: item.reason }),
  command: item.command,
});

/** The freeze that keeps an upload of this slot, if any: of the whole target before that of the release. */
export function freezeOf(
  freezes: readonly Freeze[],
  key: UploadKey | { readonly kind: 'release'; readonly namespace: string; readonly release: string },
): Freeze | undefined {
  const whole = freezes.find(({ scope }) => scope.kind === 'target');
  if (whole !== undefined || key.kind === 'manifest') return whole;
  return freezes.find(
    ({ scope }) =>
      scope.kind === 'release' && scope.namespace === key.namespace && scope.release === key.release,
  );
}

/** Two that write one freeze meet only where a function outlived its message. */
const ATTEMPTS = 5;

export interface FreezeChange extends Freeze {
  /** Of the command. */
  readonly order: string;
}

/** @returns `kept`: it is frozen already, by whoever was first; `older`: a newer command has decided */
export const freeze = (
  table: Table,
  target: string,
  change: FreezeChange,
): Promise<'frozen' | 'kept' | 'older'> =>
  changeFreeze(table, target, change, (before) => {
    const { scope: _, ...rest } = change;
    if (before?.state === 'frozen')
      return { outcome: 'kept', next: { ...ofState(before), order: change.order } };
    return { outcome: 'frozen', next: { ...rest, state: 'frozen' } };
  });

/** Thaws it. @returns `kept`: it was not frozen; `older`: a newer command has decided */
export const lift = (
  table: Table,
  target: string,
  change: FreezeChange,
): Promise<'lifted' | 'kept' | 'older'> =>
  changeFreeze(table, target, change, (before) => {
    const { scope: _, ...rest } = change;
    return {
      outcome: before?.state === 'frozen' ? 'lifted' : 'kept',
      next: { ...rest, state: 'lifted' },
    };
  });

/** Takes a command's own freeze back: as if it had never been. */
export async function thawOwn(
  table: Table,
  target: string,
  scope: CommandScope,
  command: string,
): Promise<void> {
  const item = await table.get(keyOf(target, scope));
  const before = item === undefined ? undefined : read(item);
  if (before?.state !== 'frozen' || before.command !== command) return;
  // A conflict: somebody else has decided about it meanwhile.
  await table.put({ ...before, version: before.version + 1, state: 'lifted' }, before.version);
}

type FreezeState = Pick<FreezeItem, 'order' | 'state' | 'at' | 'by' | 'reason' | 'command' | 'toldAt'>;

const ofState = ({ order, state, at, by, reason, command, toldAt }: FreezeItem): FreezeState => ({
  order,
  state,
  at,
  by,
  command,
  ...(reason === undefined ? {} : { reason }),
  ...(toldAt === undefined ? {} : { toldAt }),
});

async function changeFreeze<Outcome>(
  table: Table,
  target: string,
  { scope, order }: FreezeChange,
  changed: (before: FreezeItem | undefined) => { readonly outcome: Outcome; readonly next: FreezeState },
): Promise<Outcome | 'older'> {
  const key = keyOf(target, scope);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const item = await table.get(key);
    const before = item === undefined ? undefined : read(item);
    if (before !== undefined && before.order > order) return 'older';
    const { outcome, next } = changed(before);
    // The same command once more: what it did stands.
    if (before?.order === order) return outcome;
    const version = (before?.version ?? 0) + 1;
    const untold = before === undefined ? {} : untoldPart(before);
    const written = { ...untold, ...key, schema: UPLOADS_SCHEMA, version, ...next };
    if ((await table.put(written, before?.version ?? 'absent')) === 'written') return outcome;
  }
  throw new Error(`freeze of ${target}: lost ${ATTEMPTS} conditional writes in a row`);
}

/**
 * Tells people, once a freeze, that something waits for it; the alert is written with that it was told.
 */
export async function tellFrozen(
  table: Table,
  target: string,
  { scope, command }: Pick<Freeze, 'scope' | 'command'>,
  alert: Alert,
): Promise<void> {
  const item = await table.get(keyOf(target, scope));
  const before = item === undefined ? undefined : read(item);
  // Lifted meanwhile, or frozen anew: that one is told when something waits for it.
  if (before?.state !== 'frozen' || before.command !== command || before.toldAt !== undefined) return;
  const told = { ...before, version: before.version + 1, toldAt: alert.at };
  // A conflict: another delivery has told it, or the next round does.
  await table.put(withUntold(told, [alert], alert.at), before.version);
}
