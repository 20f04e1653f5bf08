import { ArnFormat, Aspects, CfnResource, Stack } from 'aws-cdk-lib';
import { CfnManagedPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { AwsSettings } from '../lib/config/aws.ts';

/** What an organisation asks of every role below `scope`: the policy that bounds it, and its path. */
export function ruleRoles(
  scope: IConstruct,
  { permissionsBoundary, rolePath }: Pick<AwsSettings, 'permissionsBoundary' | 'rolePath'>,
): void {
  Aspects.of(scope).add({
    visit(node) {
      if (node instanceof CfnRole && permissionsBoundary !== undefined)
        node.permissionsBoundary = policyArn(node, permissionsBoundary);
      if ((node instanceof CfnRole || node instanceof CfnManagedPolicy) && rolePath !== '/')
        node.path = rolePath;
      // The one that empties buckets, where they go with their stack: CDK writes it without a type of its own.
      if (
        node instanceof CfnResource &&
        !(node instanceof CfnRole) &&
        node.cfnResourceType === CfnRole.CFN_RESOURCE_TYPE_NAME
      ) {
        if (permissionsBoundary !== undefined)
          node.addPropertyOverride('PermissionsBoundary', policyArn(node, permissionsBoundary));
        if (rolePath !== '/') node.addPropertyOverride('Path', rolePath);
      }
    },
  });
}

const policyArn = (scope: IConstruct, nameOrArn: string): string =>
  nameOrArn.startsWith('arn:') ? nameOrArn : iamArn(scope, 'policy', nameOrArn);

/** IAM's ARNs say no region. */
export const iamArn = (scope: IConstruct, resource: 'role' | 'policy', pathAndName: string): string =>
  Stack.of(scope).formatArn({
    service: 'iam',
    region: '',
    resource,
    resourceName: pathAndName.replace(/^\//, ''),
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
