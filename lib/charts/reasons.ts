import { REASONS } from './vocabulary.ts';

export { REASONS } from './vocabulary.ts';

export type ReasonCode = keyof typeof REASONS;

export interface Place {
  /** Path inside the package, values file or manifest. */
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** JSON pointer inside the object or the values. */
  readonly pointer?: string;
}

/** One reason. `message` is our own words and never holds a secret; `excerpt` is a quoted, masked line or two of a tool. */
export interface Reason {
  readonly code: ReasonCode;
  readonly message: string;
  readonly place?: Place;
  readonly whatToDo: string;
  readonly excerpt?: string;
}

/** The `{words}` that a code's prose wants. */
type Words<Text extends string> = Text extends `${string}{${infer Word}}${infer Rest}`
  ? (Word extends '' ? never : Word) | Words<Rest>
  : never;
type WordsOf<Code extends ReasonCode> =
  | Words<(typeof REASONS)[Code]['says']>
  | Words<(typeof REASONS)[Code]['whatToDo']>;
type Details<Code extends ReasonCode> = Readonly<Record<WordsOf<Code>, string | number>>;

/** Longer than this in prose is cut: a name made to fill a page says nothing. Characters. */
const WORD_LENGTH = 200;

/**
 * One reason, its prose filled in: `reason('entry-mode', { mode: '777' }, { file: 'run.sh' })`.
 * @param details the words that the code's prose wants; control and bidirectional characters in them are escaped
 */
export function reason<Code extends ReasonCode>(
  code: Code,
  details: Details<Code>,
  place?: Place,
  excerpt?: string,
): Reason {
  const entry = REASONS[code];
  return {
    code,
    message: fill(entry.says, details),
    ...(place === undefined ? {} : { place: printablePlace(place) }),
    whatToDo: fill(entry.whatToDo, details),
    ...(excerpt === undefined ? {} : { excerpt }),
  };
}

const fill = (text: string, details: Readonly<Record<string, string | number>>): string =>
  text.replace(/\{(\w+)\}/g, (whole, word: string) => {
    const detail = details[word];
    return detail === undefined ? whole : printable(String(detail));
  });

const printablePlace = (place: Place): Place => ({
  ...place,
  ...(place.file === undefined ? {} : { file: printable(place.file, 600) }),
  ...(place.pointer === undefined ? {} : { pointer: printable(place.pointer, 600) }),
});

/** Text from outside, safe on a terminal, in a mail and in a log line: controls escaped, length cut. */
export function printable(text: string, length = WORD_LENGTH): string {
  const escaped = text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return escaped.length > length ? `${escaped.slice(0, length)}…` : escaped;
}

/** Each reason once: several renders, or two readings of a file, find the same things. */
export const distinct = (reasons: readonly Reason[]): Reason[] => [
  ...new Map(
    reasons.map((entry) => [JSON.stringify([entry.code, entry.message, entry.place]), entry]),
  ).values(),
];

/** `templates/web.yaml:12`, or as much of it as is known. */
export const formatPlace = ({ file, line, pointer }: Place): string =>
  [file, line].filter((part) => part !== undefined).join(':') +
  (pointer === undefined ? '' : ` (${pointer})`);

/** Bytes as people read them: `10 MiB`, `1.5 KiB`, `12 bytes`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const [amount, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'KiB'] : [bytes / (1024 * 1024), 'MiB'];
  return `${Number(amount.toFixed(1))} ${unit}`;
}
