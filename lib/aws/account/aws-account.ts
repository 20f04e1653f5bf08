import { ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  paginateDescribeNetworkInterfaces,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcs,
} from '@aws-sdk/client-ec2';
import { GetAccountSummaryCommand, GetRoleCommand } from '@aws-sdk/client-iam';
import { GetAccountSettingsCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetBucketNotificationConfigurationCommand, GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { ListServiceQuotasCommand } from '@aws-sdk/client-service-quotas';
import { ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import * as clients from '../clients.ts';
import type { Environment } from '../environment.ts';
import { ssmParameters } from '../parameters.ts';
import type { Account, AlarmState, StackPart, Subscription } from './account.ts';
import * as own from './clients.ts';
import { eksAccount } from './eks-account.ts';
import { reading } from './reading.ts';

/** The account that the environment's credentials lead into. Clients are made with the first call that needs them. */
export function awsAccount(environment: Environment): Account {
  const lambda = once(() => clients.lambda(environment));
  const s3 = once(() => clients.s3(environment));
  const ssm = once(() => clients.ssm(environment));
  const iam = once(() => own.iam(environment));
  const ec2 = once(() => own.ec2(environment));
  return {
    ...eksAccount(environment),

    caller: () =>
      reading('sts:GetCallerIdentity', async () => {
        const client = clients.sts(environment);
        let clockAheadMs: number | undefined;
        client.middlewareStack.add(
          (next) => async (args) => {
            const answer = await next(args);
            const { headers } = answer.response as { headers?: Record<string, string> };
            const at = Date.parse(headers?.date ?? '');
            clockAheadMs = Number.isNaN(at) ? undefined : Date.now() - at;
            return answer;
          },
          { step: 'deserialize', name: 'fairleadClock' },
        );
        const { Arn = '', Account: account = '' } = await client.send(new GetCallerIdentityCommand({}));
        return { arn: Arn, account, region: await client.config.region(), clockAheadMs };
      }),

    parameter: (name) =>
      reading('ssm:GetParameter', async () => {
        const { Parameter } = await ssm().send(new GetParameterCommand({ Name: name }));
        return Parameter?.Value ?? '';
      }),

    parametersBelow: (path) => reading('ssm:GetParametersByPath', () => ssmParameters(ssm()).below(path)),

    stack: (name) =>
      reading('cloudformation:ListStackResources', async () => {
        const client = own.cloudformation(environment);
        const parts: StackPart[] = [];
        let next: string | undefined;
        do {
          const page = await client.send(
            new ListStackResourcesCommand({
              StackName: name,
              ...(next === undefined ? {} : { NextToken: next }),
            }),
          );
          for (const each of page.StackResourceSummaries ?? [])
            parts.push({
              logicalId: each.LogicalResourceId ?? '',
              type: each.ResourceType ?? '',
              physicalId: each.PhysicalResourceId ?? '',
              status: each.ResourceStatus ?? '',
            });
          next = page.NextToken;
        } while (next !== undefined);
        return parts;
      }),

    deployedFunction: (name) =>
      reading('lambda:GetFunctionConfiguration', async () => {
        const {
          FunctionArn = '',
          Role = '',
          Environment: variables,
        } = await lambda().send(new GetFunctionConfigurationCommand({ FunctionName: name }));
        return { arn: FunctionArn, roleArn: Role, variables: variables?.Variables ?? {} };
      }),

    concurrency: () =>
      reading('lambda:GetAccountSettings', async () => {
        const { AccountLimit } = await lambda().send(new GetAccountSettingsCommand({}));
        const { ConcurrentExecutions: all = 0, UnreservedConcurrentExecutions: unreserved = all } =
          AccountLimit ?? {};
        return { all, unreserved };
      }),

    roleCreatedAt: (name) =>
      reading('iam:GetRole', async () => {
        const { Role } = await iam().send(new GetRoleCommand({ RoleName: name }));
        return Role?.CreateDate;
      }),

    subscriptions: (topicArn) =>
      reading('sns:ListSubscriptionsByTopic', async () => {
        const client = clients.sns(environment);
        const found: Subscription[] = [];
        let next: string | undefined;
        do {
          const page = await client.send(
            new ListSubscriptionsByTopicCommand({
              TopicArn: topicArn,
              ...(next === undefined ? {} : { NextToken: next }),
            }),
          );
          for (const each of page.Subscriptions ?? [])
            found.push({
              protocol: each.Protocol ?? '',
              endpoint: each.Endpoint ?? '',
              // Until it is confirmed it has no ARN: "PendingConfirmation", or "Deleted" for a while afterwards.
              state: each.SubscriptionArn?.startsWith('arn:') ? 'confirmed' : 'pending',
            });
          next = page.NextToken;
        } while (next !== undefined);
        return found;
      }),

    ringing: (prefix) =>
      reading('cloudwatch:DescribeAlarms', async () => {
        const client = own.cloudwatch(environment);
        const found: AlarmState[] = [];
        let next: string | undefined;
        do {
          const page = await client.send(
            new DescribeAlarmsCommand({
              AlarmNamePrefix: prefix,
              StateValue: 'ALARM',
              ...(next === undefined ? {} : { NextToken: next }),
            }),
          );
          for (const each of page.MetricAlarms ?? [])
            found.push({
              name: each.AlarmName ?? '',
              description: each.AlarmDescription ?? '',
              since: each.StateUpdatedTimestamp,
            });
          next = page.NextToken;
        } while (next !== undefined);
        return found;
      }),

    waiting: (queueUrl) =>
      reading('sqs:GetQueueAttributes', async () => {
        const { Attributes } = await clients.sqs(environment).send(
          new GetQueueAttributesCommand({
            QueueUrl: queueUrl,
            AttributeNames: ['ApproximateNumberOfMessages'],
          }),
        );
        return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
      }),

    secret: (id) =>
      reading('secretsmanager:DescribeSecret', async () => {
        const { LastChangedDate, CreatedDate, DeletedDate } = await clients
          .secrets(environment)
          .send(new DescribeSecretCommand({ SecretId: id }));
        return {
          changedAt: LastChangedDate ?? CreatedDate,
          state: DeletedDate === undefined ? 'there' : 'being-deleted',
        };
      }),

    bucket: (name) =>
      reading('s3:GetBucketVersioning, s3:GetBucketNotification', async () => {
        const { Status } = await s3().send(new GetBucketVersioningCommand({ Bucket: name }));
        const { EventBridgeConfiguration } = await s3().send(
          new GetBucketNotificationConfigurationCommand({ Bucket: name }),
        );
        return {
          versioning: Status === 'Enabled' ? 'on' : 'off',
          eventBridge: EventBridgeConfiguration === undefined ? 'off' : 'on',
        };
      }),

    quotas: (service) =>
      reading('servicequotas:ListServiceQuotas', async () => {
        const client = own.quotas(environment);
        const found = new Map<string, number>();
        let next: string | undefined;
        do {
          const page = await client.send(
            new ListServiceQuotasCommand({
              ServiceCode: service,
              ...(next === undefined ? {} : { NextToken: next }),
            }),
          );
          for (const { QuotaName, Value } of page.Quotas ?? [])
            if (QuotaName !== undefined && Value !== undefined) found.set(QuotaName, Value);
          next = page.NextToken;
        } while (next !== undefined);
        return found;
      }),

    roles: () =>
      reading('iam:GetAccountSummary', async () => {
        const { SummaryMap = {} } = await iam().send(new GetAccountSummaryCommand({}));
        return { used: SummaryMap.Roles ?? 0, quota: SummaryMap.RolesQuota ?? 0 };
      }),

    vpcs: () =>
      reading('ec2:DescribeVpcs', () =>
        counted(paginateDescribeVpcs({ client: ec2() }, {}), ({ Vpcs = [] }) => Vpcs),
      ),

    gatewayEndpoints: () =>
      reading('ec2:DescribeVpcEndpoints', () =>
        counted(
          paginateDescribeVpcEndpoints(
            { client: ec2() },
            { Filters: [{ Name: 'vpc-endpoint-type', Values: ['Gateway'] }] },
          ),
          ({ VpcEndpoints = [] }) => VpcEndpoints,
        ),
      ),

    lambdaInterfaces: (vpc) =>
      reading('ec2:DescribeNetworkInterfaces', () =>
        counted(
          paginateDescribeNetworkInterfaces(
            { client: ec2() },
            {
              Filters: [
                { Name: 'vpc-id', Values: [vpc] },
                { Name: 'interface-type', Values: ['lambda'] },
              ],
            },
          ),
          ({ NetworkInterfaces = [] }) => NetworkInterfaces,
        ),
      ),

    gateways: (vpc) =>
      reading('ec2:DescribeVpcEndpoints', async () => {
        const { VpcEndpoints = [] } = await ec2().send(
          new DescribeVpcEndpointsCommand({
            Filters: [
              { Name: 'vpc-id', Values: [vpc] },
              { Name: 'vpc-endpoint-type', Values: ['Gateway'] },
            ],
          }),
        );
        return VpcEndpoints.map(({ ServiceName = '', State, RouteTableIds = [] }) => ({
          service: ServiceName,
          state: String(State ?? '').toLowerCase(),
          routeTables: RouteTableIds,
        }));
      }),

    routeTables: (vpc, subnets) =>
      reading('ec2:DescribeRouteTables', async () => {
        const { RouteTables = [] } = await ec2().send(
          new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
        );
        const main = RouteTables.find(({ Associations = [] }) =>
          Associations.some(({ Main }) => Main),
        )?.RouteTableId;
        return new Map(
          subnets.flatMap((subnet) => {
            // A subnet that is associated with none follows the main one (Amazon VPC user guide, "Subnet route tables").
            const table =
              RouteTables.find(({ Associations = [] }) =>
                Associations.some(({ SubnetId }) => SubnetId === subnet),
              )?.RouteTableId ?? main;
            return table === undefined ? [] : [[subnet, table] as const];
          }),
        );
      }),
  };
}

async function counted<Page>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly unknown[],
): Promise<number> {
  let count = 0;
  for await (const page of pages) count += itemsOf(page).length;
  return count;
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
