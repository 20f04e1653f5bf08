import * as z from 'zod';

/** An object with these entries and no others: a misspelt one is answered with those that there are. */
export const entries = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `no entry ${issue.keys.map((key) => `"${key}"`).join(', ')}; there is ${Object.keys(shape).join(', ')}`
        : undefined,
  });
