import type { TargetStanding } from '../alerts/standing.ts';
import type { AlarmState, StackPart } from '../aws/account/account.ts';
import type { Read } from '../aws/account/reading.ts';
import { type Diagnosis, judged, ok, skipped, warning, wrong } from './diagnosis.ts';

/** What a stack has, as CloudFormation has it: a part that failed is said. */
export function judgeStack(name: string, read: Read<readonly StackPart[]>): readonly Diagnosis[] {
  const where = `stack ${name}`;
  return judged(
    where,
    read,
    (parts) => {
      const failed = parts.filter(({ status }) => /FAILED|ROLLBACK/.test(status));
      const busy = parts.filter(({ status }) => /IN_PROGRESS/.test(status));
      if (failed.length > 0)
        return [
          wrong(
            where,
            `${failed.map(({ logicalId, status }) => `${logicalId} (${status})`).join(', ')}`,
            `aws cloudformation describe-stack-events --stack-name ${name} --query "StackEvents[?contains(ResourceStatus,'FAILED')]"`,
          ),
        ];
      return [
        busy.length > 0
          ? warning(where, 'it is being deployed', 'Run this again when "npx cdk deploy --all" has ended')
          : ok(where, `${parts.length} resources`),
      ];
    },
    () => [wrong(where, 'there is no such stack', 'npx cdk deploy --all')],
  );
}

/** @param queue as people type it: `receive` */
export function judgeDeadLetters(
  installation: string,
  queue: string,
  read: Read<number>,
): readonly Diagnosis[] {
  const where = `queue ${queue}`;
  return judged(
    where,
    read,
    (messages) =>
      messages === 0
        ? [ok(where, 'empty')]
        : [
            wrong(
              where,
              `${messages} ${messages === 1 ? 'message was' : 'messages were'} given up`,
              `npx fairlead redrive ${queue} --installation ${installation}   # says why, and what is right for it; docs/runbook.md#dead-letters`,
            ),
          ],
    () => [wrong(where, 'it is gone', 'npx cdk deploy --all')],
  );
}

/** Alarms that ring. Each description says which section of the runbook is about it. */
export function judgeAlarms(read: Read<readonly AlarmState[]>): readonly Diagnosis[] {
  const where = 'alarms';
  return judged(
    where,
    read,
    (ringing) =>
      ringing.length === 0
        ? [ok(where, 'none rings')]
        : ringing.map(({ name, description, since }) =>
            wrong(
              `alarm ${name}`,
              `it rings${since === undefined ? '' : ` since ${since.toISOString()}`}: ${description.split('. What to do')[0]}`,
              /docs\/[\w/.-]+\.md#[\w-]+/.exec(description)?.[0] ?? 'docs/runbook.md',
            ),
          ),
    () => [ok(where, 'none rings')],
  );
}

export interface Standing {
  readonly target: string;
  readonly checkEveryMinutes: number;
  readonly verdict: TargetStanding['verdict'];
  /** Seconds since the newest verdict; undefined where there is none yet. */
  readonly verdictAgeSeconds?: number | undefined;
}

/** Whether a target was checked within three intervals: after that people are told, too (lib/incidents/age.ts). */
export function judgeVerdictAge({
  target,
  checkEveryMinutes,
  verdict,
  verdictAgeSeconds,
}: Standing): Diagnosis {
  const where = `target ${target}`;
  if (verdict === 'none') return skipped(where, 'its configuration names no cluster: nothing is checked');
  const look = `npx fairlead check ${target} --remote`;
  if (verdictAgeSeconds === undefined)
    return (verdict === 'overdue' ? wrong : warning)(
      where,
      'no check has finished yet',
      `${look}   # then the logs of read-desired and check-drift`,
    );
  const minutes = Math.floor(verdictAgeSeconds / 60);
  return verdict === 'overdue'
    ? wrong(
        where,
        `its newest verdict is ${minutes} minutes old; it is checked every ${checkEveryMinutes}`,
        `docs/runbook.md#no-drift-check-has-finished, and: ${look}`,
      )
    : ok(where, `checked ${minutes === 0 ? 'within the last minute' : `${minutes} minutes ago`}`);
}
