import { formatJson } from '../objects/json.ts';
import type { Alert } from './alert.ts';
import { EVENT_VERSION } from './event-schema.ts';
import { headlineOf } from './headline.ts';
import { maskedAlert } from './masked-alert.ts';
import { oneLine } from './plain.ts';

/** An event for machines: the alert as data (docs/alert-event.schema.json). */
export interface MachineEvent {
  /** What rules on the bus match by: `fairlead.dev/v1 drift`. */
  readonly detailType: string;
  readonly detail: EventDetail;
}

export interface EventDetail {
  readonly apiVersion: typeof EVENT_VERSION;
  readonly headline: string;
  /** What was left out of its lists beyond the alert's own `more`, because it does not fit: findings, in most cases. */
  readonly cut: number;
  readonly alert: Alert;
}

/** An entry of PutEvents, with its source and type (Amazon EventBridge, PutEvents: 256 KB an entry). */
const EVENT_BYTES = 262_144 - 1024;

export function eventOf(alert: Alert): MachineEvent {
  let left = maskedAlert(alert);
  let cut = 0;
  for (;;) {
    const event: MachineEvent = {
      detailType: `${EVENT_VERSION} ${alert.kind}`,
      detail: { apiVersion: EVENT_VERSION, headline: oneLine(headlineOf(left)), cut, alert: left },
    };
    if (Buffer.byteLength(formatJson(event.detail)) <= EVENT_BYTES) return event;
    const [smaller, dropped] = halved(left);
    if (dropped === 0) return event;
    left = smaller;
    cut += dropped;
  }
}

/** Lists that an alert may have, those first that a reader misses least. */
const LISTS = ['gone', 'unready', 'also', 'uploads', 'members', 'reasons', 'findings'] as const;

/** Half of the largest list, and how many went. An alert whose lists are empty is as small as it gets. */
function halved(alert: Alert): readonly [Alert, number] {
  const lists = alert as Partial<Record<(typeof LISTS)[number], readonly unknown[]>>;
  const bytes = (list: readonly unknown[] | undefined): number =>
    list === undefined || list.length === 0 ? 0 : Buffer.byteLength(formatJson(list));
  const largest = LISTS.reduce((a, b) => (bytes(lists[b]) > bytes(lists[a]) ? b : a));
  const list = lists[largest] ?? [];
  const kept = list.slice(0, Math.floor(list.length / 2));
  const smaller = { ...alert, [largest]: kept } as Alert;
  // No more can be new than are there.
  const fitting =
    smaller.kind === 'drift-changed'
      ? { ...smaller, fresh: Math.min(smaller.fresh, smaller.findings.length) }
      : smaller;
  return [fitting, list.length - kept.length];
}
