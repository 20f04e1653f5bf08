import * as z from 'zod';

/** What one call of a function used on average: counted in a run of the local installation (`npm run bench -- cost`). */
export const usage = z.object({
  calls: z.number(),
  seconds: z.number(),
  logBytes: z.number(),
  dynamodbReads: z.number(),
  dynamodbWrites: z.number(),
  s3Gets: z.number(),
  s3Puts: z.number(),
  sqsStandard: z.number(),
  sqsFifo: z.number(),
  snsPublishes: z.number(),
  busEvents: z.number(),
  secretCalls: z.number(),
});
export type Usage = z.output<typeof usage>;

export const FUNCTIONS = [
  'receive-upload',
  'render-release',
  'deliver-uploads',
  'read-desired',
  'check-drift',
  'send-alerts',
  'sweep',
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

const byFunction = z.partialRecord(z.enum(FUNCTIONS), usage);

/** A run with so many releases in one target, five objects each. */
export const size = z.object({
  releases: z.number(),
  /** One scheduled check of what was checked before. */
  check: byFunction,
  /** One delivery, and the check that follows it. */
  delivery: byFunction,
  /** One sweep of a minute, those that measure among them. */
  sweep: byFunction,
  /** One alert to email, pager, chat and bus. */
  alert: byFunction,
});
export type Size = z.output<typeof size>;

export const measured = z.object({
  machine: z.string(),
  node: z.string(),
  on: z.string(),
  /** Load of the machine by others when it was measured: seconds are longer for it. */
  load: z.number(),
  /** Seconds until a function's module is there, on this machine. */
  start: z.partialRecord(z.enum(FUNCTIONS), z.number()),
  sizes: z.array(size),
});
export type Measured = z.output<typeof measured>;
