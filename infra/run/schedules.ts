import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { Target } from '../../lib/config/config.ts';
import { type CustomerKey, keyRights } from '../customer-key.ts';
import type { FairleadFunction, Right } from './function.ts';

/**
 * Rates begin with the deployment that makes them, so that all targets would be read in one moment: Scheduler spreads
 * each over this part of its interval (Scheduler guide, "Configuring flexible time windows").
 */
const SPREAD_OVER = 1 / 3;
const RETRIES = 20;
const SWEEPS = {
  minutes: { rate: 'rate(1 minute)', minutes: 1 },
  hours: { rate: 'rate(1 hour)', minutes: 60 },
};

export interface ScheduledSettings {
  readonly installation: string;
  /** ARN of the queue for a scheduled message that could not be handed over. */
  readonly undeliveredArn: string;
  readonly key: CustomerKey;
}

/** Reads what Git declares, each target at its own pace. */
export class Readings extends Construct {
  constructor(
    scope: Construct,
    id: string,
    settings: ScheduledSettings & { readonly targets: readonly Target[]; readonly readQueueArn: string },
  ) {
    super(scope, id);
    const { targets, readQueueArn, undeliveredArn } = settings;
    const group = new CfnScheduleGroup(this, 'Group', { name: `${settings.installation}-readings` });
    const role = schedulerRole(this, settings, group, [readQueueArn, undeliveredArn]);
    for (const target of targets) {
      const minutes = Math.max(1, Math.round(target.checkEveryMinutes));
      new CfnSchedule(this, `Read-${target.name}`, {
        groupName: group.ref,
        description: `Reads what Git declares for ${target.name}`,
        scheduleExpression: `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`,
        flexibleTimeWindow: windowOf(minutes),
        target: {
          arn: readQueueArn,
          roleArn: role.roleArn,
          deadLetterConfig: { arn: undeliveredArn },
          retryPolicy: retriedFor(minutes),
          input: JSON.stringify({ schema: 1, target: target.name, because: 'schedule' }),
        },
      });
    }
  }
}

/** The sweep goes round. */
export class Sweeps extends Construct {
  constructor(
    scope: Construct,
    id: string,
    settings: ScheduledSettings & { readonly sweep: FairleadFunction },
  ) {
    super(scope, id);
    const { sweep, undeliveredArn } = settings;
    const group = new CfnScheduleGroup(this, 'Group', { name: `${settings.installation}-sweeps` });
    const role = schedulerRole(this, settings, group, [undeliveredArn]);
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [sweep.lambda.functionArn] }),
    );
    for (const [kind, { rate, minutes }] of Object.entries(SWEEPS)) {
      new CfnSchedule(this, `Sweep-${kind}`, {
        groupName: group.ref,
        description: `What waits too long (${kind})`,
        scheduleExpression: rate,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: sweep.lambda.functionArn,
          roleArn: role.roleArn,
          deadLetterConfig: { arn: undeliveredArn },
          retryPolicy: retriedFor(minutes),
          input: JSON.stringify({ schema: 1, sweep: kind }),
        },
      });
    }
  }
}

const windowOf = (minutes: number) => {
  const window = Math.floor(minutes * SPREAD_OVER);
  return window < 1 ? { mode: 'OFF' } : { mode: 'FLEXIBLE', maximumWindowInMinutes: window };
};

/** The next one asks the same again: nothing is tried for longer than until then, and what was in vain is alarmed. */
export const retriedFor = (minutes: number) => ({
  maximumEventAgeInSeconds: minutes * 60,
  maximumRetryAttempts: RETRIES,
});

/**
 * Scheduler sends as a role of ours, to these queues: no queue has to admit the service. The service may take it for
 * the schedules of this group alone (Scheduler guide, "Confused deputy prevention").
 */
export function schedulerRole(
  scope: Construct,
  { key }: ScheduledSettings,
  { name = '' }: CfnScheduleGroup,
  queues: readonly string[],
): Role {
  const { account } = Stack.of(scope);
  const group = Stack.of(scope).formatArn({
    service: 'scheduler',
    resource: 'schedule-group',
    resourceName: name,
  });
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': group } },
    }),
  });
  const right: Right = { actions: ['sqs:SendMessage'], resources: queues };
  for (const { actions, resources, conditions } of [right, ...keyRights(scope, key, right)])
    role.addToPolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: [...resources],
        ...(conditions === undefined ? {} : { conditions }),
      }),
    );
  return role;
}
