import { Duration, Stack } from 'aws-cdk-lib';
import { CfnBackupPlan, CfnBackupSelection, CfnBackupVault } from 'aws-cdk-lib/aws-backup';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { BackupSettings } from '../../lib/config/backup.ts';
import { type CustomerKey, throughService } from '../customer-key.ts';
import { acknowledgeWildcard } from '../review/acknowledge.ts';
import { removalPolicy } from './storage.ts';

export interface TableVaultSettings extends Pick<BackupSettings, 'keepDays'> {
  readonly installation: string;
  readonly production: boolean;
  readonly table: Table;
  /** What the copies are encrypted with; undefined: AWS Backup's own key of the account. */
  readonly key: Key | string | undefined;
  /** The customer's, of the table. */
  readonly tableKey: CustomerKey;
}

/**
 * A copy of the table a day, in a vault of its own: who may delete the table, and with it its recovery to any second,
 * may not delete these. In production nobody deletes them before their time who is not let to change the vault's lock
 * (governance mode: AWS Backup guide, "AWS Backup Vault Lock").
 */
export class TableVault extends Construct {
  constructor(scope: Construct, id: string, settings: TableVaultSettings) {
    super(scope, id);
    const { installation, production, table, keepDays, key, tableKey } = settings;
    const vault = new CfnBackupVault(this, 'Vault', {
      backupVaultName: `${installation}-record`,
      ...(key === undefined ? {} : { encryptionKeyArn: typeof key === 'string' ? key : key.keyArn }),
      ...(production ? { lockConfiguration: { minRetentionDays: keepDays } } : {}),
    });
    vault.applyRemovalPolicy(removalPolicy(production));
    const plan = new CfnBackupPlan(this, 'Plan', {
      backupPlan: {
        backupPlanName: `${installation}-record`,
        backupPlanRule: [
          {
            ruleName: 'daily',
            targetBackupVault: vault.ref,
            scheduleExpression: 'cron(30 2 * * ? *)',
            startWindowMinutes: Duration.hours(1).toMinutes(),
            completionWindowMinutes: Duration.hours(8).toMinutes(),
            lifecycle: { deleteAfterDays: keepDays },
          },
        ],
      },
    });
    const role = this.roleFor(table, tableKey);
    const selection = new CfnBackupSelection(this, 'Table', {
      backupPlanId: plan.ref,
      backupSelection: {
        selectionName: `${installation}-record`,
        iamRoleArn: role.roleArn,
        resources: [table.tableArn],
      },
    });
    // AWS Backup tries the role's rights when it is given it.
    selection.node.addDependency(role);
  }

  /** Of what AWS's own policy for this holds, the part of it that is about one table (AWS Backup guide, "Managed policies"). */
  private roleFor(table: Table, tableKey: CustomerKey): Role {
    const { account } = Stack.of(this);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('backup.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    });
    const permit = (actions: readonly string[], resource: string, because?: string) => {
      role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [resource] }));
      if (because !== undefined) acknowledgeWildcard(role, resource, because);
    };
    permit(
      [
        'dynamodb:CreateBackup',
        'dynamodb:DescribeTable',
        'dynamodb:ListTagsOfResource',
        'dynamodb:StartAwsBackupJob',
      ],
      table.tableArn,
    );
    permit(
      ['dynamodb:DeleteBackup', 'dynamodb:DescribeBackup'],
      `${table.tableArn}/backup/*`,
      'Backups of this one table have numbers that DynamoDB gives them',
    );
    // Also for what is named by ARN: without it CreateBackupSelection answers "IAM Role … is not authorized to call
    // tag:GetResources", and the deployment fails (hashicorp/terraform-provider-aws#10511).
    permit(
      ['tag:GetResources'],
      '*',
      'AWS Backup looks up what it is to copy by that, and refuses a role without it; there is no resource for that action',
    );
    if (tableKey === undefined) return role;
    permit(['kms:DescribeKey'], tableKey);
    role.addToPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [tableKey],
        conditions: throughService(this, 'dynamodb'),
      }),
    );
    return role;
  }
}
