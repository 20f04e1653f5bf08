import { cut } from './text.ts';

/** Of what a host says; the rest is not for a message that a person reads. */
const LONGEST = 240;
const DEEPEST = 4;
const WORDY = new Set([
  'message',
  'error',
  'error_description',
  'detail',
  'errors',
  'fields',
  'required',
  'scope',
]);

/**
 * What a host says of an error, whatever the form: GitHub has `message` and `errors`, GitLab `message` (text, list or a
 * list a field) or `error` with `error_description`, Bitbucket `error.message` and `error.detail`. One line that can be
 * printed; empty where it says nothing.
 */
export function wordsOf(body: unknown): string {
  const found: string[] = [];
  gather(body, DEEPEST, found);
  const line = [...new Set(found)]
    .join('; ')
    // Whatever moves a terminal's cursor, or hides in a line.
    .replace(/[\p{C}\p{Z}\s]+/gu, ' ')
    .trim();
  return cut(line, LONGEST);
}

function gather(value: unknown, depth: number, found: string[], under?: 'wordy'): void {
  if (depth < 0 || found.length > 8) return;
  if (typeof value === 'string') {
    if (under === 'wordy') found.push(value.slice(0, LONGEST));
    return;
  }
  if (Array.isArray(value)) {
    for (const one of value.slice(0, 8)) gather(one, depth - 1, found, under);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value).slice(0, 20)) {
    // A list a field, as GitLab's validation has it below `message`.
    if (WORDY.has(name) || (under === 'wordy' && Array.isArray(inner)))
      gather(inner, depth - 1, found, 'wordy');
  }
}
