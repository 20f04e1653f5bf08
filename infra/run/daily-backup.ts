import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { FairleadFunction } from './function.ts';
import { retriedFor, type ScheduledSettings, schedulerRole } from './schedules.ts';

const MINUTES_OF_A_DAY = 24 * 60;

/** The repositories are backed up once a day, at night as far as UTC is yours. */
export class DailyBackup extends Construct {
  constructor(
    scope: Construct,
    id: string,
    settings: ScheduledSettings & { readonly worker: FairleadFunction },
  ) {
    super(scope, id);
    const { worker, undeliveredArn } = settings;
    const group = new CfnScheduleGroup(this, 'Group', { name: `${settings.installation}-backups` });
    const role = schedulerRole(this, settings, group, [undeliveredArn]);
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [worker.lambda.functionArn] }),
    );
    new CfnSchedule(this, 'Daily', {
      groupName: group.ref,
      description: 'Backs up the repositories',
      scheduleExpression: 'cron(30 2 * * ? *)',
      flexibleTimeWindow: { mode: 'FLEXIBLE', maximumWindowInMinutes: 60 },
      target: {
        arn: worker.lambda.functionArn,
        roleArn: role.roleArn,
        deadLetterConfig: { arn: undeliveredArn },
        retryPolicy: retriedFor(MINUTES_OF_A_DAY),
        input: JSON.stringify({ schema: 1, backUp: 'repositories' }),
      },
    });
  }
}
