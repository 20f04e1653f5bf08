/**
 * IAM's own wildcards, over the whole text: `*` is any number of characters, `?` is one.
 * @throws for a policy variable, which none of our policies has
 */
export function matches(pattern: string, text: string): boolean {
  if (/\$\{/.test(pattern)) throw new Error(`policy variables are not known here: ${pattern}`);
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]');
  return new RegExp(`^${expression}$`).test(text);
}
