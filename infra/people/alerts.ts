import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Config } from '../../lib/config/config.ts';
import { hasOwnKey, throughService } from '../customer-key.ts';
import { acknowledge } from '../review/acknowledge.ts';
import type { FairleadFunction } from '../run/function.ts';
import { removalPolicy } from '../state/storage.ts';
import { Audiences, TOPIC_FORMS, type Topics } from './audiences.ts';
import { EventsOut } from './events-out.ts';
import { Webhooks } from './webhooks.ts';

export type AlertsSettings = Pick<Config, 'installation' | 'production' | 'audiences' | 'bus' | 'aws'>;

/**
 * Where alerts go: a topic for each form, since bodies differ, a bus for machines, and a topic for what Fairlead
 * says about itself (its alarms carry no attributes, so a filtered subscription would never see them).
 */
export class Alerts extends Construct {
  readonly operators: ITopic;
  /** What a rule or a schedule could not hand over. */
  readonly undelivered: Queue;
  /** What an address did not take. */
  readonly unheard: Queue;
  /** Where the organisation brings none. */
  private readonly ownKey: Key | undefined;
  private readonly topics: Topics;
  private readonly events: EventsOut;
  private readonly webhooks: Webhooks;

  /** @throws ConfigError naming every audience with an address that its form cannot be sent to */
  constructor(scope: Construct, id: string, settings: AlertsSettings) {
    super(scope, id);
    const { installation, production, aws, bus, audiences } = settings;
    this.ownKey = hasOwnKey(aws) ? this.keyOfOurs(installation, production) : undefined;
    const { email, pager, chat, operators } = aws.existing.topics;
    this.topics = {
      email: this.topic('Email', email),
      pager: this.topic('Pager', pager),
      chat: this.topic('Chat', chat),
    };
    this.operators = this.topic('Operators', operators);
    // A policy of its own takes the place of the one that lets the account's alarms publish.
    this.operators.addToResourcePolicy(this.alarms(['sns:Publish'], this.operators.topicArn));
    this.undelivered = this.deadLetters(
      'Undelivered',
      'It is the dead-letter queue of rules and schedules, which are not queues',
    );
    this.unheard = this.deadLetters(
      'Unheard',
      'It is the dead-letter queue of the subscriptions, which are not queues',
    );
    this.events = new EventsOut(this, 'Events', { installation, bus, undelivered: this.undelivered });
    new Audiences(this, 'Audiences', {
      installation,
      audiences,
      topics: this.topics,
      operators: this.operators,
      unheard: this.unheard,
    });
    this.webhooks = new Webhooks(this, 'Webhooks', settings);
  }

  publishedBy(teller: FairleadFunction): void {
    for (const form of TOPIC_FORMS) teller.knows(`${form}Topic`, this.topics[form].topicArn);
    teller.knows('eventBus', this.events.busName);
    teller.allow({
      actions: ['sns:Publish'],
      resources: TOPIC_FORMS.map((form) => this.topics[form].topicArn),
    });
    teller.allow({ actions: ['events:PutEvents'], resources: [this.events.busArn] });
    this.webhooks.postedBy(teller);
    // With the organisation's key the right comes with that to publish.
    if (this.ownKey === undefined) return;
    teller.allow({
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [this.ownKey.keyArn],
      conditions: throughService(this, 'sns'),
    });
  }

  /**
   * The one service that publishes here by itself is CloudWatch, whose alarms tell operators; `send-alerts` uses the key
   * by its own role. Nothing is delivered with it: SNS decrypts as the topic's owner, and the queues for what fails have
   * SQS's own encryption.
   */
  private keyOfOurs(installation: string, production: boolean): Key {
    const key = new Key(this, 'Key', {
      description: `Fairlead ${installation}: alerts on their way`,
      enableKeyRotation: true,
      removalPolicy: removalPolicy(production),
      // What is to go goes as soon as KMS lets it.
      ...(production ? {} : { pendingWindow: Duration.days(7) }),
    });
    key.addToResourcePolicy(this.alarms(['kms:Decrypt', 'kms:GenerateDataKey'], '*'));
    return key;
  }

  /**
   * What alarms of this account may. Both conditions are in CloudWatch's calls, to the topic as to its key (Amazon SNS
   * developer guide, "Enable compatibility between event sources from AWS services and encrypted topics"; they are not
   * in those of EventBridge, which publishes to none of these).
   */
  private alarms(actions: readonly string[], resource: string): PolicyStatement {
    const { account } = Stack.of(this);
    const arn = Stack.of(this).formatArn({ service: 'cloudwatch', resource: 'alarm:*' });
    return new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: [...actions],
      resources: [resource],
      conditions: { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': arn } },
    });
  }

  /** One that is there already keeps its own policy, encryption and subscribers, and gets ours beside them. */
  private topic(name: string, existing: string | undefined): ITopic {
    return existing === undefined
      ? new Topic(this, name, {
          ...(this.ownKey === undefined ? {} : { masterKey: this.ownKey }),
          enforceSSL: true,
          displayName: 'Fairlead',
        })
      : Topic.fromTopicArn(this, name, existing);
  }

  private deadLetters(name: string, because: string): Queue {
    const queue = new Queue(this, name, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(queue, 'AwsSolutions-SQS3', because);
    return queue;
  }
}
