import { isJsonObject, type Json } from './objects.ts';

/** What stands for a value that nobody should read. */
export const MASKED = '(looks like a credential, not shown)';

/** Names of variables and keys whose values are credentials more often than not. */
const CREDENTIAL_NAME =
  /pass(word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|auth(orization)?$|dsn$/i;
/**
 * Values that are credentials wherever they stand: tokens of three parts (RFC 7519), private keys, cloud keys, tokens,
 * addresses with a password. Each begins once per run of the characters that it is made of, and so takes time that
 * grows with the text alone: whoever edits a cluster writes it. Hence a token is looked for from the beginning of its
 * word on, and before the others, which end inside of words.
 */
const CREDENTIAL_VALUE =
  /(?<![\w-])(?=[\w-]{13,}\.[\w-]{10,}\.)[\w-]*?\bey[JK][\w-]{10,}\.[\w-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bglpat-[\w-]{20,}|\bxox[abeoprs]-[\w-]{10,}|:\/\/[^\s/:@]*:[^\s/@]+@/;

/** The same in running text, such as a deployer's message: each of them replaced, and all that follows a key's head. */
const CREDENTIALS_IN_TEXT = new RegExp(
  `${CREDENTIAL_VALUE.source.replace('PRIVATE KEY', 'PRIVATE KEY[^]*')}`,
  'g',
);

/** Words of others (a deployer's, a tool's) as people may read them: credentials by their looks masked. */
export const shownWords = (text: string): string => text.replace(CREDENTIALS_IN_TEXT, MASKED);

/** Whether it is a credential by its looks. */
export const isCredential = (text: string): boolean => CREDENTIAL_VALUE.test(text);

/** The value with credentials masked: by their looks, and by the names that they stand under. @param name its own */
export function withoutCredentials(value: Json, name: string): Json {
  if (typeof value === 'string') {
    if (isCredential(value)) return MASKED;
    return value !== '' && CREDENTIAL_NAME.test(name) ? MASKED : value;
  }
  if (Array.isArray(value)) return value.map((entry: Json) => withoutCredentials(entry, ''));
  if (!isJsonObject(value)) return value;
  // An added variable is an object of name and value; an added map has its names as keys.
  const own = typeof value.name === 'string' && 'value' in value ? value.name : undefined;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      withoutCredentials(entry, own === undefined ? key : key === 'value' ? own : ''),
    ]),
  );
}
