import type { Alert } from '../../../lib/alerts/alert.ts';
import { Model, nameIn } from './model.ts';
import type { Played } from './play.ts';
import { Violation } from './record.ts';

/** Where nobody is disturbed, each check tells what the model tells, to the letter. */
export function holdToTheLetter({ record, scenario }: Played): void {
  const model = new Model(scenario.expectations);
  for (const entry of record) {
    if (entry.kind !== 'looked') continue;
    const expected = model.check(entry.observation, entry.now, { until: entry.snoozes });
    const told = record
      .flatMap((other) =>
        other.kind === 'said' && other.check === entry.check ? [inWords(other.alert)] : [],
      )
      .sort();
    if (told.join('\n') !== expected.join('\n'))
      throw new Violation(
        'what is told is what the model tells',
        `check ${entry.check}, minute ${entry.now}:\n${told.map((line) => `  told  ${line}`).join('\n')}\n${expected.map((line) => `  model ${line}`).join('\n')}`,
      );
  }
}

function inWords(alert: Alert): string {
  const { kind, scope, sequence, severity } = alert;
  const quiet = alert.quiet === undefined ? '' : ' quiet';
  const findings =
    'findings' in alert && !('of' in alert && alert.of === 'stalled')
      ? alert.findings.map(nameIn).sort().join(' ')
      : '';
  const closing = alert.told === undefined ? 'quiet' : `told ${[...alert.told].sort().join(',')}`;
  switch (alert.kind) {
    case 'summary':
      return `summary of ${alert.members
        .map((member) => member.scope)
        .sort()
        .join(', ')}`;
    case 'reminder':
      return `reminder of ${alert.of} ${scope} ${sequence} ${severity}${quiet} ${findings}`.trim();
    case 'rolled-out':
      return alert.after === 'rollout'
        ? `rolled-out ${scope} ${sequence} info after rollout`
        : `rolled-out ${scope} ${sequence} ${severity} ${closing} after stalled${alert.because === 'later-commit' ? ' later-commit' : ''}`;
    case 'converged':
    case 'known-again':
      return `${kind} ${scope} ${sequence} ${severity} ${closing}`;
    default:
      return `${kind} ${scope} ${sequence} ${severity}${quiet} ${findings}`.trim();
  }
}
