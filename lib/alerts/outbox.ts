import * as z from 'zod';
import type { Item } from '../aws/table.ts';
import { formatJson, parseJson } from '../objects/json.ts';
import type { Alert } from './alert.ts';
import { alertAsWritten } from './alert-as-written.ts';
import { fittingUntold } from './outbox-room.ts';

/**
 * An alert is written together with the state it comes from, in one item: its attribute `alerts` holds those not
 * yet told. `send-alerts` finds them by the table's stream (and the index `untold`), tells, and takes them out; what
 * it has told to whom by then lies beside them, in `telling`.
 * They are kept as JSON text: values from a cluster nest deeper than the table's 32 levels and hold integers beyond
 * what its client reads back.
 */

/** The item with `alerts` added to those that it has not told yet. */
export function withUntold(item: Item, alerts: readonly Alert[], at: string): Item {
  const { alerts: _, ...rest } = item;
  const untold = fittingUntold([...untoldOf(item), ...alerts], Buffer.byteLength(formatJson(rest)));
  if (untold.length === 0) return item;
  // What waits for a channel to recover must not make what is new wait with it.
  const isSooner = typeof item.untoldAt === 'string' && (alerts.length === 0 || item.untoldAt < at);
  return { ...item, alerts: formatJson(untold), untold: 'untold', untoldAt: isSooner ? item.untoldAt : at };
}

/**
 * The item with an alert that is to be told with others, by whoever keeps time: in the index of what is not told, and
 * not for `send-alerts`.
 */
export function heldBack(item: Item, alert: Alert, at: string): Item {
  const untoldAt = typeof item.untoldAt === 'string' ? item.untoldAt : at;
  return { ...item, held: formatJson([...heldIn(item), alert]), untold: 'untold', untoldAt };
}

export const heldIn = (item: Item): readonly Alert[] =>
  typeof item.held === 'string' ? alertsAsWritten.parse(parseJson(item.held)) : [];

/** The item, one version on, when others have told what it held back; what is its own to tell stays. */
export function withoutHeld({ held: _, untold, untoldAt, ...item }: Item): Item {
  const version = item.version + 1;
  return (item.alerts === undefined ? { ...item, version } : { ...item, version, untold, untoldAt }) as Item;
}

/** What an item has not told yet, to be kept in the item that takes its place. */
export function untoldPart({
  alerts,
  held,
  untold,
  untoldAt,
  telling,
}: Item): Readonly<Record<string, unknown>> {
  return {
    ...(alerts === undefined ? {} : { alerts, untold, untoldAt }),
    ...(held === undefined ? {} : { held, untold, untoldAt }),
    ...(telling === undefined ? {} : { telling }),
  };
}

const alertsAsWritten = z.array(alertAsWritten);

export const untoldOf = (item: Item): readonly Alert[] =>
  typeof item.alerts === 'string' ? alertsAsWritten.parse(parseJson(item.alerts)) : [];

export const nameOf = ({ incident, sequence }: Pick<Alert, 'incident' | 'sequence'>): string =>
  `${incident}#${sequence}`;

/** What an item has to tell, and how far that has been told. */
export interface Outbox {
  readonly alerts: readonly Alert[];
  /** ISO: who looks for what was forgotten looks from then on. Absent where there are no alerts. */
  readonly untoldAt?: string | undefined;
  /** By alert: the channels that had it, or were given up. */
  readonly told: ReadonlyMap<string, readonly string[]>;
  /** By channel. */
  readonly failing: ReadonlyMap<string, Failing>;
  /** By open incident: the namespaces that it was told with, where its scope does not say them. */
  readonly namespaces: ReadonlyMap<string, readonly string[]>;
  /** What came of a drill, for whoever waits for it; absent of all else. */
  readonly heard?: readonly Heard[] | undefined;
  /** Who tells just now: nobody else does, until then (ISO). */
  readonly lease?: { readonly by: string; readonly until: string } | undefined;
}

/** One try of a drill at a channel. */
export interface Heard {
  /** `incident#sequence`. */
  readonly alert: string;
  readonly channel: string;
  /** ISO. */
  readonly at: string;
  /** Why it was not taken, in words that name no secret; absent where it was. */
  readonly failed?: string | undefined;
}

export interface Failing {
  /** ISO: of the first failure since it worked. */
  readonly since: string;
  readonly times: number;
  /** ISO: not tried again before. */
  readonly next: string;
}

const telling = z.object({
  told: z.array(z.tuple([z.string(), z.array(z.string())])),
  failing: z.array(
    z.tuple([z.string(), z.object({ since: z.string(), times: z.number(), next: z.string() })]),
  ),
  namespaces: z.array(z.tuple([z.string(), z.array(z.string())])),
  heard: z
    .array(
      z.object({ alert: z.string(), channel: z.string(), at: z.string(), failed: z.string().optional() }),
    )
    .optional(),
  lease: z.object({ by: z.string(), until: z.string() }).optional(),
});

export function outboxOf(item: Item): Outbox {
  const known = typeof item.telling === 'string' ? telling.parse(parseJson(item.telling)) : undefined;
  return {
    alerts: untoldOf(item),
    ...(typeof item.untoldAt === 'string' ? { untoldAt: item.untoldAt } : {}),
    told: new Map(known?.told),
    failing: new Map(known?.failing),
    namespaces: new Map(known?.namespaces),
    heard: known?.heard,
    lease: known?.lease,
  };
}

/** The item with that to tell; out of the index where it is nothing. */
export function withOutbox(
  item: Item,
  { alerts, untoldAt, told, failing, namespaces, heard, lease }: Outbox,
): Item {
  const { alerts: _alerts, untold: _untold, untoldAt: _untoldAt, telling: _telling, ...rest } = item;
  const isHeld = rest.held !== undefined;
  const isKnown =
    told.size + failing.size + namespaces.size + (heard?.length ?? 0) > 0 || lease !== undefined;
  return {
    ...(rest as Item),
    ...(alerts.length === 0 ? {} : { alerts: formatJson(alerts), untold: 'untold', untoldAt }),
    ...(alerts.length === 0 && isHeld ? { untold: 'untold', untoldAt: item.untoldAt } : {}),
    ...(isKnown
      ? {
          telling: formatJson({
            told: [...told],
            failing: [...failing],
            namespaces: [...namespaces],
            heard,
            lease,
          }),
        }
      : {}),
  };
}
