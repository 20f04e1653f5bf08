import { formatJson } from '../objects/json.ts';
import type { Alert } from './alert.ts';
import { headlineOf } from './headline.ts';
import { maskedAlert } from './masked-alert.ts';
import { oneLine } from './plain.ts';

/** An event for machines: the alert as data. */
export interface MachineEvent {
  /** What rules on the bus match by: `fairlead.dev/v1 drift`. */
  readonly detailType: string;
  readonly detail: {
    readonly apiVersion: typeof EVENT_VERSION;
    readonly headline: string;
    /** Findings left out because they do not fit. */
    readonly cut: number;
    readonly alert: Alert;
  };
}

const EVENT_VERSION = 'fairlead.dev/v1';

/** An entry of PutEvents, with its source and type (Amazon EventBridge, PutEvents: 256 KB an entry). */
const EVENT_BYTES = 262_144 - 1024;

export function eventOf(alert: Alert): MachineEvent {
  let left = maskedAlert(alert);
  let cut = 0;
  for (;;) {
    const event: MachineEvent = {
      detailType: `${EVENT_VERSION} ${alert.kind}`,
      detail: { apiVersion: EVENT_VERSION, headline: oneLine(headlineOf(alert)), cut, alert: left },
    };
    if (Buffer.byteLength(formatJson(event.detail)) <= EVENT_BYTES) return event;
    const [smaller, dropped] = halved(left);
    if (dropped === 0) return event;
    left = smaller;
    cut += dropped;
  }
}

/** Half as many findings (or reasons), and how many went. */
function halved(alert: Alert): readonly [Alert, number] {
  if (alert.kind === 'rejected' || alert.kind === 'failed') {
    const reasons = alert.reasons.slice(0, Math.floor(alert.reasons.length / 2));
    return [{ ...alert, reasons }, alert.reasons.length - reasons.length];
  }
  if (!('findings' in alert)) return [alert, 0];
  const findings = alert.findings.slice(0, Math.floor(alert.findings.length / 2));
  return [{ ...alert, findings }, alert.findings.length - findings.length];
}
