import type { Quiet } from '../alerts/alert.ts';
import type { Severity } from '../config/config.ts';
import type { DecisionContext, Heard } from './incident.ts';

/**
 * Who hears of it: snoozes and reminders, which are the same for every class of incidents.
 */
export type Voice = Pick<DecisionContext, 'at' | 'snooze' | 'clock' | 'remindAfterHours'>;

export interface Spoken {
  /** For the state. */
  readonly heard: Heard;
  /** For the alert. */
  readonly quiet: { readonly quiet?: Quiet };
}

/** What an incident that stays open says: aloud, unless in a snooze, and always where it rises to critical. */
export function speak(before: Pick<Heard, 'told'> | undefined, severity: Severity, voice: Voice): Spoken {
  const told = before?.told ?? [];
  const isRise = severity === 'critical' && !told.includes('critical');
  if (voice.snooze !== undefined && !isRise)
    return { heard: { told, toldAt: voice.at, hushed: voice.snooze }, quiet: { quiet: voice.snooze } };
  const all = told.includes(severity) ? told : [...told, severity];
  return { heard: { told: all, toldAt: voice.at }, quiet: {} };
}

/**
 * What an alert that closes says: to each who was told, whoever snoozed it meanwhile. What opened in a snooze and was
 * over before anybody heard of it closes as quietly.
 */
export function speakLast({ told, hushed }: Heard): {
  readonly told?: readonly Severity[];
  readonly quiet?: Quiet;
} {
  if (told.length > 0) return { told };
  return hushed === undefined ? {} : { quiet: hushed };
}

const HOUR = 3_600_000;

/** Whether an incident that has nothing new is to be told again: its time has come, or a snooze has ended over it. */
export function isReminderDue({ toldAt, hushed }: Heard, voice: Voice): boolean {
  if (voice.clock === 'ahead' || voice.snooze !== undefined) return false;
  if (hushed !== undefined) return true;
  const { remindAfterHours: hours } = voice;
  return hours > 0 && Date.parse(voice.at) - Date.parse(toldAt) >= hours * HOUR;
}

/** Of an incident that has said this much, changes are told this often: somebody writes over Git again and again. */
const SAID_OFTEN = 5;
const APART_MINUTES = 30;

/** Whether a change is to wait for the next half hour; never a rise to critical, an end, or what is new in a burst. */
export function isTooOften(
  { sequence, toldAt }: { readonly sequence: number } & Pick<Heard, 'toldAt'>,
  { at, clock }: Pick<Voice, 'at' | 'clock'>,
): boolean {
  const passed = Date.parse(at) - Date.parse(toldAt);
  return sequence >= SAID_OFTEN && clock === 'trusted' && passed >= 0 && passed < APART_MINUTES * 60_000;
}

/** For the reminder that comes when a snooze has ended. */
export const afterSnooze = ({ hushed }: Heard) =>
  hushed === undefined ? {} : { snoozedUntil: hushed.until };

/** Of two snoozes the longer. */
export const longer = (a: Quiet | undefined, b: Quiet | undefined): Quiet | undefined =>
  a === undefined || (b !== undefined && b.until > a.until) ? b : a;
