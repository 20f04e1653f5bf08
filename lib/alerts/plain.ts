/**
 * Text from outside made harmless for where people read it. Names, values and managers come from whoever can edit a
 * cluster or upload a chart: none of them may forge a line, hide one, or address somebody.
 */

// Controls, line and paragraph separators, and format characters (which turn the direction of text, or hide it).
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line: what does not print is written as its escape. */
export const oneLine = (text: string): string =>
  text.replace(
    UNPRINTABLE,
    (character) =>
      SHORT[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`,
  );

const SUBJECT_CHARACTERS = 100;

/** A subject: ASCII, one line, at most 100 characters (Amazon SNS, Publish, Subject). */
export function subjectLine(text: string): string {
  const ascii = oneLine(text).replace(/[^\x20-\x7e]/gu, '?');
  return ascii.length <= SUBJECT_CHARACTERS ? ascii : `${ascii.slice(0, SUBJECT_CHARACTERS - 3)}...`;
}

const CHAT_ACTIVE: Readonly<Record<string, string>> = {
  '`': "'",
  '@': '(at)',
  '<': '‹',
  '>': '›',
  '#': '＃',
  '[': '(',
  ']': ')',
  '*': '∗',
  '~': '∼',
  '|': '¦',
  _: '＿',
  '!': '！',
  '&': '＆',
};

/** For running text in a chat: no markdown, no mention, no link of its own. */
export const chatText = (text: string): string =>
  oneLine(text).replace(/[`@<>#[\]*~|_!&]/g, (character) => CHAT_ACTIVE[character] ?? '?');

/** For a chat's code span: markdown rests inside it, but it must not end early, nor address anybody. */
export const chatCode = (text: string): string =>
  `\`${oneLine(text).replace(/[`@<>]/g, (character) => CHAT_ACTIVE[character] ?? '?')}\``;

/** At most so many bytes of UTF-8, never half a character. */
export function cutBytes(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  const mark = '…';
  // Decoding what was cut inside a character gives a replacement character: drop it.
  return `${buffer
    .subarray(0, bytes - Buffer.byteLength(mark))
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}${mark}`;
}

/** What SNS carries at most, in bytes (Amazon SNS, Publish, Message). */
export const MESSAGE_BYTES = 262_144;
