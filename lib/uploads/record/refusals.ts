import type { Alert, RefusedUpload } from '../../alerts/alert.ts';
import { heldIn, nameOf, withoutHeld, withUntold } from '../../alerts/outbox.ts';
import type { Item, Table } from '../../aws/table.ts';
import { digestOf } from '../../content/tree.ts';
import { formatJson } from '../../objects/json.ts';
import { UPLOADS_SCHEMA } from './record.ts';

/**
 * Uploads that are refused within the same minute are one alert a target. The first is told at once, in its own record.
 * The others are held back in theirs, written with their outcome, until the minute's sweep tells them together in
 * `incident#<target>` / `target#rejected`, and takes them out after. That item knows whom it told last: who dies in
 * between tells nobody twice, and loses nobody.
 */
type Refused = Extract<Alert, { readonly kind: 'rejected' }>;

const keyOf = (target: string) => ({ pk: `incident#${target}`, sk: 'target#rejected' });

const MINUTE_MILLISECONDS = 60_000;
/** An alert names this many, as far as they fit beside each other in an item. */
const TOLD_UPLOADS = 50;
const TOLD_BYTES = 100 * 1024;
/** Told together at most, and remembered: ten characters each. */
const AT_ONCE = 2000;
/** Functions that refuse something meet here, each for a moment. */
const ATTEMPTS = 10;

/** Whether a refusal is told by itself: the first of a minute. Another one that was faster has taken its place. */
export async function placeOfRefusal(table: Table, target: string, at: string): Promise<'first' | 'another'> {
  const before = await table.get(keyOf(target));
  const passed = typeof before?.at === 'string' ? Date.parse(at) - Date.parse(before.at) : Infinity;
  if (passed < MINUTE_MILLISECONDS && passed > -MINUTE_MILLISECONDS) return 'another';
  const outcome = await table.put(toldAt(before, target, at), before?.version ?? 'absent');
  return outcome === 'written' ? 'first' : 'another';
}

const toldAt = (before: Item | undefined, target: string, at: string): Item => ({
  ...before,
  ...keyOf(target),
  schema: UPLOADS_SCHEMA,
  version: (before?.version ?? 0) + 1,
  at,
});

/** Tells what is held back. @returns how many alerts that made */
export async function tellRefusals(table: Table, now: Date): Promise<number> {
  const byTarget = new Map<string, { readonly item: Item; readonly alerts: readonly Refused[] }[]>();
  let found = 0;
  for await (const item of table.untold()) {
    const alerts = heldIn(item).filter((alert) => alert.kind === 'rejected');
    const [first] = alerts;
    if (first === undefined) continue;
    byTarget.set(first.target, [...(byTarget.get(first.target) ?? []), { item, alerts }]);
    // What is left is the next sweep's.
    if (++found === AT_ONCE) break;
  }
  let told = 0;
  for (const [target, held] of byTarget) {
    told += await tellTarget(
      table,
      target,
      held.flatMap(({ alerts }) => alerts),
      now.toISOString(),
    );
    // A conflict: it was changed meanwhile, and is known to be told when it is found again.
    for (const { item } of held) await table.put(withoutHeld(item), item.version);
  }
  return told;
}

async function tellTarget(
  table: Table,
  target: string,
  refused: readonly Refused[],
  at: string,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const before = await table.get(keyOf(target));
    const known: readonly string[] = typeof before?.told === 'string' ? before.told.split(' ') : [];
    const fresh = refused.filter((one) => !known.includes(markOf(one)));
    if (fresh.length === 0) return 0;
    const told = [...known, ...fresh.map(markOf)].slice(-2 * AT_ONCE).join(' ');
    const item = { ...toldAt(before, target, at), told };
    const outcome = await table.put(withUntold(item, [together(fresh, at)], at), before?.version ?? 'absent');
    if (outcome === 'written') return 1;
    if (attempt === ATTEMPTS) throw new Error(`what was refused of ${target} could not be told`);
  }
}

const markOf = (one: Refused): string => digestOf(formatJson([nameOf(one), one.at])).slice(-10);

/** One alert of them, under the key of the first; those that do not fit are counted. */
function together(refused: readonly Refused[], at: string): Refused {
  const [first, ...others] = refused.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  if (first === undefined) throw new Error('nothing was refused');
  const also: RefusedUpload[] = [];
  let bytes = Buffer.byteLength(formatJson(first));
  for (const { upload, claimedAuthor, reasons } of others) {
    const one = { upload, reasons, ...(claimedAuthor === undefined ? {} : { claimedAuthor }) };
    bytes += Buffer.byteLength(formatJson(one));
    if (also.length + 1 >= TOLD_UPLOADS || bytes > TOLD_BYTES) break;
    also.push(one);
  }
  const more = others.length - also.length;
  return {
    ...first,
    at,
    ...(also.length === 0 ? {} : { also }),
    ...(more === 0 ? {} : { more }),
  };
}
