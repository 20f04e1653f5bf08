import { randomBytes } from 'node:crypto';
import type { ObjectStore } from '../aws/objects.ts';

const KEY = 'keys/sealing';
const KEY_BYTES = 32;

/** It never changes; asked anew after this many milliseconds, so that no warm function outlives what people do to it. */
const KEPT_MILLISECONDS = 60_000;
const kept = new WeakMap<ObjectStore, { readonly key: Promise<Buffer>; readonly until: number }>();

/**
 * The installation's key for sealing Secret values (lib/objects/secrets.ts), made on first need and kept in the
 * state bucket, which a function in a private VPC reaches without a secret store.
 */
export function sealingKey(state: ObjectStore): Promise<Buffer> {
  const known = kept.get(state);
  if (known !== undefined && performance.now() < known.until) return known.key;
  const key = readKey(state);
  kept.set(state, { key, until: performance.now() + KEPT_MILLISECONDS });
  key.catch(() => kept.delete(state));
  return key;
}

async function readKey(state: ObjectStore): Promise<Buffer> {
  const found = await state.get(KEY, { maxBytes: KEY_BYTES });
  if (found !== undefined) return found.body;
  await state.putOnce(KEY, randomBytes(KEY_BYTES));
  const made = await state.get(KEY, { maxBytes: KEY_BYTES });
  if (made === undefined) throw new Error(`${KEY} could not be written to the state bucket`);
  return made.body;
}
