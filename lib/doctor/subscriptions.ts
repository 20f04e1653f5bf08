import { addressDigest, type KnownAudience, type Subscribed, type TopicName } from '../alerts/subscribed.ts';
import type { Subscription } from '../aws/account/account.ts';
import type { Read } from '../aws/account/reading.ts';
import { type Diagnosis, judged, ok, wrong } from './diagnosis.ts';

/** What Amazon Q Developer subscribes a topic with (its administrator guide, "Troubleshooting"). */
const CHAT_ENDPOINT = 'https://global.sns-api.chatbot.amazonaws.com';

export interface SubscriptionsRead {
  readonly installation: string;
  readonly subscribed: Subscribed;
  readonly topics: Readonly<Record<TopicName, Read<readonly Subscription[]>>>;
  /** Audiences of Slack and Microsoft Teams, which SNS knows nothing of. */
  readonly channels: readonly string[];
}

/** Whether everybody who is to hear is subscribed, and has said yes. */
export function judgeSubscriptions(read: SubscriptionsRead): readonly Diagnosis[] {
  const { subscribed, channels } = read;
  return [
    ...subscribed.audiences.flatMap((audience) => [
      ...onTopic(audience, audience.form, read),
      ...(audience.operators ? onTopic(audience, 'operators', read) : []),
    ]),
    ...channels.flatMap((name) => ofChannel(name, read)),
    ...(subscribed.audiences.length === 0 && channels.length === 0
      ? [
          wrong(
            'audiences',
            'nobody is told of anything: there is no audience',
            "Add one to the configuration, such as { name: 'platform', form: 'email', address: 'platform@example.com' }, and deploy",
          ),
        ]
      : []),
  ];
}

function onTopic(
  audience: KnownAudience,
  topic: TopicName,
  { installation, subscribed, topics }: SubscriptionsRead,
): readonly Diagnosis[] {
  const where = `audience ${audience.name} on the topic ${topic}`;
  const mend = `npx fairlead subscribe ${audience.name} --installation ${installation}`;
  const vanished = wrong(
    where,
    'it is not subscribed (any more): a link in each email unsubscribes, and mail scanners follow links',
    mend,
  );
  return judged(
    where,
    topics[topic],
    (found) => {
      const its = found.filter(({ endpoint }) => isAddressOf(endpoint, audience));
      if (its.some(({ state }) => state === 'confirmed')) return [ok(where, 'subscribed and confirmed')];
      return its.length === 0
        ? [vanished]
        : [wrong(where, 'its subscription was not confirmed yet: it hears of nothing', mend)];
    },
    () => [wrong(where, `there is no topic ${subscribed.topics[topic]}`, 'npx cdk deploy --all')],
  );
}

const isAddressOf = (endpoint: string, { address }: KnownAudience): boolean =>
  address.kind === 'email'
    ? endpoint.toLowerCase() === address.address.toLowerCase()
    : addressDigest(endpoint) === address.digest;

function ofChannel(name: string, { topics }: SubscriptionsRead): readonly Diagnosis[] {
  const where = `audience ${name} on the topic chat`;
  return judged(
    where,
    topics.chat,
    (found) =>
      found.some(({ endpoint, state }) => endpoint.startsWith(CHAT_ENDPOINT) && state === 'confirmed')
        ? [ok(where, 'Amazon Q Developer is subscribed')]
        : [
            wrong(
              where,
              'Amazon Q Developer is not subscribed to the topic',
              'Authorise the workspace in its console (Amazon Q Developer in chat applications), invite @Amazon Q into the channel, then: npx cdk deploy --all',
            ),
          ],
    () => [wrong(where, 'there is no such topic', 'npx cdk deploy --all')],
  );
}
