import * as z from 'zod';
import type { Item } from '../aws/table.ts';
import { formatJson, parseJson } from '../objects/json.ts';
import type { Alert } from './alert.ts';
import { alertAsWritten } from './alert-as-written.ts';

/**
 * An alert is written together with the state it comes from, in one item: its attribute `alerts` holds those not
 * yet told. `send-alerts` finds them by the table's stream (and the index `untold`), tells, and takes them out.
 * They are kept as JSON text: values from a cluster nest deeper than the table's 32 levels and hold integers beyond
 * what its client reads back.
 */

/** The item with `alerts` added to those that it has not told yet. */
export function withUntold(item: Item, alerts: readonly Alert[], at: string): Item {
  const untold = [...untoldOf(item), ...alerts];
  if (untold.length === 0) return item;
  return { ...item, alerts: formatJson(untold), untold: 'untold', untoldAt: item.untoldAt ?? at };
}

/** What an item has not told yet, to be kept in the item that takes its place. */
export function untoldPart({ alerts, untold, untoldAt }: Item): Readonly<Record<string, unknown>> {
  return untold === undefined ? {} : { alerts, untold, untoldAt };
}

/** The item without those that were told; out of the index when none is left. */
export function withoutTold(item: Item, told: readonly Alert[]): Item {
  const gone = new Set(told.map(nameOf));
  const left = untoldOf(item).filter((alert) => !gone.has(nameOf(alert)));
  if (left.length > 0) return { ...item, alerts: formatJson(left) };
  const { alerts: _alerts, untold: _untold, untoldAt: _untoldAt, ...rest } = item;
  return rest as Item;
}

const written = z.array(alertAsWritten);

export const untoldOf = (item: Item): readonly Alert[] =>
  typeof item.alerts === 'string' ? written.parse(parseJson(item.alerts)) : [];

const nameOf = ({ incident, sequence }: Alert): string => `${incident}#${sequence}`;
