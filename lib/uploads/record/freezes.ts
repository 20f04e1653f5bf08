import * as z from 'zod';
import type { Alert } from '../../alerts/alert.ts';
import { untoldPart, withUntold } from '../../alerts/outbox.ts';
import type { Item, Table } from '../../aws/table.ts';
import type { CommandScope } from '../../commands/command.ts';
import type { UploadKey } from './keys.ts';
import { UPLOADS_SCHEMA } from './record.ts';

/**
 * What is frozen: `freeze#<target>` / `*`, or `<namespace>/<release>`, for as long as a command wants it so. The item
 * stays when the freeze is lifted and remembers the order of the command that did it: an older one that comes late
 * changes nothing.
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

/** One command that wants it frozen. */
const hold = z.object({
  /** Of the command. */
  order: z.string(),
  at: z.string(),
  by: z.string(),
  reason: z.string().exactOptional(),
  command: z.string(),
});
type Hold = z.output<typeof hold>;

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
  /** All that want it frozen, whoever was first first: he stands above, too. Absent: he alone. */
  holds: z.array(hold).exactOptional(),
  /** Order of the newest command that thawed it; absent: none. A freeze that was taken back was not thawed. */
  lifted: z.string().exactOptional(),
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

/** Two that write one freeze meet only where a function outlived its message, or where an alert of it is told. */
const ATTEMPTS = 5;
/** That are remembered: the first, and the newest of the others. */
const HOLDS_KEPT = 20;

export interface FreezeChange extends Freeze {
  /** Of the command. */
  readonly order: string;
}

/** @returns `kept`: it is frozen already, by whoever was first; `older`: a newer command has thawed it */
export async function freeze(
  table: Table,
  target: string,
  { scope, ...change }: FreezeChange,
): Promise<'frozen' | 'kept' | 'older'> {
  return changeFreeze(table, target, scope, ({ holds, lifted }): Changed<'frozen' | 'kept' | 'older'> => {
    if (lifted !== undefined && lifted > change.order) return { outcome: 'older' };
    // The same command once more: what it did stands.
    if (holds.some(({ command }) => command === change.command)) return { outcome: 'kept' };
    const [first = change, ...others] = [...holds, change];
    return {
      outcome: holds.length === 0 ? 'frozen' : 'kept',
      next: { holds: [first, ...others.slice(1 - HOLDS_KEPT)], lifted },
      by: change,
    };
  });
}

/** Thaws it. @returns `kept`: it was not frozen; `older`: a newer command has decided */
export const lift = (
  table: Table,
  target: string,
  { scope, ...change }: FreezeChange,
): Promise<'lifted' | 'kept' | 'older'> =>
  changeFreeze(table, target, scope, ({ holds, lifted }): Changed<'lifted' | 'kept' | 'older'> => {
    if (lifted !== undefined && lifted > change.order) return { outcome: 'older' };
    const left = holds.filter(({ order }) => order > change.order);
    const outcome = left.length > 0 ? 'older' : holds.length > 0 ? 'lifted' : 'kept';
    if (lifted === change.order) return { outcome };
    return { outcome, next: { holds: left, lifted: change.order }, by: change };
  });

/** Takes a command's own freeze back: as if it had never been. Who else wants it frozen finds it so. */
export const thawOwn = (table: Table, target: string, scope: CommandScope, command: string): Promise<void> =>
  changeFreeze(table, target, scope, ({ holds, lifted }) => {
    const own = holds.find((one) => one.command === command);
    if (own === undefined) return { outcome: undefined };
    return { outcome: undefined, next: { holds: holds.filter((one) => one !== own), lifted }, by: own };
  });

interface Held {
  readonly holds: readonly Hold[];
  readonly lifted: string | undefined;
}

function heldBy(item: FreezeItem | undefined): Held {
  if (item === undefined) return { holds: [], lifted: undefined };
  const { order, state, at, by, reason, command, holds, lifted } = item;
  if (state === 'lifted') return { holds: [], lifted };
  const first = { order, at, by, command, ...(reason === undefined ? {} : { reason }) };
  return { holds: holds ?? [first], lifted };
}

interface Changed<Outcome> {
  readonly outcome: Outcome;
  /** Absent: it stays as it is. */
  readonly next?: Held;
  /** Whose change it is. */
  readonly by?: Hold;
}

async function changeFreeze<Outcome>(
  table: Table,
  target: string,
  scope: CommandScope,
  changed: (before: Held) => Changed<Outcome>,
): Promise<Outcome> {
  const key = keyOf(target, scope);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const item = await table.get(key);
    const before = item === undefined ? undefined : read(item);
    const { outcome, next, by } = changed(heldBy(before));
    if (next === undefined || by === undefined) return outcome;
    const written = { ...key, ...itemOf(before, next, by) };
    if ((await table.put(written, before?.version ?? 'absent')) === 'written') return outcome;
  }
  throw new Error(`freeze of ${target}: lost ${ATTEMPTS} conditional writes in a row`);
}

function itemOf(before: FreezeItem | undefined, { holds, lifted }: Held, by: Hold) {
  const [first] = holds;
  const { order: _, ...shown } = first ?? by;
  // People were told of a freeze of this command's; of another one they are told anew.
  const isTold = first !== undefined && before?.state === 'frozen' && before.command === first.command;
  return {
    ...(before === undefined ? {} : untoldPart(before)),
    schema: UPLOADS_SCHEMA,
    version: (before?.version ?? 0) + 1,
    order: before !== undefined && before.order > by.order ? before.order : by.order,
    state: first === undefined ? 'lifted' : 'frozen',
    ...shown,
    ...(holds.length === 0 ? {} : { holds }),
    ...(lifted === undefined ? {} : { lifted }),
    ...(isTold && before.toldAt !== undefined ? { toldAt: before.toldAt } : {}),
  };
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
