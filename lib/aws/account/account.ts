import type { Read } from './reading.ts';

/** Who calls, and by whose clock. */
export interface Caller {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  /** Milliseconds by which this machine's clock is ahead of AWS's (`Date` of its answer, whole seconds). */
  readonly clockAheadMs: number | undefined;
}

export interface StackPart {
  readonly logicalId: string;
  /** `AWS::SQS::Queue`. */
  readonly type: string;
  /** As the service calls it: of a queue its URL, of most others a name or an ARN. */
  readonly physicalId: string;
  readonly status: string;
}

export interface DeployedFunction {
  readonly arn: string;
  readonly roleArn: string;
  readonly variables: Readonly<Record<string, string>>;
}

export interface EksCluster {
  readonly arn: string;
  readonly status: string;
  /** `1.35`. */
  readonly version: string;
  /** `API`, `API_AND_CONFIG_MAP`, `CONFIG_MAP`. */
  readonly authenticationMode: string;
  readonly endpoint: string | undefined;
  /** PEM in base64. */
  readonly certificateAuthority: string | undefined;
  readonly isPublic: boolean;
  readonly isPrivate: boolean;
  readonly publicCidrs: readonly string[];
  readonly vpc: string | undefined;
}

export interface AccessEntry {
  readonly createdAt: Date | undefined;
  readonly groups: readonly string[];
  /** ARNs of the access policies that are associated with it. */
  readonly policies: readonly string[];
}

export interface Capability {
  readonly name: string;
  /** `ARGOCD`, `ACK`, `KRO`. */
  readonly type: string;
  readonly status: string;
  readonly version: string | undefined;
}

export interface Subscription {
  readonly protocol: string;
  readonly endpoint: string;
  readonly state: 'confirmed' | 'pending';
}

export interface AlarmState {
  readonly name: string;
  readonly description: string;
  readonly since: Date | undefined;
}

export interface SecretMarks {
  readonly changedAt: Date | undefined;
  readonly state: 'there' | 'being-deleted';
}

export interface BucketMarks {
  readonly versioning: 'on' | 'off';
  readonly eventBridge: 'on' | 'off';
}

export interface VpcWay {
  /** `com.amazonaws.eu-central-1.s3`. */
  readonly service: string;
  readonly state: string;
  readonly routeTables: readonly string[];
}

/** What the doctor reads of an AWS account, and in no other way: every call here only reads. */
export interface Account {
  caller(): Promise<Read<Caller>>;
  parameter(name: string): Promise<Read<string>>;
  parametersBelow(path: string): Promise<Read<ReadonlyMap<string, string>>>;
  stack(name: string): Promise<Read<readonly StackPart[]>>;
  deployedFunction(name: string): Promise<Read<DeployedFunction>>;
  /** Executions at once that the account may have, and that are kept for no function. */
  concurrency(): Promise<Read<{ readonly all: number; readonly unreserved: number }>>;
  /** When a role was made. @param name without its path */
  roleCreatedAt(name: string): Promise<Read<Date | undefined>>;
  eksCluster(place: { readonly name: string; readonly region: string }): Promise<Read<EksCluster>>;
  accessEntry(
    place: { readonly name: string; readonly region: string },
    principal: string,
  ): Promise<Read<AccessEntry>>;
  capabilities(place: {
    readonly name: string;
    readonly region: string;
  }): Promise<Read<readonly Capability[]>>;
  subscriptions(topicArn: string): Promise<Read<readonly Subscription[]>>;
  /** Of alarms whose names begin so: those that ring. */
  ringing(prefix: string): Promise<Read<readonly AlarmState[]>>;
  /** Messages that wait in a queue, about. */
  waiting(queueUrl: string): Promise<Read<number>>;
  secret(id: string): Promise<Read<SecretMarks>>;
  bucket(name: string): Promise<Read<BucketMarks>>;
  /** The account's quotas of a service (`scheduler`), by their names as Service Quotas shows them. */
  quotas(service: string): Promise<Read<ReadonlyMap<string, number>>>;
  /** Roles that the account has, and may have. */
  roles(): Promise<Read<{ readonly used: number; readonly quota: number }>>;
  /** VPCs of the region. */
  vpcs(): Promise<Read<number>>;
  /** Gateway endpoints of the region, in any VPC. */
  gatewayEndpoints(): Promise<Read<number>>;
  /** Network interfaces that Lambda has in a VPC. */
  lambdaInterfaces(vpc: string): Promise<Read<number>>;
  gateways(vpc: string): Promise<Read<readonly VpcWay[]>>;
  /** Which route table each subnet follows. */
  routeTables(vpc: string, subnets: readonly string[]): Promise<Read<ReadonlyMap<string, string>>>;
}
