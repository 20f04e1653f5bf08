import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { addressesPath } from '../../lib/config/addresses.ts';
import { type CustomerKey, throughService } from '../customer-key.ts';

export interface OutcomeSettings {
  readonly installation: string;
  readonly tableArn: string;
  /** The customer's, of bucket and table. */
  readonly key: CustomerKey;
}

/** Where an installation is, and how what was put into its bucket ends: these items of the table and no other. */
export function knowsOutcome(
  scope: Construct,
  { installation, tableArn, key }: OutcomeSettings,
  leadingKeys: readonly string[],
): PolicyStatement[] {
  const condition = {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': leadingKeys },
    // "For all values" holds of none, too.
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
  return [
    new PolicyStatement({
      sid: 'Addresses',
      actions: ['ssm:GetParametersByPath'],
      resources: [
        Stack.of(scope).formatArn({
          service: 'ssm',
          resource: 'parameter',
          resourceName: addressesPath(installation).slice(1),
        }),
      ],
    }),
    new PolicyStatement({
      sid: 'Outcome',
      actions: ['dynamodb:GetItem'],
      resources: [tableArn],
      conditions: condition,
    }),
    ...(key === undefined
      ? []
      : [
          new PolicyStatement({
            sid: 'KeyOfOutcome',
            actions: ['kms:Decrypt', 'kms:DescribeKey'],
            resources: [key],
            conditions: throughService(scope, 'dynamodb'),
          }),
        ]),
  ];
}
