/** Linux's PATH_MAX: no checkout has a longer one, and a longer one is no argument of git. */
const PATH_LENGTH = 4096;

/**
 * A path in a commit's tree, from its root: `from` is the folder it is relative to.
 * Undefined where it leaves the tree: nothing outside the commit is ever read.
 */
export function treePath(path: string, from = ''): string | undefined {
  if (path.length > PATH_LENGTH || path.startsWith('/') || path.includes('\\') || path.includes('\0'))
    return undefined;
  const steps = from === '' ? [] : from.split('/');
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(step);
    else if (steps.pop() === undefined) return undefined;
  }
  return steps.join('/');
}
