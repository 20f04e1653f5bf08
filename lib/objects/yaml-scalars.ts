import type { Json } from './objects.ts';

/**
 * What a plain scalar means to Go's YAML readers, which follow neither YAML 1.1 nor 1.2.
 * `kubernetes`: sigs.k8s.io/yaml, that is go.yaml.in/yaml/v2 (resolve.go, decode.go) and its way to JSON.
 * `kustomize`: kyaml on go.yaml.in/yaml/v3: only `true` and `false` are booleans, and dates become times.
 */
export type YamlReader = 'kubernetes' | 'kustomize';

export class UnreadableScalar extends Error {
  override readonly name = 'UnreadableScalar';
}

const TRUE = new Set(['true', 'True', 'TRUE']);
const FALSE = new Set(['false', 'False', 'FALSE']);
const OLD_TRUE = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON']);
const OLD_FALSE = new Set(['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF']);
const NULL = new Set(['', '~', 'null', 'Null', 'NULL']);
const NOT_FINITE = /^(\.(nan|NaN|NAN)|[-+]?\.(inf|Inf|INF))$/;
/** strconv.ParseInt with base 0, underscores already taken out. */
const INTEGER = /^[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
/** yamlStyleFloat in resolve.go. */
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
/** As Go's base64.StdEncoding reads it: padded, line breaks left out. */
const BASE64 =
  /^[\r\n]*(?:(?:[A-Za-z0-9+/][\r\n]*){4})*(?:(?:[A-Za-z0-9+/][\r\n]*){2}(?:=[\r\n]*){2}|(?:[A-Za-z0-9+/][\r\n]*){3}=[\r\n]*)?$/;
const DATE =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:([Tt ])(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?(Z|[-+]\d{2}:\d{2})?)?$/;

/** strconv's %g in its shortest form changes to an exponent here. */
const EXPONENT_FORM_FROM = 6;

const INT64_MAXIMUM = 2n ** 63n - 1n;
const INT64_MINIMUM = -(2n ** 63n);

/**
 * The JSON value of a plain scalar without a tag.
 * @throws UnreadableScalar for `.inf` and `.nan`, which JSON does not have
 */
export function resolvePlain(text: string, reader: YamlReader): Json {
  if (NULL.has(text)) return null;
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  if (reader === 'kubernetes') {
    if (OLD_TRUE.has(text)) return true;
    if (OLD_FALSE.has(text)) return false;
  }
  if (!/^[-+.0-9]/.test(text)) return text;
  if (NOT_FINITE.test(text)) throw new UnreadableScalar(`"${text}" is a number that JSON does not have`);
  if (text.startsWith('.')) return FLOAT.test(text) ? finite(Number(text), text) : text;
  const date = DATE.exec(text);
  if (date !== null) {
    const moment = momentOf(date);
    if (moment !== undefined) return reader === 'kustomize' ? moment : text;
  }
  return numberOf(text);
}

/** The key that a plain scalar becomes in JSON: `y:` is the key `true`. @throws UnreadableScalar for a null key */
export function resolveKey(text: string, reader: YamlReader): string {
  const value = resolvePlain(text, reader);
  // kyaml's way to JSON has only text for keys: a number, a boolean or a date fails the build.
  if (reader === 'kustomize' && value !== null && value !== text)
    throw new UnreadableScalar(`the key ${text} is no text for kustomize: quote it`);
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      if (Number.isSafeInteger(value) && INTEGER.test(text.replaceAll('_', ''))) return String(value);
      if (value >= 2 ** 63 && value < 2 ** 64 && INTEGER.test(text.replaceAll('_', '')))
        throw new UnreadableScalar(`the key ${text} is beyond a 64-bit integer`);
      return formatFloat32(value);
    default:
      throw new UnreadableScalar('a key is null');
  }
}

/** A scalar under an explicit core tag (`!!int "3"`). @throws UnreadableScalar where the text is not of the tag */
export function resolveTagged(text: string, tag: string, reader: YamlReader): Json {
  switch (tag) {
    case 'tag:yaml.org,2002:str':
      return text;
    case 'tag:yaml.org,2002:binary':
      if (!BASE64.test(text)) throw new UnreadableScalar('what is tagged !!binary is no base64');
      return Buffer.from(text, 'base64').toString('utf8');
    case 'tag:yaml.org,2002:null':
    case 'tag:yaml.org,2002:bool':
    case 'tag:yaml.org,2002:int':
    case 'tag:yaml.org,2002:float': {
      const value = resolvePlain(text, reader);
      const type = tag.slice('tag:yaml.org,2002:'.length);
      const kind =
        kindOf(value) === 'int' && !INTEGER.test(text.replaceAll('_', '')) ? 'float' : kindOf(value);
      if (kind === type || (type === 'float' && kind === 'int')) return value;
      throw new UnreadableScalar(`"${text}" is no ${type}`);
    }
    default:
      // An unknown tag keeps the text, as go-yaml does.
      return text;
  }
}

function kindOf(value: Json): 'null' | 'bool' | 'int' | 'float' | 'str' {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return 'str';
}

function numberOf(text: string): Json {
  const plain = text.replaceAll('_', '');
  if (INTEGER.test(plain)) {
    const integer = integerOf(plain);
    // Beyond int64 Kubernetes goes on in float64; beyond uint64 only decimal digits are a number at all.
    if (integer >= INT64_MINIMUM && integer <= INT64_MAXIMUM)
      return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
    if (integer > 0n && integer < 2n ** 64n) return Number(integer);
  }
  return FLOAT.test(plain) ? finite(Number(plain), text) : text;
}

/** strconv.ParseFloat fails out of range, and the scalar stays a string. */
const finite = (value: number, text: string): Json => (Number.isFinite(value) ? value + 0 : text);

function integerOf(plain: string): bigint {
  const negative = plain.startsWith('-');
  const digits = plain.replace(/^[-+]/, '');
  const unsigned = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits.toLowerCase());
  return negative ? -unsigned : unsigned;
}

/** RFC 3339 with nanoseconds, as Go's time.Time marshals; undefined where the parts are no date. */
function momentOf(parts: RegExpExecArray): string | undefined {
  const [, year, month, day, separator, hour = '0', minute = '0', second = '0', fraction = '', zone] = parts;
  // With a zone only after `T`, without only after a blank (allowedTimestampFormats in resolve.go).
  if (separator !== undefined && (separator === ' ') === (zone !== undefined)) return undefined;
  const two = (text: string | undefined) => (text ?? '').padStart(2, '0');
  const date = `${year}-${two(month)}-${two(day)}`;
  const moment = new Date(`${date}T${two(hour)}:${two(minute)}:${two(second)}Z`);
  // JavaScript rolls 30 February over; Go refuses it.
  if (Number.isNaN(moment.getTime()) || !moment.toISOString().startsWith(date)) return undefined;
  const offset = zone === undefined || /^[-+]00:00$/.test(zone) ? 'Z' : zone;
  return `${date}T${two(hour)}:${two(minute)}:${two(second)}${fraction.replace(/\.?0+$/, '')}${offset}`;
}

/** strconv.FormatFloat(value, 'g', -1, 32): the shortest text that gives the same float32. */
function formatFloat32(value: number): string {
  const single = Math.fround(value);
  let shortest = String(single);
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = single.toPrecision(digits);
    if (Math.fround(Number(candidate)) === single) {
      shortest = candidate;
      break;
    }
  }
  const [mantissa = '', exponentText] = Number(shortest).toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < EXPONENT_FORM_FROM) return String(Number(shortest));
  const sign = exponent < 0 ? '-' : '+';
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
