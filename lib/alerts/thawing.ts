import type { Alert } from './alert.ts';
import { fairlead, isOrdinary, isOrdinaryPath, quoted } from './commands.ts';
import type { Remedy } from './remedy.ts';

/** What is done about an upload that waits for a freeze: nothing, until whoever froze says so. */
export function thawing(alert: Extract<Alert, { readonly kind: 'frozen' }>): Remedy {
  const { target, scope } = alert;
  const where = scope === 'target' ? '' : ` ${quoted(scope)}`;
  const isNamed = isOrdinary(target) && isOrdinaryPath(scope);
  return {
    title: 'When it may go on, lift the freeze',
    text: ['Of all that waits, the newest chart and the newest values are delivered then.'],
    commands: isNamed ? [fairlead(`unfreeze ${quoted(target)}${where}`, alert)] : [],
  };
}

/** Who froze, as short as people know them: `ada` of `arn:aws:sts::123456789012:assumed-role/Operators/ada`. */
export const shortCaller = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1) || arn;
