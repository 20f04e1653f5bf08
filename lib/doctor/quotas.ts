import type { Read } from '../aws/account/reading.ts';
import { type Diagnosis, judged, ok, skipped, warning, wrong } from './diagnosis.ts';

/**
 * How many executions Fairlead may have at once: its queues' `maxConcurrency` (infra/run-stack.ts: 10 + 10 + 5 + 5), a
 * render for each of those that call one (10 + 5), and one each of what reads the stream and sweeps.
 */
const CONCURRENCY = 47;
/** Of any other quota, the share from which on it is said. */
const NEARLY = 0.9;

/** Lambda: whether what is not kept for others is enough. New accounts have ten (Lambda guide, "Lambda quotas"). */
export function judgeConcurrency(
  read: Read<{ readonly all: number; readonly unreserved: number }>,
): readonly Diagnosis[] {
  const where = 'Lambda, executions at once';
  return judged(
    where,
    read,
    ({ all, unreserved }) =>
      unreserved >= CONCURRENCY
        ? [
            ok(
              where,
              `${unreserved} of ${all} are free for any function; Fairlead takes at most ${CONCURRENCY}`,
            ),
          ]
        : [
            warning(
              where,
              `${unreserved} of ${all} are free for any function, and Fairlead takes up to ${CONCURRENCY}: a burst is throttled, and takes longer`,
              'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000',
            ),
          ],
    () => [skipped(where, 'AWS knows no such quota')],
  );
}

/** IAM: a deploy makes some ten roles an installation. */
const ROLES = 15;

export function judgeRoles(
  read: Read<{ readonly used: number; readonly quota: number }>,
  when: 'deployed' | 'not-deployed',
): readonly Diagnosis[] {
  const where = 'IAM, roles of the account';
  const mend =
    'aws service-quotas request-service-quota-increase --region us-east-1 --service-code iam --quota-code L-FE177D64 --desired-value 2000';
  return judged(
    where,
    read,
    ({ used, quota }) => {
      const free = quota - used;
      if (when === 'not-deployed' && free < ROLES)
        return [wrong(where, `${free} of ${quota} are free, and an installation has about ${ROLES}`, mend)];
      return used >= quota * NEARLY
        ? [warning(where, `${used} of ${quota} are taken`, mend)]
        : [ok(where, `${used} of ${quota} are taken`)];
    },
    () => [skipped(where, 'AWS knows no such quota')],
  );
}

export interface CountedQuota {
  readonly service: string;
  readonly what: string;
  readonly named: RegExp;
  readonly needed: number;
}

/** What grows with the configuration, and is counted by account and region. */
export const countedQuotas = (targets: number, filtered: number): readonly CountedQuota[] => [
  {
    service: 'scheduler',
    what: 'EventBridge Scheduler, schedules',
    named: /\bschedules\b/i,
    needed: targets + 2,
  },
  { service: 'sns', what: 'SNS, filter policies', named: /filter polic/i, needed: filtered },
];

/** What others in the account have of it is not counted. */
export function judgeQuota(
  { what, named, needed, service }: CountedQuota,
  read: Read<ReadonlyMap<string, number>>,
): readonly Diagnosis[] {
  return judged(
    what,
    read,
    (quotas) => {
      const [name, value] = [...quotas].find(([each]) => named.test(each)) ?? [];
      if (value === undefined) return [skipped(what, `Service Quotas names none for "${service}"`)];
      return needed > value * NEARLY
        ? [
            warning(
              what,
              `this configuration needs ${needed} of ${value} ("${name}")`,
              `aws service-quotas list-service-quotas --service-code ${service}   # its code; then request-service-quota-increase`,
            ),
          ]
        : [ok(what, `this configuration needs ${needed} of ${value}`)];
    },
    () => [skipped(what, `Service Quotas knows no service "${service}"`)],
  );
}
