/**
 * Which rule of a .helmignore hides a path, as helm 4 decides it (internal/chart: pkg/ignore/rules.go): `templates/.?*`
 * always, `!` negates, a trailing slash means folders, a slash inside means the whole path; `**` is not supported.
 * @returns for a file's path the rule, or undefined
 */
export function helmIgnore(text: string): (path: string) => string | undefined {
  const rules = [...text.split('\n'), 'templates/.?*'].flatMap((line) => toRule(line.trim()));
  return (path) => {
    const segments = path.split('/');
    // A folder that is hidden hides what is in it.
    for (let depth = 1; depth <= segments.length; depth++) {
      const rule = ruleFor(segments.slice(0, depth).join('/'), depth < segments.length, rules);
      if (rule !== undefined) return rule;
    }
    return undefined;
  };
}

interface Rule {
  readonly text: string;
  readonly negate: boolean;
  readonly foldersOnly: boolean;
  readonly matches: (path: string) => boolean;
}

/** The first rule that decides, as in Rules.Ignore: a negated one hides what it does *not* match. */
function ruleFor(path: string, isFolder: boolean, rules: readonly Rule[]): string | undefined {
  for (const { text, negate, foldersOnly, matches } of rules) {
    if (negate) {
      if (foldersOnly && !isFolder) return text;
      if (!matches(path)) return text;
      continue;
    }
    if (foldersOnly && !isFolder) continue;
    if (matches(path)) return text;
  }
  return undefined;
}

function toRule(line: string): Rule[] {
  if (line === '' || line.startsWith('#') || line === '!' || line === '/' || line.includes('**')) return [];
  const negate = line.startsWith('!');
  let pattern = negate ? line.slice(1) : line;
  const foldersOnly = pattern.endsWith('/');
  if (foldersOnly) pattern = pattern.slice(0, -1);
  if (pattern.startsWith('/')) {
    const expression = glob(pattern.slice(1));
    return [{ text: line, negate, foldersOnly, matches: (path) => expression.test(path) }];
  }
  const expression = glob(pattern);
  const matches = pattern.includes('/')
    ? (path: string) => expression.test(path)
    : (path: string) => expression.test(path.slice(path.lastIndexOf('/') + 1));
  return [{ text: line, negate, foldersOnly, matches }];
}

/** Go's path/filepath.Match as an anchored expression: `*` and `?` stop at slashes; what Go calls malformed matches nothing. */
function glob(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? '';
    if (character === '*') {
      while (pattern[at + 1] === '*') at++;
      source += '[^/]*';
    } else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) return /^(?!)/;
      const set = pattern.slice(at + 1, end).replace(/[\\[\]&~]/g, '\\$&');
      source += `[${set.startsWith('^') ? `^${set.slice(1)}` : set}]`;
      at = end;
    } else if (character === '\\' && at + 1 < pattern.length) source += RegExp.escape(pattern[++at] ?? '');
    else source += RegExp.escape(character);
  }
  try {
    return new RegExp(`^${source}$`, 'su');
  } catch {
    return /^(?!)/;
  }
}
