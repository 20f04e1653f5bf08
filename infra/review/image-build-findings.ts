import { Aws, Stack } from 'aws-cdk-lib';
import { Project } from 'aws-cdk-lib/aws-codebuild';
import type { IConstruct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from './acknowledge.ts';

/**
 * Why the build of the image may be as AWS's construct makes it: a privileged project that runs our Dockerfile once a
 * deploy, and a function that starts it. Neither touches anything of Fairlead's but the repository of the image.
 */
export function acknowledgeBuild(scope: IConstruct): void {
  const stack = Stack.of(scope);
  const begun = (name: string) => stack.node.children.filter(({ node }) => node.id.startsWith(name));
  for (const handler of begun('DeployTimeBuildCustomResourceHandler')) {
    acknowledge(
      handler.node.findChild('ServiceRole'),
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
      'Writing its log is all that this policy gives, and the construct is not asked whether it wants it',
    );
    acknowledge(
      handler,
      'AwsSolutions-L1',
      'The construct says its runtime; it runs while it deploys, and never after',
    );
  }
  for (const build of begun('ContainerImageBuild')) {
    acknowledge(
      build,
      'AwsSolutions-CB4',
      'It keeps no artifacts: what it makes goes to the repository, which is encrypted',
    );
    acknowledge(
      build,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly]',
      'It reads the base image from the public gallery, which this policy is for',
    );
    acknowledgeWildcard(build, '*', 'Logging in to a registry (ecr:GetAuthorizationToken) has no resource');
    for (const action of ['s3:GetBucket*', 's3:GetObject*', 's3:List*'])
      acknowledge(
        build,
        `AwsSolutions-IAM5[Action::${action}]`,
        "Reads of the bucket of CDK's assets, where the Dockerfile and the bundles lie",
      );
    acknowledgeWildcard(
      build,
      assets(stack),
      "The asset's key is its hash: another with every change of the sources",
    );
    if (!(build instanceof Project)) continue;
    for (const [service, resource, why] of [
      [
        'logs',
        `log-group:/aws/codebuild/${build.projectName}:*`,
        'The streams of the one log group of this project',
      ],
      [
        'codebuild',
        `report-group/${build.projectName}-*`,
        'The reports of this one project, of which it makes none',
      ],
    ] as const)
      acknowledgeWildcard(
        build,
        `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`,
        why,
      );
  }
}

/** The bucket that `cdk bootstrap` made; its qualifier is that of the stack. */
const assets = (stack: Stack): string =>
  `arn:${Aws.PARTITION}:s3:::cdk-${stack.synthesizer.bootstrapQualifier ?? 'hnb659fds'}-assets-${Aws.ACCOUNT_ID}-${Aws.REGION}/*`;
