import { type Alert, LIFE } from './alert.ts';
import { type Addressed, addressedOf, namespacesOfScope } from './audience.ts';
import { type Heard, nameOf, type Outbox } from './outbox.ts';

/**
 * How far an item's alerts have been told, to the channel: pure; publish.ts does it. A channel that fails neither
 * holds back the others nor repeats what they had, and each has its alerts in their order.
 */

/** A way that alerts go, as far as deciding needs it. */
export interface Route {
  readonly name: string;
  takes(alert: Alert, addressed: Addressed): boolean;
  readonly patience: Patience;
}

/** How long a channel that fails is tried again, in milliseconds. */
export interface Patience {
  readonly first: number;
  readonly longest: number;
  /** What it could not take for so long, it does not get. */
  readonly givenUpAfter: number;
}

/** What is to be told next, and to whom. */
export interface Step<Channel extends Route> {
  readonly channel: Channel;
  readonly alert: Alert;
  readonly addressed: Addressed;
}

/** Incidents of one item follow each other: the present one, and one whose end is being told. */
const INCIDENTS_KEPT = 2;

/**
 * The next step: channels in their order, and for each its alerts in theirs, so that one that fails waits alone.
 * @param passed over for now, by name
 */
export function nextStep<Channel extends Route>(
  outbox: Outbox,
  channels: readonly Channel[],
  now: string,
  passed: ReadonlySet<string> = new Set(),
): Step<Channel> | undefined {
  for (const channel of channels) {
    if (passed.has(channel.name) || (outbox.failing.get(channel.name)?.next ?? '') > now) continue;
    const [step] = pendingFor(outbox, channel);
    if (step !== undefined) return step;
  }
  return undefined;
}

/** What a channel still has to be told, in order. */
function pendingFor<Channel extends Route>(outbox: Outbox, channel: Channel): readonly Step<Channel>[] {
  return addressedIn(outbox).flatMap(([alert, addressed]) =>
    !channel.takes(alert, addressed) || outbox.told.get(nameOf(alert))?.includes(channel.name)
      ? []
      : [{ channel, alert, addressed }],
  );
}

/** Each with the namespaces that its incident was told with before it. */
function addressedIn({ alerts, namespaces }: Outbox): readonly (readonly [Alert, Addressed])[] {
  const known = new Map(namespaces);
  return alerts.map((alert) => {
    const addressed = addressedOf(alert, known.get(alert.incident));
    known.set(alert.incident, addressed.namespaces);
    return [alert, addressed] as const;
  });
}

/** After a channel had an alert. */
export function afterTelling(
  outbox: Outbox,
  { channel, alert }: Step<Route>,
  channels: readonly Route[],
  now: string,
): Outbox {
  const failing = new Map(outbox.failing);
  failing.delete(channel.name);
  const told = { ...withTold(outbox, channel, [alert]), failing };
  return retired(withHeard(told, alert, { channel: channel.name, at: now }), channels);
}

/** Tries of one drill that are kept: as many channels as there may be, and some that fail again and again. */
const HEARD = 500;

function withHeard(outbox: Outbox, alert: Alert, of: Omit<Heard, 'alert'>): Outbox {
  if (alert.kind !== 'drill' && alert.kind !== 'drill-over') return outbox;
  return { ...outbox, heard: [...(outbox.heard ?? []), { alert: nameOf(alert), ...of }].slice(-HEARD) };
}

/** What a channel did not take an alert for. */
export interface Refusal {
  /** In words that name no secret. */
  readonly reason: string;
  /** It asked not to be tried sooner. */
  readonly waitMilliseconds?: number | undefined;
}

export interface AfterFailure {
  readonly outbox: Outbox;
  /** What this channel is not told any more: it failed for too long. */
  readonly givenUp: readonly Alert[];
  /** ISO: since when it fails. */
  readonly since: string;
}

/** After a channel did not take an alert. */
export function afterFailure(
  outbox: Outbox,
  { channel, alert }: Step<Route>,
  channels: readonly Route[],
  now: string,
  { reason, waitMilliseconds = 0 }: Refusal,
): AfterFailure {
  const before = outbox.failing.get(channel.name);
  const { first, longest, givenUpAfter } = channel.patience;
  const times = (before?.times ?? 0) + 1;
  const since = before?.since ?? now;
  const pause = Math.min(first * 2 ** Math.min(times - 1, 30), longest);
  // It says itself when to come again: not sooner, and not so late that what waits would be given up unasked.
  const next = later(now, Math.max(pause, Math.min(waitMilliseconds, givenUpAfter / 2)));
  const limit = later(now, -givenUpAfter);
  const givenUp =
    since > limit
      ? []
      : pendingFor(outbox, channel).flatMap(({ alert }) => (alert.at <= limit ? [alert] : []));
  const failing = new Map(outbox.failing).set(channel.name, { since, times, next });
  const after = { ...withTold(outbox, channel, givenUp), failing };
  const heard = withHeard(after, alert, { channel: channel.name, at: now, failed: reason });
  return { outbox: retired(heard, channels), givenUp, since };
}

const later = (now: string, milliseconds: number): string =>
  new Date(Date.parse(now) + milliseconds).toISOString();

function withTold(outbox: Outbox, { name }: Route, alerts: readonly Alert[]): Outbox {
  const told = new Map(outbox.told);
  for (const alert of alerts)
    told.set(nameOf(alert), [...new Set([...(told.get(nameOf(alert)) ?? []), name])]);
  return { ...outbox, told };
}

/**
 * Without alerts that nobody waits for, and without what only they needed; where all who wait have failed, it is due
 * when the first of them is.
 */
export function retired(outbox: Outbox, channels: readonly Route[]): Outbox {
  const pending = new Map(channels.map((channel) => [channel.name, pendingFor(outbox, channel)]));
  const waiting = new Set([...pending.values()].flat().map(({ alert }) => nameOf(alert)));
  const names = [...pending].flatMap(([name, steps]) => (steps.length === 0 ? [] : [name]));
  const failing = new Map([...outbox.failing].filter(([name]) => names.includes(name)));
  const due = names.flatMap((name) => failing.get(name)?.next ?? []).sort();
  return {
    ...outbox,
    alerts: outbox.alerts.filter((alert) => waiting.has(nameOf(alert))),
    told: new Map([...outbox.told].filter(([name]) => waiting.has(name))),
    failing,
    namespaces: namespacesAfter(outbox, waiting),
    ...(due.length > 0 && due.length === names.length ? { untoldAt: due[0] } : {}),
  };
}

/** Of incidents that are still open: whoever heard of one by a namespace is to hear of its end. */
function namespacesAfter(outbox: Outbox, waiting: ReadonlySet<string>): Outbox['namespaces'] {
  const namespaces = new Map(outbox.namespaces);
  for (const [alert, addressed] of addressedIn(outbox)) {
    if (waiting.has(nameOf(alert))) continue;
    namespaces.delete(alert.incident);
    if (LIFE[alert.kind] === 'closes' || LIFE[alert.kind] === 'single') continue;
    const own = namespacesOfScope(alert.scope);
    if (addressed.namespaces.some((name) => !own.includes(name)))
      namespaces.set(alert.incident, addressed.namespaces);
  }
  return new Map([...namespaces].slice(-INCIDENTS_KEPT));
}

/** While `by` tells of it; undefined where somebody else does. */
export function leased(outbox: Outbox, by: string, now: string, milliseconds: number): Outbox | undefined {
  const { lease } = outbox;
  if (lease !== undefined && lease.by !== by && lease.until > now) return undefined;
  return { ...outbox, lease: { by, until: later(now, milliseconds) } };
}

/** When nobody tells of it any more. */
export const released = ({ lease: _lease, ...outbox }: Outbox): Outbox => outbox;
