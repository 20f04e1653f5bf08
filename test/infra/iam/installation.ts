import type { Context } from './conditions.ts';
import { ACCOUNT, Deployed, type Resource, type TemplateText } from './deployed.ts';
import { type Document, listed } from './document.ts';
import { type Decision, decide, type Policies } from './evaluate.ts';

export interface RoleHere {
  readonly arn: string;
  readonly name: string;
  readonly trust: Document;
  readonly policies: readonly Document[];
}

/** The roles and policies of an installation's templates, asked as AWS would be asked. */
export class Installation {
  readonly deployed: Deployed;
  readonly roles: readonly RoleHere[];
  private readonly ofThings: readonly { readonly on: string; readonly document: Document }[];

  constructor(templates: Readonly<Record<string, TemplateText>>) {
    this.deployed = new Deployed(templates);
    this.roles = this.deployed.of('AWS::IAM::Role').map((role) => this.role(role));
    this.ofThings = this.resourcePolicies();
  }

  /** The role of a function, by the function's name without the installation's. */
  roleOf(functionName: string): RoleHere {
    const role = this.roles.find(({ name }) =>
      name.replace(/-eu-central-1$/, '').endsWith(`-${functionName}`),
    );
    if (role === undefined)
      throw new Error(`no role of ${functionName}; there is ${this.roles.map(({ name }) => name)}`);
    return role;
  }

  decide(
    role: RoleHere,
    action: string,
    resource: string,
    context: Context = {},
    more: Pick<Policies, 'boundary'> = {},
  ): Decision {
    const document = this.policyOf(resource);
    return decide(
      { asker: { kind: 'role', arn: role.arn }, action, resource, context: { ...USUAL, ...context } },
      {
        identity: role.policies,
        ...more,
        ...(document === undefined ? {} : { resource: { document, account: ACCOUNT } }),
      },
    );
  }

  /** What a service of AWS may do to a thing, which its own policy alone says. */
  decideFor(service: string, action: string, resource: string, context: Context = {}): Decision {
    const document = this.policyOf(resource);
    return decide(
      { asker: { kind: 'service', name: service }, action, resource, context: { ...USUAL, ...context } },
      { identity: [], ...(document === undefined ? {} : { resource: { document, account: ACCOUNT } }) },
    );
  }

  /** The ARN of the one thing whose type and logical id are these. */
  thing(type: string, logicalId: RegExp): string {
    const found = this.deployed.of(type).filter(({ id }) => logicalId.test(id));
    const [only, ...more] = found;
    if (only === undefined || more.length > 0)
      throw new Error(`${found.length} of ${type} are called ${logicalId}: ${found.map(({ id }) => id)}`);
    return this.deployed.arnOf(only);
  }

  private policyOf(resource: string): Document | undefined {
    const own = this.ofThings.filter(({ on }) => resource === on || resource.startsWith(`${on}/`));
    return own.length === 0
      ? undefined
      : { Statement: own.flatMap(({ document }) => listed(document.Statement)) };
  }

  private role(role: Resource): RoleHere {
    const { properties } = role;
    const inline = listed(properties.Policies as { PolicyDocument: unknown }[] | undefined);
    const attached = this.deployed
      .of('AWS::IAM::Policy')
      .filter(({ stack, properties: { Roles } }) =>
        listed(Roles as { Ref?: string }[]).some(({ Ref }) => Ref === role.id && stack === role.stack),
      )
      .map(({ properties: { PolicyDocument }, stack }) => this.deployed.written(PolicyDocument, stack));
    const managed = listed(properties.ManagedPolicyArns as unknown[] | undefined).map((arn) => {
      const wanted = this.deployed.written(arn, role.stack);
      const policy = this.deployed
        .of('AWS::IAM::ManagedPolicy')
        .find((one) => this.deployed.arnOf(one) === wanted);
      // One of AWS's own, of a construct that runs while it deploys: no function of ours has one.
      if (policy === undefined) return { Statement: [] };
      return this.deployed.written(policy.properties.PolicyDocument, policy.stack);
    });
    return {
      arn: this.deployed.arnOf(role),
      name: this.deployed.nameOf(role),
      trust: this.deployed.written(properties.AssumeRolePolicyDocument, role.stack) as Document,
      policies: [
        ...inline.map(({ PolicyDocument }) => this.deployed.written(PolicyDocument, role.stack)),
        ...attached,
        ...managed,
      ] as Document[],
    };
  }

  private resourcePolicies(): readonly { on: string; document: Document }[] {
    const of = (type: string, on: (properties: Resource['properties']) => unknown, document: string) =>
      this.deployed.of(type).flatMap((resource) =>
        listed(on(resource.properties)).map((name) => ({
          on: this.deployed.arnOfName(this.deployed.written(name, resource.stack)),
          document: this.deployed.written(resource.properties[document], resource.stack) as Document,
        })),
      );
    return [
      ...of('AWS::S3::BucketPolicy', ({ Bucket }) => Bucket, 'PolicyDocument'),
      ...of('AWS::SQS::QueuePolicy', ({ Queues }) => Queues, 'PolicyDocument'),
      ...of('AWS::SNS::TopicPolicy', ({ Topics }) => Topics, 'PolicyDocument'),
      ...this.deployed.of('AWS::KMS::Key').map((key) => ({
        on: this.deployed.arnOf(key),
        document: atItself(
          this.deployed.written(key.properties.KeyPolicy, key.stack) as Document,
          this.deployed.arnOf(key),
        ),
      })),
    ];
  }
}

/** In a key's policy `*` is that key. */
const atItself = (document: Document, arn: string): Document => ({
  Statement: listed(document.Statement).map((statement) => ({ ...statement, Resource: arn })),
});

/** What every request of ours says of itself. */
const USUAL: Context = {
  'aws:SecureTransport': 'true',
  's3:TlsVersion': '1.3',
  'aws:SourceAccount': ACCOUNT,
};
