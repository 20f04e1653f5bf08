import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { Target } from '../lib/config/config.ts';
import { type CustomerKey, keyRights } from './customer-key.ts';
import type { FairleadFunction, Right } from './function.ts';

/** Checks of many targets need not fall on one moment. */
const FLEXIBLE_MINUTES = 1;
const SWEEPS = { minutes: 'rate(1 minute)', hours: 'rate(1 hour)' } as const;

export interface ScheduledSettings {
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
    const role = schedulerRole(this, settings, ['sqs:SendMessage'], [readQueueArn, undeliveredArn]);
    for (const target of targets) {
      const minutes = Math.max(1, Math.round(target.checkEveryMinutes));
      new CfnSchedule(this, `Read-${target.name}`, {
        description: `Reads what Git declares for ${target.name}`,
        scheduleExpression: `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`,
        flexibleTimeWindow:
          minutes === 1 ? { mode: 'OFF' } : { mode: 'FLEXIBLE', maximumWindowInMinutes: FLEXIBLE_MINUTES },
        target: {
          arn: readQueueArn,
          roleArn: role.roleArn,
          deadLetterConfig: { arn: undeliveredArn },
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
    const role = schedulerRole(this, settings, ['sqs:SendMessage'], [undeliveredArn]);
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [sweep.lambda.functionArn] }),
    );
    for (const [kind, rate] of Object.entries(SWEEPS)) {
      new CfnSchedule(this, `Sweep-${kind}`, {
        description: `What waits too long (${kind})`,
        scheduleExpression: rate,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: sweep.lambda.functionArn,
          roleArn: role.roleArn,
          deadLetterConfig: { arn: undeliveredArn },
          input: JSON.stringify({ schema: 1, sweep: kind }),
        },
      });
    }
  }
}

/** Scheduler sends as a role of ours: no queue has to admit the service. */
function schedulerRole(
  scope: Construct,
  { key }: ScheduledSettings,
  actions: readonly string[],
  resources: readonly string[],
): Role {
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  });
  const right: Right = { actions, resources };
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
