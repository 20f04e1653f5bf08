import { formatJson } from '../objects/json.ts';
import { type Alert, LIFE } from './alert.ts';

/** An item holds 400 KB, names of attributes included; what was told of its alerts to whom comes to it later. */
const ITEM_BYTES = 384 * 1024;
const UNTOLD_BYTES = 240 * 1024;

/**
 * The alerts as an item can hold them, where a channel has failed for so long that they would not fit: the oldest keep
 * one finding each and count the others, and of an incident's changes those go that a later one has overtaken. An
 * alert that opens or closes stays always.
 * @param beside bytes of what else the item holds, such as the state that the alerts come from
 */
export function fittingUntold(alerts: readonly Alert[], beside: number): readonly Alert[] {
  const room = Math.min(UNTOLD_BYTES, ITEM_BYTES - beside);
  const kept = [...alerts];
  const sizes = kept.map(sizeOf);
  let bytes = sizes.reduce((a, b) => a + b, 0);
  // The newest is told as it is.
  for (let index = 0; index < kept.length - 1 && bytes > room; index++) {
    const alert = kept[index];
    if (alert === undefined) break;
    const thin = thinned(alert);
    bytes += sizeOf(thin) - (sizes[index] ?? 0);
    kept[index] = thin;
  }
  return bytes <= room ? kept : withoutOvertaken(kept, bytes - room);
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

/** @param over bytes that are to go */
function withoutOvertaken(alerts: readonly Alert[], over: number): readonly Alert[] {
  let left = over;
  return alerts.filter((alert, index) => {
    const isOvertaken = alerts.slice(index + 1).some(({ incident }) => incident === alert.incident);
    if (left <= 0 || LIFE[alert.kind] !== 'continues' || !isOvertaken) return true;
    left -= sizeOf(alert);
    return false;
  });
}
