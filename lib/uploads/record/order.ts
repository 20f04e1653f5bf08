/** S3's are 16 to 18 hex digits today, of no fixed length: padded before they are compared (S3 user guide). */
const SEQUENCER_DIGITS = 32;

export interface Ordered {
  /** When S3 made the event (ISO). */
  readonly eventTime: string;
  /** Hex; orders events of one key. */
  readonly sequencer: string;
}

/** Text that sorts as uploads do: by event time, then by sequencer. */
export const orderOf = ({ eventTime, sequencer }: Ordered): string =>
  `${new Date(eventTime).toISOString()}#${sequencer.toUpperCase().padStart(SEQUENCER_DIGITS, '0')}`;

/** The place of an upload of which only S3's time is known: at that time, and not before another that it came after. */
export function rightAfter(before: Ordered | undefined, lastModified: Date): Ordered {
  const eventTime = lastModified.toISOString();
  if (before === undefined || orderOf(before) < orderOf({ eventTime, sequencer: '0' }))
    return { eventTime, sequencer: '0' };
  return { eventTime: before.eventTime, sequencer: (BigInt(`0x0${before.sequencer}`) + 1n).toString(16) };
}
