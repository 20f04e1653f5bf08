import type { Claims } from './record.ts';

const AUTHOR_LENGTH = 100;
const URL_LENGTH = 300;
const COMMIT = /^[0-9a-f]{7,64}$/;

/** What the uploader's metadata claims, as far as it is harmless: commits are hex, addresses https. */
export function claimsOf(metadata: Readonly<Record<string, string>>): Claims {
  const author = neutralName(metadata.author ?? '', AUTHOR_LENGTH);
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
    .slice(0, length)
    .toWellFormed();
}

/**
 * The same of somebody's name, which stands for itself in no key's grammar: there hosts also act on `Closes https://…`
 * and `Fixes SHOP-12` (GitLab, Jira), `!12` (GitLab), and `***NO_CI***` and `skip-checks: true` (Azure DevOps).
 */
export const neutralName = (text: string, length: number): string =>
  neutral(
    text
      .replace(/[*!]/g, '_')
      .replace(/\p{Cf}/gu, '')
      .replace(
        /\b(clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)(?=[\s:])/gi,
        '$1_',
      )
      .replace(/\b(skip)-(checks)\b/gi, '$1_$2')
      .replace(/:\/\//g, '_'),
    length,
  );
