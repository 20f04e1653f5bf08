/** Where the templates are taken to be deployed. */
export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';

export interface TemplateText {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: Properties }>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
}
type Properties = Readonly<Record<string, unknown>>;

export interface Resource {
  readonly stack: string;
  readonly id: string;
  readonly type: string;
  readonly properties: Properties;
}

/** Which property names a thing, and how its ARN begins and goes on. */
const KINDS: Readonly<Record<string, { readonly name: string; readonly arn: (name: string) => string }>> = {
  'AWS::S3::Bucket': { name: 'BucketName', arn: (name) => `arn:aws:s3:::${name}` },
  'AWS::DynamoDB::Table': { name: 'TableName', arn: (name) => regional('dynamodb', `table/${name}`) },
  'AWS::SQS::Queue': { name: 'QueueName', arn: (name) => regional('sqs', name) },
  'AWS::SNS::Topic': { name: 'TopicName', arn: (name) => regional('sns', name) },
  'AWS::Lambda::Function': { name: 'FunctionName', arn: (name) => regional('lambda', `function:${name}`) },
  'AWS::Logs::LogGroup': { name: 'LogGroupName', arn: (name) => regional('logs', `log-group:${name}:*`) },
  'AWS::Events::EventBus': { name: 'Name', arn: (name) => regional('events', `event-bus/${name}`) },
  'AWS::KMS::Key': { name: '', arn: (name) => regional('kms', `key/${name}`) },
  'AWS::IAM::Role': { name: 'RoleName', arn: (name) => `arn:aws:iam::${ACCOUNT}:role/${name}` },
  'AWS::IAM::ManagedPolicy': {
    name: 'ManagedPolicyName',
    arn: (name) => `arn:aws:iam::${ACCOUNT}:policy/${name}`,
  },
  'AWS::IAM::OIDCProvider': { name: '', arn: (name) => `arn:aws:iam::${ACCOUNT}:oidc-provider/${name}` },
  'AWS::ECR::Repository': { name: 'RepositoryName', arn: (name) => regional('ecr', `repository/${name}`) },
};
const regional = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

/** Things whose `Ref` is their ARN, and those whose `Ref` is a URL; of all others it is their name. */
const REF_IS_ARN = /^AWS::(SNS::Topic|IAM::ManagedPolicy|IAM::OIDCProvider|BackupVault)/;

/** Templates as if they were deployed: every intrinsic a text, every thing with a name and an ARN. */
export class Deployed {
  private readonly templates: Readonly<Record<string, TemplateText>>;
  private readonly exports: ReadonlyMap<string, { readonly stack: string; readonly value: unknown }>;

  constructor(templates: Readonly<Record<string, TemplateText>>) {
    this.templates = templates;
    this.exports = new Map(
      Object.entries(templates).flatMap(([stack, { Outputs }]) =>
        Object.values(Outputs ?? {}).flatMap(({ Value, Export }) =>
          Export === undefined
            ? []
            : [[String(this.written(Export.Name, stack)), { stack, value: Value }] as const],
        ),
      ),
    );
  }

  of(type: string): readonly Resource[] {
    return this.all().filter((resource) => resource.type === type);
  }

  all(): readonly Resource[] {
    return Object.entries(this.templates).flatMap(([stack, { Resources }]) =>
      Object.entries(Resources).map(([id, { Type: type, Properties: properties = {} }]) => ({
        stack,
        id,
        type,
        properties,
      })),
    );
  }

  nameOf({ stack, id, type, properties }: Resource): string {
    const given = properties[KINDS[type]?.name ?? ''];
    if (given !== undefined) return String(this.written(given, stack));
    const fifo = properties.FifoQueue === true ? '.fifo' : '';
    return type === 'AWS::S3::Bucket' ? `${stack}-${id}`.toLowerCase() : `${stack}-${id}${fifo}`;
  }

  arnOf(resource: Resource): string {
    const path = typeof resource.properties.Path === 'string' ? resource.properties.Path.slice(1) : '';
    const name = `${path}${this.nameOf(resource)}`;
    return (
      KINDS[resource.type]?.arn(name) ?? regional(resource.type.split('::')[1]?.toLowerCase() ?? '', name)
    );
  }

  /** The ARN of what a policy is attached to: by its ARN, its URL or its name. */
  arnOfName(name: unknown): string {
    const text = String(name);
    if (text.startsWith('arn:')) return text;
    const queue = /^https:\/\/sqs\.[^/]+\/\d+\/(.+)$/.exec(text)?.[1];
    return queue === undefined ? `arn:aws:s3:::${text}` : regional('sqs', queue);
  }

  /** The value with everything worked out. @throws for an intrinsic that is not known here */
  written(value: unknown, stack: string): unknown {
    if (Array.isArray(value)) return value.map((one) => this.written(one, stack));
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value);
    const [[name, content] = ['', undefined]] = entries;
    if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::')))
      return this.intrinsic(name, content, stack);
    return Object.fromEntries(entries.map(([key, inner]) => [key, this.written(inner, stack)]));
  }

  private intrinsic(name: string, content: unknown, stack: string): unknown {
    switch (name) {
      case 'Ref':
        return this.reference(String(content), stack);
      case 'Fn::GetAtt': {
        const [id, attribute] = content as [string, string];
        return this.attribute(this.resource(id, stack), attribute);
      }
      case 'Fn::ImportValue': {
        const exported = this.exports.get(String(this.written(content, stack)));
        if (exported === undefined) throw new Error(`nothing exports ${JSON.stringify(content)}`);
        return this.written(exported.value, exported.stack);
      }
      case 'Fn::Join': {
        const [separator, parts] = content as [string, unknown];
        return (this.written(parts, stack) as unknown[]).map(String).join(separator);
      }
      case 'Fn::Select': {
        const [index, parts] = content as [string | number, unknown];
        return (this.written(parts, stack) as unknown[])[Number(index)];
      }
      case 'Fn::Split': {
        const [separator, text] = content as [string, unknown];
        return String(this.written(text, stack)).split(separator);
      }
      case 'Fn::Sub':
        return String(content).replace(/\$\{([^}!]+)\}/g, (_, id: string) =>
          String(this.reference(id, stack)),
        );
      default:
        throw new Error(`${name} is not known here`);
    }
  }

  private reference(id: string, stack: string): string {
    const pseudo = PSEUDO[id];
    if (pseudo !== undefined) return pseudo;
    if (id === 'AWS::StackName') return stack;
    if (id === 'AWS::StackId') return regional('cloudformation', `stack/${stack}/1`);
    const resource = this.resource(id, stack);
    if (REF_IS_ARN.test(resource.type)) return this.arnOf(resource);
    const name = this.nameOf(resource);
    return resource.type === 'AWS::SQS::Queue'
      ? `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`
      : name;
  }

  private attribute(resource: Resource, attribute: string): string {
    if (attribute === 'Arn' || attribute === 'TopicArn') return this.arnOf(resource);
    if (attribute === 'StreamArn') return `${this.arnOf(resource)}/stream/2026-01-01T00:00:00.000`;
    if (/Name$/.test(attribute)) return this.nameOf(resource);
    return `${this.nameOf(resource)}.${attribute}`;
  }

  private resource(id: string, stack: string): Resource {
    const found = this.templates[stack]?.Resources[id];
    if (found === undefined) throw new Error(`${stack} has nothing called ${id}`);
    return { stack, id, type: found.Type, properties: found.Properties ?? {} };
  }
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
};
