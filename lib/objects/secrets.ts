import { createHmac } from 'node:crypto';
import type { KubernetesObject } from './objects.ts';
import { isJsonObject } from './objects.ts';

/** What stands in place of a Secret's value wherever it is kept or compared. */
export const SEALED_PREFIX = 'hmac-sha256:';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * A Secret whose values are keyed HMACs of their bytes: `stringData` folded into `data` (it wins, as in the API
 * server: pkg/apis/core/v1/conversion.go, Convert_v1_Secret_To_core_Secret), the `last-applied` annotation dropped
 * (it repeats the values in clear). Desired and live Secrets sealed with one key compare by equality.
 * Anything that is not a Secret comes back as it is.
 */
export function sealSecret(object: KubernetesObject, key: Uint8Array): KubernetesObject {
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1') return object;
  const { stringData, data, ...rest } = object;
  const sealed: Record<string, unknown> = Object.create(null);
  for (const [name, value] of entries(data)) sealed[name] = seal(decode(value), key);
  for (const [name, value] of entries(stringData)) sealed[name] = seal(Buffer.from(text(value)), key);
  const { [LAST_APPLIED]: _dropped, ...annotations } = object.metadata.annotations ?? {};
  const metadata =
    object.metadata.annotations === undefined ? object.metadata : { ...object.metadata, annotations };
  return Object.keys(sealed).length > 0 || isJsonObject(data)
    ? { ...rest, apiVersion: 'v1', kind: 'Secret', metadata, data: { ...sealed } }
    : { ...rest, apiVersion: 'v1', kind: 'Secret', metadata };
}

const entries = (value: unknown): [string, unknown][] => (isJsonObject(value) ? Object.entries(value) : []);
const text = (value: unknown): string => (value === null || value === undefined ? '' : String(value));

/** Go ignores CR and LF inside base64; so does Node, which is lenient about the rest too. */
const decode = (value: unknown): Buffer => Buffer.from(text(value), 'base64');

const seal = (bytes: Buffer, key: Uint8Array): string =>
  SEALED_PREFIX + createHmac('sha256', key).update(bytes).digest('hex').slice(0, 32);
