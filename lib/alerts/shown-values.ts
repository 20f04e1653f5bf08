import { maskedValue, SECRET } from '../drift/masked-finding.ts';
import type { Finding } from '../drift/verdicts.ts';
import { isCredential, MASKED, withoutCredentials } from '../objects/credentials.ts';
import { formatJson } from '../objects/json.ts';
import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from '../objects/objects.ts';

const SECRET_ADDED = '(secret, added)';
const NOTHING = '(nothing)';

/** One side of a finding as people may see it; on one line, Secrets and credentials never. */
export function shownValue(finding: Finding, side: 'desired' | 'live'): string {
  const value = finding[side];
  if (finding.verdict === 'added' && side === 'desired') return NOTHING;
  const secret = finding.verdict === 'added' ? SECRET_ADDED : SECRET;
  if (value === undefined) return finding.secret && finding.path.length > 0 ? secret : NOTHING;
  if (finding.secret) return secret;
  return showValue(maskedValue(finding, value));
}

/** What stands for a Secret's value where a whole object is shown. */
export const HIDDEN = '<hidden>';

/** A whole object as people may see it: values of Secrets hidden, credentials of variables and ConfigMaps masked. */
export function shownObject(object: KubernetesObject): KubernetesObject {
  const isConfigMap = object.kind === 'ConfigMap';
  const { data, stringData } = object;
  if (object.kind === 'Secret') {
    return {
      ...object,
      ...(isJsonObject(data) ? { data: hidden(data) } : {}),
      ...(isJsonObject(stringData) ? { stringData: hidden(stringData) } : {}),
    };
  }
  return maskInside(object as unknown as Json, isConfigMap ? data : undefined) as unknown as KubernetesObject;
}

const hidden = (data: JsonObject): JsonObject =>
  Object.fromEntries(Object.keys(data).map((key) => [key, HIDDEN]));

/** Masks what is a credential by its looks or, in variables and in `named`, by its name; `secretName` is none. */
function maskInside(value: Json, named: unknown): Json {
  if (typeof value === 'string') return isCredential(value) ? MASKED : value;
  if (Array.isArray(value)) return value.map((entry: Json) => maskInside(entry, named));
  if (!isJsonObject(value)) return value;
  if (value === named || (typeof value.name === 'string' && typeof value.value === 'string'))
    return withoutCredentials(value, '');
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, maskInside(entry, named)]));
}

/** Strings bare where they cannot be taken for something else; all else as JSON. */
function showValue(value: Json): string {
  if (
    typeof value === 'string' &&
    /^[^\s"'{[](.*[^\s"'])?$/.test(value) &&
    !/^(true|false|null|[-+.\d]+\w{0,2})$/.test(value)
  )
    return value;
  return formatJson(value);
}
