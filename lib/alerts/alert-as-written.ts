import * as z from 'zod';
import { type Alert, LIFE } from './alert.ts';

/** An alert out of our own table or bucket: what one of its kind holds was typed when it was written. */
export const alertAsWritten = z.custom<Alert>((value) => {
  const { kind, incident, sequence } = (value ?? {}) as Partial<Alert>;
  return (
    typeof kind === 'string' &&
    Object.hasOwn(LIFE, kind) &&
    typeof incident === 'string' &&
    typeof sequence === 'number'
  );
});
