import { type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  DockerImageFunction,
  type ILayerVersion,
  RecursiveLoop,
  Runtime,
  Tracing,
  Function as ZipFunction,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { type CustomerKey, keyRights } from '../customer-key.ts';
import type { Network } from '../network/network-interfaces.ts';
import { type FunctionCode, GIT_FUNCTIONS, type GitFunctionName, type ZipFunctionName } from '../packages.ts';
import { acknowledgeWildcard, hasWildcard } from '../review/acknowledge.ts';
import { iamArn } from '../role-rules.ts';
import { SIZES } from '../sizes.ts';

export type FunctionName = ZipFunctionName | GitFunctionName;

export interface FunctionSettings {
  readonly installation: string;
  readonly code: FunctionCode;
  /** The customer's key, where everything that a function works with is under it. */
  readonly key?: CustomerKey;
  /** IAM path of its role. */
  readonly rolePath?: string;
  readonly layers?: readonly ILayerVersion[];
  /** What this one is called, where several run the same code. */
  readonly as?: string;
  /** Where it stands, if not where Lambda puts what reaches the internet. */
  readonly network?: Network;
}

export interface Right {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: PolicyStatementProps['conditions'];
  /** Required by cdk-nag where a resource holds a wildcard. */
  readonly because?: string;
}

/**
 * CDK spreads the statements of a role over policies of the sizes that IAM takes, but splits none: one with the clusters
 * of 150 targets would be larger than any policy may be.
 */
const RESOURCES_A_STATEMENT = 20;

/**
 * One of Fairlead's functions with a role of its own. It can write its log and nothing else, until a concern
 * (upload, content, table, …) gives it a right together with the variable that names what the right is for.
 */
export class FairleadFunction extends Construct {
  readonly functionName: string;
  /** Which code; several functions may run the same. */
  readonly runs: FunctionName;
  readonly logGroupName: string;
  readonly role: Role;
  /** By its name, so that another stack can say it and depends on nothing of this one. */
  readonly roleArn: string;
  readonly lambda: ZipFunction;
  readonly timeout: Duration;
  private readonly key: CustomerKey;

  constructor(scope: Construct, name: FunctionName, settings: FunctionSettings) {
    super(scope, settings.as ?? name);
    const { installation, code, network } = settings;
    const size = SIZES[name];
    this.timeout = size.timeout;
    this.key = settings.key;
    this.functionName = `${installation}-${settings.as ?? name}`;

    this.runs = name;
    this.logGroupName = `/aws/lambda/${this.functionName}`;

    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: this.logGroupName,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A name that stays: an EKS access entry names its role, and breaks in silence when the role is made anew.
    const roleName = `${this.functionName}-${Stack.of(this).region}`;
    this.roleArn = iamArn(this, 'role', `${settings.rolePath ?? '/'}${roleName}`);
    this.role = new Role(this, 'Role', {
      roleName,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    this.allow({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] });

    const common = {
      functionName: this.functionName,
      role: this.role,
      logGroup,
      architecture: Architecture.X86_64,
      memorySize: size.memoryMiB,
      timeout: size.timeout,
      // Lambda itself sends the traces, also where the function stands in a network without a way out (docs/runbook.md).
      tracing: Tracing.ACTIVE,
      ...(size.scratch === undefined ? {} : { ephemeralStorageSize: size.scratch }),
      ...(size.ringsForItself === undefined ? {} : { recursiveLoop: RecursiveLoop.ALLOW }),
      ...(size.unattended === undefined
        ? {}
        : { retryAttempts: size.unattended.attempts, maxEventAge: size.unattended.within }),
      environment: {
        [VARIABLES.installation]: installation,
        [VARIABLES.scratch]: '/tmp',
        HOME: '/tmp',
      },
      ...network?.placement(this),
    };
    this.lambda = isGitFunction(name)
      ? new DockerImageFunction(this, 'Function', { ...common, code: code.image(name) })
      : new ZipFunction(this, 'Function', {
          ...common,
          runtime: Runtime.NODEJS_24_X,
          handler: 'index.handler',
          code: code.zip(name),
          layers: [...(settings.layers ?? [])],
        });
    acknowledgeWildcard(
      this,
      '*',
      'X-Ray has no resources to name: xray:PutTraceSegments and PutTelemetryRecords are for all or for none (Service Authorization Reference, "AWS X-Ray")',
    );
  }

  /** Gives a right, and with it what it needs of the customer's key. */
  allow(right: Right): void {
    for (const each of [right, ...keyRights(this, this.key, right)]) this.permit(each);
  }

  private permit({ actions, resources, conditions, because }: Right): void {
    for (let from = 0; from < resources.length; from += RESOURCES_A_STATEMENT)
      this.role.addToPolicy(
        new PolicyStatement({
          actions: [...actions],
          resources: resources.slice(from, from + RESOURCES_A_STATEMENT),
          ...(conditions === undefined ? {} : { conditions }),
        }),
      );
    if (because === undefined) return;
    for (const resource of resources) {
      if (hasWildcard(this, resource)) acknowledgeWildcard(this, resource, because);
    }
  }

  /** Tells the function what something is called, by the name that lib/aws/environment.ts reads. */
  knows(variable: keyof typeof VARIABLES, value: string): void {
    this.lambda.addEnvironment(VARIABLES[variable], value);
  }
}

const isGitFunction = (name: FunctionName): name is GitFunctionName =>
  (GIT_FUNCTIONS as readonly string[]).includes(name);
