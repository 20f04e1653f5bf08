import type { EventBus } from '../aws/events.ts';
import type { ObjectStore } from '../aws/objects.ts';
import { attributeBytes, type Topic } from '../aws/topics.ts';
import type { Webhook } from '../config/audiences.ts';
import type { Alert } from './alert.ts';
import { type Addressed, attributesOf, hears } from './audience.ts';
import { chatOf } from './chat.ts';
import { emailOf } from './email.ts';
import { eventOf } from './event.ts';
import { isPaged, type PagerOrigin, pagerOf } from './pager.ts';
import { MESSAGE_BYTES } from './plain.ts';
import { writeReport } from './report.ts';
import type { Patience, Route } from './telling.ts';
import type { WebhookSender } from './webhook.ts';

/** A way that alerts go. */
export interface Channel extends Route {
  /** Whose fault it is if it fails: what is ours fails the function, and its alarm tells; theirs waits alone. */
  readonly whose: 'ours' | 'theirs';
  tell(alert: Alert, addressed: Addressed): Promise<void>;
}

/** Where alerts go. */
export interface Places {
  /** The state bucket, which has the reports. */
  readonly state: Pick<ObjectStore, 'put'>;
  readonly email: Topic;
  readonly pager: Topic;
  readonly chat: Topic;
  readonly bus: EventBus;
  readonly origin: PagerOrigin;
  readonly webhooks: readonly { readonly webhook: Webhook; readonly sender: WebhookSender }[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
/** AWS's own services come back, and the function's alarm rings meanwhile; the dead letters are kept as long. */
const OURS: Patience = { first: 10 * SECOND, longest: 2 * MINUTE, givenUpAfter: 14 * DAY };
const THEIRS: Patience = { first: 30 * SECOND, longest: 60 * MINUTE, givenUpAfter: DAY };

/** A subject is at most 100 characters of ASCII. */
const SUBJECT_BYTES = 100;

/** In the order that they are told in: the report before whoever names it, people before machines, ours before theirs. */
export function channelsOf(places: Places): readonly Channel[] {
  return allChannelsOf(places).map((channel) => ({
    ...channel,
    takes: (alert, addressed) => isFor(alert, channel.name) && channel.takes(alert, addressed),
  }));
}

/** A drill may be for some channels alone. */
const isFor = (alert: Alert, name: string): boolean =>
  !('channels' in alert) || (alert.channels?.includes(name) ?? true);

function allChannelsOf(places: Places): readonly Channel[] {
  const { state, email, pager, chat, bus, origin, webhooks } = places;
  const ours = (name: string, { takes, tell }: Pick<Channel, 'takes' | 'tell'>): Channel => ({
    name,
    whose: 'ours',
    patience: OURS,
    takes,
    tell,
  });
  return [
    ours('report', { takes: () => true, tell: (alert) => writeReport(state, alert) }),
    ours('pager', {
      takes: (alert) => isForPeople(alert) && isPaged(alert),
      async tell(alert, addressed) {
        const page = pagerOf(alert, origin);
        if (page !== undefined) await pager.publish({ ...page, attributes: attributesOf(alert, addressed) });
      },
    }),
    ours('email', {
      takes: isForPeople,
      async tell(alert, addressed) {
        const attributes = attributesOf(alert, addressed);
        // SNS counts what goes with a message as well.
        const room = MESSAGE_BYTES - attributeBytes(attributes) - SUBJECT_BYTES;
        await email.publish({ ...emailOf(alert, room), attributes });
      },
    }),
    ours('chat', {
      takes: isForPeople,
      tell: (alert, addressed) =>
        chat.publish({ ...chatOf(alert), attributes: attributesOf(alert, addressed) }),
    }),
    ours('bus', {
      takes: () => true,
      async tell(alert) {
        const { detailType, detail } = eventOf(alert);
        await bus.put(detailType, detail);
      },
    }),
    ...webhooks.map(
      ({ webhook, sender }): Channel => ({
        name: `webhook/${webhook.name}`,
        whose: 'theirs',
        patience: THEIRS,
        takes: (_alert, addressed) => hears(webhook, addressed),
        tell: (alert) => sender.send(alert),
      }),
    ),
  ];
}

/** Not what somebody silenced, nor rollouts that went well, of which machines hear. */
const isForPeople = (alert: Alert): boolean =>
  alert.quiet === undefined && !(alert.kind === 'rolled-out' && alert.after === 'rollout');

/** Stands for webhooks of which nobody can read what they are: nothing is told to them, and nothing lost. */
export const unread = (error: unknown): Channel => ({
  name: 'webhooks',
  whose: 'ours',
  patience: OURS,
  takes: () => true,
  tell: () => Promise.reject(error),
});
