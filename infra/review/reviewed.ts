import { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { acknowledgeBuild } from './image-build-findings.ts';

/**
 * What NIST 800-53 (revision 5), as cdk-nag reads it, finds in these templates and why it stands: one finding of one
 * resource a line, by the resource's path below the installation. What is not in here fails `npm run synth`. Findings
 * about a wildcard stand beside the code that needs it.
 */
export interface Reviewed {
  readonly resource: RegExp;
  /** Without the pack's name. */
  readonly finding: string;
  readonly because: string;
}

const REGENERABLE =
  'It is worked out of Git and of uploads, and can be again: a copy in another region would be a second place to guard';
const ONE_ROLE =
  'These rights belong to this role alone and go with it: a managed policy could be attached to others, and outlives the role';
const AWS_LOG_KEY =
  'CloudWatch Logs encrypts it with a key of its own; with aws.key in the configuration it is that key';
const BOUNDED = 'What calls it bounds how many of it run';
const RESERVE = 'a reserve would be taken from what the whole account has';
const NO_VPC =
  'It speaks to AWS alone, by its role: a VPC would add a way out (NAT, or an endpoint for each service) and take none away';
const GIT_NETWORK =
  'It speaks to Git hosts wherever they are; gitNetwork.vpc in the configuration puts it into a VPC';
const NOT_ASYNCHRONOUS = "Lambda's own dead letters are for what is called asynchronously: this is called by";

/** A function of the run stack, by its name. */
const named = (...names: readonly string[]): RegExp => new RegExp(`^run/(${names.join('|')})/Function$`);
const CHECKERS = 'check-[a-z0-9-]+';

export const REVIEWED: readonly Reviewed[] = [
  {
    resource: /^state\/AccessLog$/,
    finding: 'S3BucketReplicationEnabled',
    because: 'Logs of who asked for what: kept a year, read here',
  },
  {
    resource: /^state\/AccessLog$/,
    finding: 'S3DefaultEncryptionKMS',
    because:
      'S3 delivers access logs to no bucket under a key of KMS (S3 guide, "Enabling Amazon S3 server access logging")',
  },
  {
    resource: /^state\/Uploads\/Bucket$/,
    finding: 'S3BucketReplicationEnabled',
    because: 'What was taken is in Git and in the content store; what was not is uploaded again',
  },
  {
    resource: /^state\/Uploads\/Bucket$/,
    finding: 'S3DefaultEncryptionKMS',
    because:
      'Uploaders of other accounts would need rights to a key of ours; with aws.key in the configuration it is under that key',
  },
  { resource: /^state\/Content\/Bucket$/, finding: 'S3BucketReplicationEnabled', because: REGENERABLE },
  { resource: /^state\/State\/Bucket$/, finding: 'S3BucketReplicationEnabled', because: REGENERABLE },
  {
    resource: /^state\/Backups\/Bucket$/,
    finding: 'S3BucketReplicationEnabled',
    because: 'A copy of what the Git host has: it is the second place already, versioned and locked',
  },
  {
    resource: /^state\/Record\/Table$/,
    finding: 'DynamoDBInBackupPlan',
    because:
      'Recovery to any second of 35 days is on; backup.tableVault in the configuration adds a vault of AWS Backup',
  },

  ...[
    'receive-upload',
    'render-release',
    'deliver-uploads',
    'read-desired',
    CHECKERS,
    'send-alerts',
    'sweep',
    'smoke-test',
    'back-up-repositories',
  ].flatMap((name) => [
    {
      resource: new RegExp(`^run/${name}/Role/DefaultPolicy$`),
      finding: 'IAMNoInlinePolicy',
      because: ONE_ROLE,
    },
    {
      resource: new RegExp(`^run/${name}/Log$`),
      finding: 'CloudWatchLogGroupEncrypted',
      because: AWS_LOG_KEY,
    },
  ]),
  {
    resource: /^run\/Isolation\/Vpc\/all\/IAMRole\/DefaultPolicy$/,
    finding: 'IAMNoInlinePolicy',
    because: ONE_ROLE,
  },
  { resource: /^run\/DailyBackup\/Role\/DefaultPolicy$/, finding: 'IAMNoInlinePolicy', because: ONE_ROLE },
  { resource: /^state\/TableVault\/Role\/DefaultPolicy$/, finding: 'IAMNoInlinePolicy', because: ONE_ROLE },
  { resource: /^run\/Schedules\/Role\/DefaultPolicy$/, finding: 'IAMNoInlinePolicy', because: ONE_ROLE },
  { resource: /^checks\/Readings\/Role\/DefaultPolicy$/, finding: 'IAMNoInlinePolicy', because: ONE_ROLE },
  {
    resource: /^run\/Alerts\/Events\/Forward\/EventsRole\/DefaultPolicy$/,
    finding: 'IAMNoInlinePolicy',
    because: ONE_ROLE,
  },

  {
    resource: named('receive-upload', 'deliver-uploads', 'read-desired', CHECKERS),
    finding: 'LambdaConcurrency',
    because: `${BOUNDED}, its queue's mapping (maximumConcurrency); ${RESERVE}`,
  },
  {
    resource: named('render-release'),
    finding: 'LambdaConcurrency',
    because: `${BOUNDED}: each delivery and each reading calls one at a time; ${RESERVE}`,
  },
  {
    resource: named('send-alerts'),
    finding: 'LambdaConcurrency',
    because: `${BOUNDED}: one for each shard of the table's stream; ${RESERVE}`,
  },
  {
    resource: named('sweep', 'back-up-repositories'),
    finding: 'LambdaConcurrency',
    because: `${BOUNDED}, its schedule; ${RESERVE}`,
  },
  {
    resource: named('smoke-test'),
    finding: 'LambdaConcurrency',
    because: `${BOUNDED}: CloudFormation, once a deploy; ${RESERVE}`,
  },

  {
    resource: named('receive-upload', 'deliver-uploads', 'read-desired', CHECKERS),
    finding: 'LambdaDLQ',
    because: `${NOT_ASYNCHRONOUS} its queue, which has dead letters`,
  },
  {
    resource: named('render-release'),
    finding: 'LambdaDLQ',
    because: `${NOT_ASYNCHRONOUS} functions that wait for the answer`,
  },
  {
    resource: named('send-alerts'),
    finding: 'LambdaDLQ',
    because: `${NOT_ASYNCHRONOUS} the table's stream, whose mapping has dead letters`,
  },
  {
    resource: named('sweep'),
    finding: 'LambdaDLQ',
    because:
      'A sweep that failed is made up for by the next, a minute or an hour later; that it fails again and again is an alarm',
  },
  {
    resource: named('back-up-repositories'),
    finding: 'LambdaDLQ',
    because: 'A backup that failed is made up for by the next; that none was made is an alarm',
  },
  {
    resource: named('smoke-test'),
    finding: 'LambdaDLQ',
    because: `${NOT_ASYNCHRONOUS} CloudFormation, which fails the deploy where no answer comes`,
  },

  { resource: named('receive-upload', 'sweep', 'smoke-test'), finding: 'LambdaInsideVPC', because: NO_VPC },
  {
    resource: named('deliver-uploads', 'read-desired', 'back-up-repositories'),
    finding: 'LambdaInsideVPC',
    because: GIT_NETWORK,
  },
  {
    resource: named('check-drift'),
    finding: 'LambdaInsideVPC',
    because: 'It reads clusters with public endpoints; one of its own stands in each VPC with private ones',
  },
  {
    resource: named('send-alerts'),
    finding: 'LambdaInsideVPC',
    because: 'It speaks to AWS and to webhooks with public addresses, and to nothing else',
  },

  { resource: /^run\/Isolation\/Flow$/, finding: 'CloudWatchLogGroupEncrypted', because: AWS_LOG_KEY },
  {
    resource: /^run\/Isolation\/Vpc$/,
    finding: 'VPCDefaultSecurityGroupClosed',
    because:
      'Nothing is in the default group: the one function here has a group of its own. Closing it would take a function that may change security groups',
  },
  {
    resource: /^run\/Watch\/Alarms\/(NoDriftCheck|VerdictsOverdue)$/,
    finding: 'CloudWatchAlarmAction',
    because: 'It is a part of the alarm NotChecking, which tells the operators once for both',
  },

  // Built by CodeBuild: a construct of AWS's, as it comes.
  {
    resource: /^run\/DeployTimeBuildCustomResourceHandler[0-9a-f]+$/,
    finding: 'LambdaConcurrency',
    because: `It starts the build, once a deploy; ${RESERVE}`,
  },
  {
    resource: /^run\/DeployTimeBuildCustomResourceHandler[0-9a-f]+$/,
    finding: 'LambdaDLQ',
    because: `${NOT_ASYNCHRONOUS} CloudFormation, which fails the deploy where no answer comes`,
  },
  {
    resource: /^run\/DeployTimeBuildCustomResourceHandler[0-9a-f]+$/,
    finding: 'LambdaInsideVPC',
    because: 'It speaks to CodeBuild and CloudFormation alone, while it deploys',
  },
  {
    resource: /^run\/DeployTimeBuildCustomResourceHandler[0-9a-f]+\/LogGroup$/,
    finding: 'CloudWatchLogGroupEncrypted',
    because: AWS_LOG_KEY,
  },
  {
    resource: /^run\/DeployTimeBuildCustomResourceHandler[0-9a-f]+\/ServiceRole\/DefaultPolicy$/,
    finding: 'IAMNoInlinePolicy',
    because: ONE_ROLE,
  },
  {
    resource: /^run\/ContainerImageBuild[A-Za-z0-9]+\/Role\/DefaultPolicy$/,
    finding: 'IAMNoInlinePolicy',
    because: ONE_ROLE,
  },
];

const PACK = 'NIST.800.53.R5';

/** Writes the reasons beside the resources that they are about. */
export function acknowledgeReviewed(installation: IConstruct): void {
  const below = `${installation.node.path}/`;
  for (const node of installation.node.findAll()) {
    if (Stack.isStack(node)) acknowledgeBuild(node);
    if (!CfnResource.isCfnResource(node)) continue;
    const path = node.node.path.slice(below.length).replace(/\/Resource$/, '');
    for (const { resource, finding, because } of REVIEWED) {
      if (!resource.test(path) || isMended(node, finding)) continue;
      acknowledge(node, `${PACK}-${finding}`, because);
    }
  }
}

/** Where a function does stand in a VPC, nothing needs to be said. */
const isMended = (node: CfnResource, finding: string): boolean =>
  finding === 'LambdaInsideVPC' && node instanceof CfnFunction && node.vpcConfig !== undefined;
