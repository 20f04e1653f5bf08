import * as z from 'zod';
import type { Reason, ReasonCode } from './reasons.ts';

/** A reason as it was written down, or answered by a function: codes of another release of Fairlead are codes too. */
export const writtenReason = z.object({
  code: z.custom<ReasonCode>((value) => typeof value === 'string'),
  message: z.string(),
  place: z
    .object({
      file: z.string().exactOptional(),
      line: z.number().exactOptional(),
      pointer: z.string().exactOptional(),
    })
    .exactOptional(),
  whatToDo: z.string(),
  excerpt: z.string().exactOptional(),
}) satisfies z.ZodType<Reason>;
