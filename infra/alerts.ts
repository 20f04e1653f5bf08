import { Duration, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Subscription, SubscriptionFilter, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Audience, ConfigError } from '../lib/config/config.ts';
import { acknowledge } from './acknowledge.ts';
import type { FairleadFunction } from './function.ts';
import { removalPolicy } from './storage.ts';

/** Services that publish to or deliver from these topics on our behalf. */
const PUBLISHERS = ['events.amazonaws.com', 'cloudwatch.amazonaws.com', 'sns.amazonaws.com'];

const FORMS = ['email', 'pager', 'chat'] as const;

export interface AlertsSettings {
  readonly installation: string;
  readonly production: boolean;
  readonly audiences: readonly Audience[];
}

/**
 * Where alerts go: a topic for each form, since bodies differ, a bus for machines, and a topic for what Fairlead
 * says about itself (its alarms carry no attributes, so a filtered subscription would never see them).
 */
export class Alerts extends Construct {
  readonly operators: Topic;
  readonly undelivered: Queue;
  private readonly key: Key;
  private readonly topics: Readonly<Record<(typeof FORMS)[number], Topic>>;
  private readonly bus: EventBus;

  /** @throws ConfigError naming every audience with an address that its form cannot be sent to */
  constructor(scope: Construct, id: string, { installation, production, audiences }: AlertsSettings) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: `Fairlead ${installation}: alerts on their way`,
      enableKeyRotation: true,
      removalPolicy: removalPolicy(production),
    });
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: PUBLISHERS.map((service) => new ServicePrincipal(service)),
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    const topic = (name: string) =>
      new Topic(this, name, { masterKey: this.key, enforceSSL: true, displayName: 'Fairlead' });
    this.topics = { email: topic('Email'), pager: topic('Pager'), chat: topic('Chat') };
    this.operators = topic('Operators');
    // A policy of its own takes the place of the one that lets the account's alarms publish.
    this.operators.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.operators.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.bus = new EventBus(this, 'Bus', { eventBusName: installation });
    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(
      this.undelivered,
      'AwsSolutions-SQS3',
      'It is the dead-letter queue of the rule, the schedules and the subscriptions, which are not queues',
    );
    this.subscribe(audiences);
  }

  publishedBy(teller: FairleadFunction): void {
    for (const form of FORMS) teller.knows(`${form}Topic`, this.topics[form].topicArn);
    teller.knows('eventBus', this.bus.eventBusName);
    teller.allow({
      actions: ['sns:Publish'],
      resources: FORMS.map((form) => this.topics[form].topicArn),
    });
    teller.allow({ actions: ['events:PutEvents'], resources: [this.bus.eventBusArn] });
    teller.allow({
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [this.key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `sns.${Stack.of(this).region}.amazonaws.com` } },
    });
  }

  private subscribe(audiences: readonly Audience[]): void {
    const problems = audiences.flatMap(problemOf);
    if (problems.length > 0) throw new ConfigError(problems, 'fairlead.config.ts');

    for (const audience of audiences) {
      const delivery = {
        endpoint: audience.address,
        protocol: audience.form === 'email' ? SubscriptionProtocol.EMAIL : SubscriptionProtocol.HTTPS,
        deadLetterQueue: this.undelivered,
      };
      const filter = filterOf(audience);
      new Subscription(this, `Audience-${audience.name}`, {
        ...delivery,
        topic: this.topics[audience.form],
        ...(filter === undefined ? {} : { filterPolicy: filter }),
      });
      if (audience.form !== 'email') continue;
      new Subscription(this, `Operator-${audience.name}`, { ...delivery, topic: this.operators });
    }
  }
}

/** Narrowed by what `send-alerts` writes as message attributes. */
function filterOf({ targets, severities }: Audience): Record<string, SubscriptionFilter> | undefined {
  const filter = {
    ...(targets === undefined ? {} : { target: SubscriptionFilter.stringFilter({ allowlist: targets }) }),
    ...(severities === undefined
      ? {}
      : { severity: SubscriptionFilter.stringFilter({ allowlist: severities }) }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

const problemOf = ({ name, form, address }: Audience): string[] => {
  if (form === 'email') {
    return /^[^@\s]+@[^@\s]+$/.test(address)
      ? []
      : [`audience "${name}": an email audience has a mail address`];
  }
  return URL.canParse(address) && new URL(address).protocol === 'https:'
    ? []
    : [`audience "${name}": a ${form} audience has an https:// address that SNS can post to`];
};
