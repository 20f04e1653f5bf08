import type { Finding } from '../drift/verdicts.ts';
import { formatJson } from '../objects/json.ts';
import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from '../objects/objects.ts';

/** What stands for a Secret's value. */
const SECRET = '(secret, changed)';
const SECRET_ADDED = '(secret, added)';
const MASKED = '(looks like a credential, not shown)';
const NOTHING = '(nothing)';

/** Names of variables and keys whose values are credentials more often than not. */
const CREDENTIAL_NAME =
  /pass(word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|auth(orization)?$|dsn$/i;
/** Values that are credentials wherever they stand: private keys, cloud keys, tokens, addresses with a password. */
const CREDENTIAL_VALUE =
  /-----BEGIN [A-Z ]*PRIVATE KEY|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bglpat-[\w-]{20,}|\bxox[abeoprs]-[\w-]{10,}|\bey[JK][\w-]{10,}\.[\w-]{10,}\.|:\/\/[^\s/:@]*:[^\s/@]+@/;

/** The same in running text, such as a deployer's message: each of them replaced, and all that follows a key's head. */
const CREDENTIALS_IN_TEXT = new RegExp(
  `${CREDENTIAL_VALUE.source.replace('PRIVATE KEY', 'PRIVATE KEY[^]*')}`,
  'g',
);

/** Words of others (a deployer's, a tool's) as people may read them: credentials by their looks masked. */
export const shownWords = (text: string): string => text.replace(CREDENTIALS_IN_TEXT, MASKED);

/** One side of a finding as people may see it; on one line, Secrets and credentials never. */
export function shownValue(finding: Finding, side: 'desired' | 'live'): string {
  const value = finding[side];
  if (finding.verdict === 'added' && side === 'desired') return NOTHING;
  const secret = finding.verdict === 'added' ? SECRET_ADDED : SECRET;
  if (value === undefined) return finding.secret && finding.path.length > 0 ? secret : NOTHING;
  if (finding.secret) return secret;
  return showValue(maskedValue(finding, value));
}

/** The finding with what nobody should read replaced, for forms that machines read. */
export function maskedFinding(finding: Finding): Finding {
  const { desired: _desired, live: _live, ...rest } = finding;
  const shown = (value: Json): Json => (finding.secret ? SECRET : maskedValue(finding, value));
  return {
    ...rest,
    ...(finding.desired === undefined ? {} : { desired: shown(finding.desired) }),
    ...(finding.live === undefined ? {} : { live: shown(finding.live) }),
  };
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
  if (typeof value === 'string') return CREDENTIAL_VALUE.test(value) ? MASKED : value;
  if (Array.isArray(value)) return value.map((entry: Json) => maskInside(entry, named));
  if (!isJsonObject(value)) return value;
  if (value === named || (typeof value.name === 'string' && typeof value.value === 'string'))
    return mask(value, '');
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

function maskedValue({ path, object }: Finding, value: Json): Json {
  const names = path.flatMap((step) => {
    if (step.kind === 'field') return [step.name];
    return step.kind === 'key' ? Object.values(step.keys).map(String) : [];
  });
  // An environment variable is `…env[name=X].value`: its name is the step before; a ConfigMap's key is the last.
  const isNamedSo = object.kind === 'ConfigMap' || names.includes('env') || names.includes('args');
  const named = isNamedSo ? names.slice(-2).filter((name) => name !== 'value' && name !== 'env') : [];
  return mask(value, named.join(' '));
}

function mask(value: Json, name: string): Json {
  if (typeof value === 'string') {
    if (CREDENTIAL_VALUE.test(value)) return MASKED;
    return value !== '' && CREDENTIAL_NAME.test(name) ? MASKED : value;
  }
  if (Array.isArray(value)) return value.map((entry: Json) => mask(entry, ''));
  if (!isJsonObject(value)) return value;
  // An added variable is an object of name and value; an added map has its names as keys.
  const own = typeof value.name === 'string' && 'value' in value ? value.name : undefined;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      mask(entry, own === undefined ? key : key === 'value' ? own : ''),
    ]),
  );
}
