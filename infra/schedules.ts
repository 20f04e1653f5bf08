import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Target } from '../lib/config/config.ts';
import type { FairleadFunction } from './function.ts';

/** Checks of many targets need not fall on one moment. */
const FLEXIBLE_MINUTES = 1;
const SWEEPS = { minutes: 'rate(1 minute)', hours: 'rate(1 hour)' } as const;

export interface SchedulesSettings {
  readonly targets: readonly Target[];
  readonly readQueue: IQueue;
  readonly sweep: FairleadFunction;
  /** Where a scheduled message goes that could not be handed over. */
  readonly undelivered: IQueue;
}

/** What happens by the clock: each target is read at its own pace, and the sweep goes round. */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { targets, readQueue, sweep, undelivered }: SchedulesSettings) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        resources: [readQueue.queueArn, undelivered.queueArn],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [sweep.lambda.functionArn] }),
    );
    const common = { roleArn: role.roleArn, deadLetterConfig: { arn: undelivered.queueArn } };

    for (const target of targets) {
      const minutes = Math.max(1, Math.round(target.checkEveryMinutes));
      new CfnSchedule(this, `Read-${target.name}`, {
        description: `Reads what Git declares for ${target.name}`,
        scheduleExpression: `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`,
        flexibleTimeWindow:
          minutes === 1 ? { mode: 'OFF' } : { mode: 'FLEXIBLE', maximumWindowInMinutes: FLEXIBLE_MINUTES },
        target: {
          ...common,
          arn: readQueue.queueArn,
          input: JSON.stringify({ schema: 1, target: target.name, because: 'schedule' }),
        },
      });
    }
    for (const [kind, rate] of Object.entries(SWEEPS)) {
      new CfnSchedule(this, `Sweep-${kind}`, {
        description: `What waits too long (${kind})`,
        scheduleExpression: rate,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          ...common,
          arn: sweep.lambda.functionArn,
          input: JSON.stringify({ schema: 1, sweep: kind }),
        },
      });
    }
  }
}
