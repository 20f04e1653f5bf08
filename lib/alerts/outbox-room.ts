import { formatJson } from '../objects/json.ts';
import { type Alert, LIFE } from './alert.ts';

/** An item holds 400 KB; the state that the alerts come from lies beside them, and what was told of them to whom. */
const UNTOLD_BYTES = 240 * 1024;

/**
 * The alerts as an item can hold them, where a channel has failed for so long that they would not fit: the oldest keep
 * one finding each and count the others, and of an incident's changes those go that a later one has overtaken. An
 * alert that opens or closes stays always.
 */
export function fittingUntold(alerts: readonly Alert[]): readonly Alert[] {
  const kept = [...alerts];
  const sizes = kept.map(sizeOf);
  let bytes = sizes.reduce((a, b) => a + b, 0);
  // The newest is told as it is.
  for (let index = 0; index < kept.length - 1 && bytes > UNTOLD_BYTES; index++) {
    const alert = kept[index];
    if (alert === undefined) break;
    const thin = thinned(alert);
    bytes += sizeOf(thin) - (sizes[index] ?? 0);
    kept[index] = thin;
  }
  return bytes <= UNTOLD_BYTES ? kept : withoutOvertaken(kept, bytes);
}

const sizeOf = (alert: Alert): number => Buffer.byteLength(formatJson(alert)) + 1;

const FINDINGS = 1;

function thinned(alert: Alert): Alert {
  if (!('findings' in alert) || alert.findings.length <= FINDINGS) return alert;
  const findings = alert.findings.slice(0, FINDINGS);
  const more = (alert.more ?? 0) + alert.findings.length - FINDINGS;
  return alert.kind === 'drift-changed'
    ? {
        ...alert,
        findings,
        more,
        fresh: Math.min(alert.fresh, FINDINGS),
        gone: alert.gone.slice(0, FINDINGS),
      }
    : { ...alert, findings, more };
}

function withoutOvertaken(alerts: readonly Alert[], bytes: number): readonly Alert[] {
  let left = bytes;
  return alerts.filter((alert, index) => {
    const isOvertaken = alerts.slice(index + 1).some(({ incident }) => incident === alert.incident);
    if (left <= UNTOLD_BYTES || LIFE[alert.kind] !== 'continues' || !isOvertaken) return true;
    left -= sizeOf(alert);
    return false;
  });
}
