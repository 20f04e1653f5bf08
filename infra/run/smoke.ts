import { createHash } from 'node:crypto';
import { type CfnResource, CustomResource, Duration, Lazy, Stack } from 'aws-cdk-lib';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct, type IConstruct } from 'constructs';
import type { FairleadFunction } from './function.ts';

export interface SmokeSettings {
  /** Who asks. */
  readonly tester: FairleadFunction;
  /** Who must be able to work. */
  readonly functions: readonly FairleadFunction[];
  /** What else a function is made of that its template does not say. */
  readonly fingerprint: string;
  /** What must be there before. */
  readonly after: readonly IConstruct[];
}

/** Beyond the tester's own time-out: it answers, or CloudFormation waits no longer. */
const ANSWER = Duration.minutes(5);

/**
 * A resource that is made when every function has shown that it can work, and fails the deploy otherwise. A change of a
 * function is another resource: so a deploy that is taken back asks nobody anything, and cannot fail in that too.
 */
export class SmokeTest extends Construct {
  constructor(scope: Construct, id: string, { tester, functions, fingerprint, after }: SmokeSettings) {
    super(scope, id);
    tester.allow({
      actions: ['lambda:InvokeFunction'],
      resources: functions.map(({ lambda }) => lambda.functionArn),
    });
    const resource = new CustomResource(this, 'Result', {
      resourceType: 'Custom::FairleadSmokeTest',
      serviceToken: tester.lambda.functionArn,
      serviceTimeout: ANSWER,
      properties: { Functions: functions.map(({ functionName }) => functionName) },
    });
    resource.node.addDependency(tester, ...functions, ...after);
    const made = resource.node.defaultChild as CfnResource;
    const name = Stack.of(this).getLogicalId(made);
    made.overrideLogicalId(
      Lazy.uncachedString({
        produce: () => `${name}${hashOf([fingerprint, ...functions.map(contentOf), contentOf(tester)])}`,
      }),
    );
  }
}

/** All of a function that decides whether it works. */
function contentOf({ lambda }: FairleadFunction): unknown {
  const made = lambda.node.defaultChild as CfnFunction;
  const { code, environment, imageConfig, layers, memorySize, role, timeout, vpcConfig } = made;
  return Stack.of(lambda).resolve({
    code,
    environment,
    imageConfig,
    layers,
    memorySize,
    role,
    timeout,
    vpcConfig,
  });
}

const hashOf = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12).toUpperCase();
