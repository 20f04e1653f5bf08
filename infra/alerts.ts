import { Duration, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Subscription, SubscriptionFilter, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { filterPolicyOf } from '../lib/alerts/audience.ts';
import { type Audience, type Config, ConfigError } from '../lib/config/config.ts';
import { isReachableHost } from '../lib/desired/outside/reachable.ts';
import { acknowledge } from './acknowledge.ts';
import type { FairleadFunction } from './function.ts';
import { removalPolicy } from './storage.ts';
import { Webhooks } from './webhooks.ts';

/** Services that publish to or deliver from these topics on our behalf. */
const PUBLISHERS = ['events.amazonaws.com', 'cloudwatch.amazonaws.com', 'sns.amazonaws.com'];

const FORMS = ['email', 'pager', 'chat'] as const;

export type AlertsSettings = Pick<Config, 'installation' | 'production' | 'audiences'>;

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
  private readonly webhooks: Webhooks;

  /** @throws ConfigError naming every audience with an address that its form cannot be sent to */
  constructor(scope: Construct, id: string, settings: AlertsSettings) {
    super(scope, id);
    const { installation, production, audiences } = settings;
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
    this.webhooks = new Webhooks(this, 'Webhooks', settings);
  }

  publishedBy(teller: FairleadFunction): void {
    for (const form of FORMS) teller.knows(`${form}Topic`, this.topics[form].topicArn);
    teller.knows('eventBus', this.bus.eventBusName);
    teller.allow({
      actions: ['sns:Publish'],
      resources: FORMS.map((form) => this.topics[form].topicArn),
    });
    teller.allow({ actions: ['events:PutEvents'], resources: [this.bus.eventBusArn] });
    this.webhooks.postedBy(teller);
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
      // Fairlead posts to those itself.
      if (audience.form === 'webhook') continue;
      const delivery = {
        endpoint: audience.address,
        protocol: audience.form === 'email' ? SubscriptionProtocol.EMAIL : SubscriptionProtocol.HTTPS,
        deadLetterQueue: this.undelivered,
      };
      const filter = filterPolicyOf(audience);
      new Subscription(this, `Audience-${audience.name}`, {
        ...delivery,
        topic: this.topics[audience.form],
        ...(filter === undefined ? {} : { filterPolicy: inCdk(filter) }),
      });
      if (audience.form !== 'email') continue;
      new Subscription(this, `Operator-${audience.name}`, { ...delivery, topic: this.operators });
    }
  }
}

const inCdk = (policy: Readonly<Record<string, readonly string[]>>): Record<string, SubscriptionFilter> =>
  Object.fromEntries(
    Object.entries(policy).map(([name, values]) => [
      name,
      SubscriptionFilter.stringFilter({ allowlist: [...values] }),
    ]),
  );

/** What a configuration of one machine may have, and what is deployed may not. */
function problemOf(audience: Audience): string[] {
  if (audience.form !== 'webhook') return [];
  if (audience.network === 'public' && isReachableHost(new URL(audience.url).hostname, 'public')) return [];
  return [
    `audience "${audience.name}": send-alerts stands in no network of yours: a webhook of what is deployed has a public address`,
  ];
}
