import { type Reason, reason } from '../reasons.ts';

/**
 * Text that two YAML parsers read differently, found before any parser is asked: bytes that are not UTF-8, line ends
 * that only some know (U+0085, U+2028, U+2029, a bare CR), a byte order mark inside, control characters, directives.
 * At most one reason of each sort, at its first line.
 */
export function checkYamlText(
  bytes: Buffer,
  file: string,
): { readonly text: string; readonly reasons: Reason[] } {
  const ambiguous = (what: string, line?: number): Reason =>
    reason('yaml-ambiguous', { what }, { file, ...(line === undefined ? {} : { line }) });
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0;
  if (mark === 0xfeff || mark === 0xfffe) return { text: '', reasons: [ambiguous('UTF-16 text', 1)] };
  if (!isUtf8(bytes))
    return { text: '', reasons: [ambiguous('bytes that are not UTF-8', lineOfBadByte(bytes))] };
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const reasons: Reason[] = [];
  for (const { pattern, what } of CHARACTERS) {
    const at = text.search(pattern);
    if (at >= 0) reasons.push(ambiguous(what, lineAt(text, at)));
  }
  return { text, reasons };
}

const CHARACTERS: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /\u2028/, what: 'the line separator U+2028' },
  { pattern: /\u2029/, what: 'the paragraph separator U+2029' },
  { pattern: /\u0085/, what: 'the line end U+0085' },
  { pattern: /\r(?!\n)/, what: 'a carriage return without a line feed' },
  { pattern: /\uFEFF/, what: 'a byte order mark inside the text' },
  { pattern: /(?![\t\n\r\u0085])\p{Cc}/u, what: 'a control character' },
  { pattern: /[\uFFFE\uFFFF]/, what: 'a character that is none' },
  { pattern: /^%/m, what: 'a directive (a line that begins with %)' },
];

/** 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The first character that decoding replaced. */
const lineOfBadByte = (bytes: Buffer): number => {
  const text = bytes.toString('utf8');
  return lineAt(text, text.indexOf('\uFFFD'));
};
