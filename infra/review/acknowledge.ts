import { Stack, Validations } from 'aws-cdk-lib';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { IConstruct } from 'constructs';

/** Says why one finding of cdk-nag on this construct stands. There is no acknowledgement without a reason. */
export function acknowledge(construct: IConstruct, finding: string, because: string): void {
  Validations.of(construct).acknowledge({ id: finding, reason: because });
}

/** The same for a wildcard in a policy's resource: the finding's id holds the resource as the template has it. */
export function acknowledgeWildcard(construct: IConstruct, resource: string, because: string): void {
  const written = flattenCfnReference(Stack.of(construct).resolve(resource));
  acknowledge(construct, `AwsSolutions-IAM5[Resource::${written}]`, because);
}

export const hasWildcard = (construct: IConstruct, resource: string): boolean =>
  flattenCfnReference(Stack.of(construct).resolve(resource)).includes('*');
