import { oneLine } from '../../../alerts/plain.ts';

/**
 * Markdown for the page of a pull request. Whatever comes out of an upload stands in code, where no host looks for
 * mentions, links, images, issues or commands; and what could act all the same, were it taken out of there, is replaced
 * as in a chat.
 */

/** Characters of one piece of text from an upload. */
const PIECE_LENGTH = 240;

const ACTIVE: Readonly<Record<string, string>> = { '`': "'", '@': '(at)', '<': '‹', '>': '›' };

const tame = (text: string): string =>
  oneLine(text)
    .replace(/[`@<>]/g, (character) => ACTIVE[character] ?? '?')
    // Issues and merge requests: #12, !12.
    .replace(/([#!])(?=\d)/g, '$1 ')
    .replace(/:\/\//g, ':∕∕');

const shortened = (text: string): string =>
  text.length <= PIECE_LENGTH ? text : `${text.slice(0, PIECE_LENGTH - 1)}…`;

/** A code span on one line; never empty. */
export function code(text: string): string {
  const inside = shortened(tame(text)).trim();
  return `\`${inside === '' ? ' ' : inside}\``;
}

/**
 * A block of lines. None begins with what a host reads as a command (`/close`), since each has its mark in front; and
 * the fence is longer than any inside.
 */
export function block(lines: readonly string[]): string {
  const tamed = lines.map((line) => shortened(tame(line)));
  return ['````diff', ...tamed.map((line) => (/^[-+ ] /.test(line) ? line : `  ${line}`)), '````'].join('\n');
}

/** At most so many, and how many more there are. */
export function limited(lines: readonly string[], limit: number): readonly string[] {
  if (lines.length <= limit) return lines;
  return [...lines.slice(0, limit), `- and ${lines.length - limit} more`];
}
