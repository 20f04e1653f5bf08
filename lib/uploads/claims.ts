import type { Claims } from './record.ts';

const AUTHOR_LENGTH = 100;
const URL_LENGTH = 300;
const COMMIT = /^[0-9a-f]{7,64}$/;

/** What the uploader's metadata claims, as far as it is harmless: commits are hex, addresses https. */
export function claimsOf(metadata: Readonly<Record<string, string>>): Claims {
  const author = neutral(metadata.author ?? '', AUTHOR_LENGTH);
  const commit = (metadata['source-commit'] ?? '').toLowerCase();
  const url = metadata['source-url'] ?? '';
  return {
    ...(author === '' ? {} : { author }),
    ...(COMMIT.test(commit) ? { sourceCommit: commit } : {}),
    ...(isPlainHttps(url) ? { sourceUrl: url } : {}),
  };
}

const isPlainHttps = (text: string): boolean =>
  text.length <= URL_LENGTH && /^https:\/\/[A-Za-z0-9._~:/?&=%+-]+$/.test(text) && URL.canParse(text);

/**
 * Free text that means nothing to a host: `[skip ci]`, `Closes #1`, `@team`, a second trailer or a mail address in a
 * commit message act on their own.
 */
export function neutral(text: string, length: number): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[[\]#@<>]/g, '_')
    .trim()
    .slice(0, length);
}
