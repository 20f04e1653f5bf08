import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { connection, watched } from '../clients.ts';
import type { Environment } from '../environment.ts';

/** Clients that no function has: apart from the others, so that only who looks an account over loads them. */

export const cloudformation = (environment: Environment): CloudFormationClient =>
  watched(environment, new CloudFormationClient(connection(environment, 'CLOUDFORMATION')));

export const cloudwatch = (environment: Environment): CloudWatchClient =>
  watched(environment, new CloudWatchClient(connection(environment, 'CLOUDWATCH')));

export const ec2 = (environment: Environment): EC2Client =>
  watched(environment, new EC2Client(connection(environment, 'EC2')));

export const iam = (environment: Environment): IAMClient =>
  watched(environment, new IAMClient(connection(environment, 'IAM')));

export const quotas = (environment: Environment): ServiceQuotasClient =>
  watched(environment, new ServiceQuotasClient(connection(environment, 'SERVICE_QUOTAS')));
