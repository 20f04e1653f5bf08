import type { Alert } from './alert.ts';
import { maskedFinding } from './shown-values.ts';

/** The alert without what nobody should read: values of Secrets, and what looks like a credential. */
export function maskedAlert(alert: Alert): Alert {
  switch (alert.kind) {
    case 'drift':
    case 'stalled':
    case 'summary':
      return { ...alert, findings: alert.findings.map(maskedFinding) };
    case 'drift-changed':
      return {
        ...alert,
        findings: alert.findings.map(maskedFinding),
        gone: alert.gone.map(maskedFinding),
      };
    case 'reminder':
      return alert.of === 'unknown' ? alert : { ...alert, findings: alert.findings.map(maskedFinding) };
    case 'converged':
    case 'rolled-out':
    case 'unknown':
    case 'known-again':
    case 'rejected':
    case 'failed':
    case 'blocked':
    case 'unblocked':
      return alert;
  }
}
