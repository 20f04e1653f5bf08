import * as z from 'zod';

/**
 * Where messages lie that were given up, for whoever looks after an installation: SSM parameters below
 * `/fairlead-dead-letters/<installation>`, one a queue, which no function reads.
 */
export const deadLettersPath = (installation: string): string => `/fairlead-dead-letters/${installation}`;

/** What a queue holds, by which it is known what is right for it. */
export const DEAD_LETTER_KINDS = {
  receive: 'events of uploads',
  doorbell: 'bells of branches where something waits',
  reads: 'requests to read Git',
  checks: 'requests to compare a cluster',
  untold: 'places in the stream of the table, of alerts not yet told',
  undelivered: 'what a rule or a schedule could not hand over',
  unheard: 'alerts that an address did not take',
} as const;
export type DeadLetterKind = keyof typeof DEAD_LETTER_KINDS;

const parameter = z.object({
  kind: z.enum(Object.keys(DEAD_LETTER_KINDS) as [DeadLetterKind, ...DeadLetterKind[]]),
  url: z.string(),
  /** Where its messages came from, if from a queue. */
  source: z.string().optional(),
});

export interface DeadLetterQueue extends z.output<typeof parameter> {
  /** As people type it: its kind, or with more after it where there are several of a kind. */
  readonly name: string;
}

export const writeDeadLetterQueue = ({ kind, url, source }: Omit<DeadLetterQueue, 'name'>): string =>
  JSON.stringify({ kind, url, ...(source === undefined ? {} : { source }) });

/** Those that were deployed; what is not one of them is left out. */
export function readDeadLetterQueues(found: ReadonlyMap<string, string>): readonly DeadLetterQueue[] {
  return [...found].flatMap(([name, value]) => {
    const parsed = parameter.safeParse(parse(value)).data;
    return parsed === undefined ? [] : [{ name, ...parsed }];
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
