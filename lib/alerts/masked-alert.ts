import type { Reason } from '../charts/reasons.ts';
import { maskedFinding } from '../drift/masked-finding.ts';
import type { Finding } from '../drift/verdicts.ts';
import { shownWords } from '../objects/credentials.ts';
import type { Alert } from './alert.ts';

/** The alert without what nobody should read: values of Secrets, and what looks like a credential. */
export function maskedAlert(given: Alert): Alert {
  const alert = withShownWords(given);
  const masked = (findings: readonly Finding[]): readonly Finding[] => findings.map(maskedFinding);
  switch (alert.kind) {
    case 'drift':
    case 'stalled':
    case 'summary':
      return { ...alert, findings: masked(alert.findings) };
    case 'drift-changed':
      return { ...alert, findings: masked(alert.findings), gone: masked(alert.gone) };
    case 'reminder':
      return alert.of === 'unknown' ? alert : { ...alert, findings: masked(alert.findings) };
    case 'converged':
    case 'rolled-out':
    case 'unknown':
    case 'known-again':
    case 'rejected':
    case 'failed':
    case 'frozen':
    case 'blocked':
    case 'unblocked':
    case 'drill':
    case 'drill-over':
      return alert;
  }
}

/**
 * The alert with the words of deployers and tools as people may read them: they quote what they were given. Values of
 * findings are masked where they are shown.
 */
export function withShownWords(alert: Alert): Alert {
  switch (alert.kind) {
    case 'stalled':
      return { ...alert, ...stalling(alert) };
    case 'reminder':
      if (alert.of === 'drift') return alert;
      return alert.of === 'stalled'
        ? { ...alert, ...stalling(alert) }
        : { ...alert, reason: shownWords(alert.reason) };
    case 'unknown':
    case 'blocked':
      return { ...alert, reason: shownWords(alert.reason) };
    case 'frozen':
      return alert.reason === undefined ? alert : { ...alert, reason: shownWords(alert.reason) };
    case 'failed':
      return { ...alert, reasons: shownReasons(alert) };
    case 'rejected': {
      const { also } = alert;
      const others = also?.map((one) => ({ ...one, reasons: shownReasons(one) }));
      return { ...alert, reasons: shownReasons(alert), ...(others === undefined ? {} : { also: others }) };
    }
    default:
      return alert;
  }
}

const shownReasons = ({ reasons }: { readonly reasons: readonly Reason[] }): readonly Reason[] =>
  reasons.map((reason) => ({
    ...reason,
    message: shownWords(reason.message),
    whatToDo: shownWords(reason.whatToDo),
    ...(reason.excerpt === undefined ? {} : { excerpt: shownWords(reason.excerpt) }),
  }));

const stalling = ({
  unready,
  deployerSays,
}: {
  readonly unready: readonly string[];
  readonly deployerSays?: string;
}) => ({
  unready: unready.map(shownWords),
  ...(deployerSays === undefined ? {} : { deployerSays: shownWords(deployerSays) }),
});
