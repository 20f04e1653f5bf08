import { channelsOf, type Channel as Way } from '../../../lib/alerts/channels.ts';
import type { Round } from '../../../lib/alerts/publish.ts';
import type { Channel } from './commands.ts';
import type { Gate } from './interleaving.ts';
import type { Entry } from './record.ts';
import { timeAt } from './world.ts';

type Published = Extract<Entry, { kind: 'published' }>;
type Attributes = Readonly<Record<string, string | readonly string[]>>;

/** The real channels, over places that only remember; each telling waits for its turn. */
export function channels(
  gate: Gate,
  outages: Map<Channel, number>,
  publish: (entry: Published) => void,
): readonly Way[] {
  const take = (channel: Channel, entry: () => Omit<Published, 'kind' | 'channel'>) =>
    gate(`publish to ${channel}`, () => {
      const left = outages.get(channel) ?? 0;
      outages.set(channel, Math.max(0, left - 1));
      if (left > 0) throw new Error(`${channel} does not answer`);
      publish({ kind: 'published', channel, ...entry() });
    });
  const topic = (channel: 'email' | 'pager' | 'chat') => ({
    publish: ({ subject, body, attributes }: { subject: string; body: string; attributes: Attributes }) =>
      take(channel, () => ({
        incident: String(attributes.incident),
        sequence: Number(attributes.sequence),
        message: JSON.stringify({ subject, body, attributes }),
        severities: [attributes.severity ?? []].flat(),
        ...(channel === 'pager' ? { state: JSON.parse(body).NewStateValue } : {}),
      })),
  });
  const asData = (alert: { incident: string; sequence: number; severity: string }, whole: unknown) => ({
    incident: alert.incident,
    sequence: alert.sequence,
    message: JSON.stringify(whole),
    severities: [alert.severity],
  });
  return channelsOf({
    state: {
      put: (_key, body) =>
        take('report', () => {
          const { alert } = JSON.parse(String(body));
          return asData(alert, alert);
        }),
    },
    email: topic('email'),
    pager: topic('pager'),
    chat: topic('chat'),
    bus: {
      put: (_type: string, detail: unknown) =>
        take('bus', () => asData((detail as { alert: Parameters<typeof asData>[0] }).alert, detail)),
    },
    origin: { region: 'eu-central-1', account: '123456789012' },
    webhooks: [],
  });
}

/** One call of the function that tells, at a minute of the run. */
export const roundOf = (number: number, now: () => number): Round => ({
  id: `call ${number}`,
  now: () => new Date(timeAt(now())),
  endsAt: Number.POSITIVE_INFINITY,
  silent: new Set(),
});
