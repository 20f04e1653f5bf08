/**
 * Text from outside made harmless for where people read it. Names, values and managers come from whoever can edit a
 * cluster or upload a chart: none of them may forge a line, hide one, or address somebody.
 */

// Controls, line and paragraph separators, and what turns the direction of text, hides it, or shows as nothing.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line: what does not print is written as its escape. */
export const oneLine = (text: string): string =>
  text.replace(
    UNPRINTABLE,
    (character) =>
      SHORT[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`,
  );

/** One line of at most so many bytes of UTF-8. */
export const shortLine = (text: string, bytes: number): string => cutBytes(oneLine(text), bytes);

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
  oneLine(text)
    .replace(/[`@<>#[\]*~|_!&]/g, (character) => CHAT_ACTIVE[character] ?? '?')
    // Chats make a link of whatever looks like an address.
    .replace(/:\/\//g, ':∕∕')
    .replace(/\b(www|mailto|tel)([.:])/gi, '$1 $2');

/** For a chat's code span: markdown rests inside it, but it must not end early, nor address anybody. */
export const chatCode = (text: string): string =>
  `\`${oneLine(text).replace(/[`@<>]/g, (character) => CHAT_ACTIVE[character] ?? '?')}\``;

const MARK = '…';

/** At most so many bytes of UTF-8, never half a character. */
export function cutBytes(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  let end = Math.max(bytes - Buffer.byteLength(MARK), 0);
  // 10xxxxxx goes on with a character that began before (RFC 3629, section 3).
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${buffer.toString('utf8', 0, end)}${MARK}`;
}

/** What SNS carries at most, in bytes, attributes included (Amazon SNS, Publish, Message; message attributes). */
export const MESSAGE_BYTES = 262_144;
/** As many of the lines as fit, joined, and how many are left out: never half a line. */
export function fittingLines(lines: readonly string[], bytes: number): readonly [text: string, left: number] {
  let size = 0;
  for (const [index, line] of lines.entries()) {
    size += Buffer.byteLength(line) + (index === 0 ? 0 : 1);
    if (size > bytes) return [lines.slice(0, index).join('\n'), lines.length - index];
  }
  return [lines.join('\n'), 0];
}
