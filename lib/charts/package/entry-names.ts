import { type Reason, reason } from '../reasons.ts';

/** Bytes of a path inside a package. */
const PATH_BYTES = 512;
/** Bytes of one name in a path: more no file system takes, so that no deployer could check the repository out. */
const NAME_BYTES = 255;
/** Folders of a path inside a package. */
const PATH_DEPTH = 32;

/**
 * A name as the laxest file system would take it: case, Unicode form, characters that HFS+ passes over, and the dots
 * and spaces at the end that Windows drops do not count.
 */
export const folded = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(/[. ]+$/, '');

/** Names that change how Git or a deployer reads the repository: security.md, "What is validated is what is deployed". */
const FORBIDDEN: readonly { readonly pattern: RegExp; readonly name: string }[] = [
  { pattern: /^\.git/, name: '.git*' },
  // The short names that NTFS gives to .git and to .gitattributes and its like (git's path.c, is_ntfs_dotgit).
  { pattern: /^(git|gitatt|gitign|gitmai|gitmod|gi[0-9a-f]{4})~\d/, name: '.git*' },
  { pattern: /^\.lfsconfig$/, name: '.lfsconfig' },
  { pattern: /^\.sourceignore$/, name: '.sourceignore' },
  { pattern: /^\.argocd-/, name: '.argocd-*' },
  { pattern: /^kustomization(\.ya?ml)?$/, name: 'kustomization.yaml' },
];

/** Reasons against one path of a package by itself. */
export function checkPath(path: string): Reason[] {
  const place = { file: path };
  const reasons: Reason[] = [];
  const invalid = (problem: string) => reasons.push(reason('entry-path-invalid', { problem }, place));
  const segments = path.split('/');
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) invalid('is absolute');
  else if (segments.includes('..')) invalid('leads out of the chart with ".."');
  else if (segments.some((segment) => segment === '' || segment === '.'))
    invalid('has an empty segment or "."');
  // Windows drops them: what is left is "", "." or "..".
  else if (segments.some((segment) => /^[. ]+$/.test(segment))) invalid('has a name of dots and spaces only');
  if (path.includes('\\')) invalid('holds a backslash');
  if (segments.some((segment) => Buffer.byteLength(segment) > NAME_BYTES))
    invalid(`has a name of more than ${NAME_BYTES} bytes`);
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\uFFFD]/u.test(path))
    invalid('holds characters that cannot be seen, or is not UTF-8');
  if (Buffer.byteLength(path) > PATH_BYTES)
    reasons.push(reason('entry-path-too-long', { limit: PATH_BYTES }, { file: `${path.slice(0, 80)}…` }));
  if (segments.length > PATH_DEPTH) reasons.push(reason('entry-path-too-deep', { limit: PATH_DEPTH }, place));
  const forbidden = FORBIDDEN.find(({ pattern }) =>
    segments.some((segment) => pattern.test(folded(segment.split(':')[0] ?? ''))),
  );
  if (forbidden !== undefined) reasons.push(reason('entry-forbidden-name', { name: forbidden.name }, place));
  return reasons;
}

/** Reasons against paths together: the same one twice, twins, a file where another path wants a folder. */
export function checkPaths(paths: readonly string[]): Reason[] {
  const reasons: Reason[] = [];
  const files = new Set<string>();
  const spelled = new Map<string, string>();
  const twins = new Set<string>();
  for (const path of paths) {
    if (files.has(path)) {
      reasons.push(reason('entry-duplicate', {}, { file: path }));
      continue;
    }
    files.add(path);
    for (const prefix of prefixesOf(path)) {
      const key = prefix.split('/').map(folded).join('/');
      const other = spelled.get(key);
      if (other === undefined) spelled.set(key, prefix);
      else if (other !== prefix && !twins.has(prefix)) {
        twins.add(prefix);
        reasons.push(reason('entry-twin', { other }, { file: prefix }));
      }
    }
  }
  for (const path of files) {
    const clash = prefixesOf(path).find((prefix) => prefix !== path && files.has(prefix));
    if (clash !== undefined)
      reasons.push(
        reason('entry-path-invalid', { problem: 'is a file and a folder at once' }, { file: clash }),
      );
  }
  return reasons;
}

/** `a`, `a/b`, `a/b/c` of `a/b/c`. */
function prefixesOf(path: string): string[] {
  const segments = path.split('/');
  return segments.map((_segment, index) => segments.slice(0, index + 1).join('/'));
}
