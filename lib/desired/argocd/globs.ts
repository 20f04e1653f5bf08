import { type GlobDialect, globTest } from '../../drift/deployer-rules/argo-glob.ts';

/** Characters of a pattern. */
const PATTERN_LENGTH = 1024;

export const isGlob = (path: string): boolean => /[*?[{]/.test(path);

const PATHS: GlobDialect = {
  wildcard(pattern, at) {
    if (pattern.startsWith('**/', at)) return { expression: '(?:[^/]+/)*', length: 3 };
    if (pattern.slice(at) === '**') return { expression: '.*', length: 2 };
    if (pattern[at] === '*') return { expression: '[^/]*', length: 1 };
    return pattern[at] === '?' ? { expression: '[^/]', length: 1 } : undefined;
  },
  negation: /^[!^]/,
  closesFrom: 2,
};

/**
 * A pattern of value files as a test of paths (bmatcuk/doublestar): `*` and `?` stay in their folder, `**` is any number
 * of folders, `[abc]`, `{one,other}`. Undefined for what is none.
 */
export const valueFilesGlob = (pattern: string): ((path: string) => boolean) | undefined =>
  pattern.length > PATTERN_LENGTH ? undefined : globTest(pattern, PATHS);
