import type { EventBus } from '../aws/events.ts';
import type { ItemKey, Table } from '../aws/table.ts';
import type { Topic } from '../aws/topics.ts';
import type { Alert } from './alert.ts';
import { chatOf } from './chat.ts';
import { emailOf } from './email.ts';
import { eventOf } from './event.ts';
import { untoldOf, withoutTold } from './outbox.ts';
import { type PagerOrigin, pagerOf } from './pager.ts';

/** Where alerts go. */
export interface Channels {
  readonly email: Topic;
  readonly pager: Topic;
  readonly chat: Topic;
  readonly bus: EventBus;
  readonly origin: PagerOrigin;
  /** Adds what the audit log knows of who did it; never fails. */
  readonly enrich?: (alert: Alert) => Promise<Alert>;
}

const ATTEMPTS = 10;

/**
 * Tells what an item has not told yet, in its order, and marks it told.
 * A crash in between tells an alert again, with the same incident and sequence; none is lost.
 * @throws what publishing threw; what was told before that is marked
 */
export async function tellItem(table: Table, key: ItemKey, channels: Channels): Promise<readonly Alert[]> {
  const item = await table.get(key);
  if (item === undefined) return [];
  const told: Alert[] = [];
  let failure: { readonly error: unknown } | undefined;
  for (const alert of untoldOf(item)) {
    try {
      await publish((await channels.enrich?.(alert)) ?? alert, channels);
      told.push(alert);
    } catch (error) {
      failure = { error };
      break;
    }
  }
  if (told.length > 0) await markTold(table, key, told);
  if (failure !== undefined) throw failure.error;
  return told;
}

/** Each form to its topic, and the alert as data to the bus. */
async function publish(alert: Alert, { email, pager, chat, bus, origin }: Channels): Promise<void> {
  const { detailType, detail } = eventOf(alert);
  await bus.put(detailType, detail);
  // People hear of a rollout that went well only if they ask for it, on the bus.
  if (alert.kind === 'rolled-out' && alert.after === 'rollout') return;
  const attributes = attributesOf(alert);
  const page = pagerOf(alert, origin);
  if (page !== undefined) await pager.publish({ ...page, attributes });
  await email.publish({ ...emailOf(alert), attributes });
  await chat.publish({ ...chatOf(alert), attributes });
}

/** What audiences filter by. A closing alert reaches everyone who got one that it closes. */
function attributesOf({ target, scope, kind, severity, told, incident, sequence }: Alert) {
  const severities = [...new Set([severity, ...(told ?? [])])];
  return {
    target,
    scope,
    kind,
    severity: severities.length === 1 ? severity : severities,
    // What belongs together, in whatever form it comes.
    incident,
    sequence: String(sequence),
  };
}

async function markTold(table: Table, key: ItemKey, told: readonly Alert[]): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const item = await table.get(key);
    if (item === undefined) return;
    const marked = { ...withoutTold(item, told), version: item.version + 1 };
    if ((await table.put(marked, item.version)) === 'written') return;
  }
  throw new Error(`${key.pk} ${key.sk}: told, but lost ${ATTEMPTS} conditional writes while marking it so`);
}
