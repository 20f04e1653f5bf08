import { randomBytes } from 'node:crypto';
import type { ObjectStore } from '../aws/objects.ts';

const KEY = 'keys/sealing';
const KEY_BYTES = 32;

/**
 * The installation's key for sealing Secret values (lib/objects/secrets.ts), made on first need and kept in the
 * state bucket, which a function in a private VPC reaches without a secret store.
 */
export async function sealingKey(state: ObjectStore): Promise<Buffer> {
  const found = await state.get(KEY, { maxBytes: KEY_BYTES });
  if (found !== undefined) return found.body;
  await state.putOnce(KEY, randomBytes(KEY_BYTES));
  const made = await state.get(KEY, { maxBytes: KEY_BYTES });
  if (made === undefined) throw new Error(`${KEY} could not be written to the state bucket`);
  return made.body;
}
