/**
 * What source-controller leaves out of a repository before anything is built (fluxcd/pkg, sourceignore/sourceignore.go
 * and sourceignore/gitignore/pattern.go): `.sourceignore` files, and defaults of its own, in the way of .gitignore.
 */
interface Pattern {
  /** The folder that it counts from. */
  readonly folder: readonly string[];
  readonly steps: readonly string[];
  readonly includes: boolean;
  readonly foldersOnly: boolean;
}

const DEFAULTS = [
  ...['.git/', '.gitignore', '.gitmodules', '.gitattributes'],
  ...['*.jpg', '*.jpeg', '*.gif', '*.png', '*.wmv', '*.flv', '*.tar.gz', '*.zip'],
  ...[
    '.github/',
    '.circleci/',
    '.travis.yml',
    '.gitlab-ci.yml',
    'appveyor.yml',
    '.drone.yml',
    'cloudbuild.yaml',
  ],
  ...['codeship-services.yml', 'codeship-steps.yml', '**/.goreleaser.yml', '**/.sops.yaml', '**/.flux.yaml'],
];
export const SOURCE_IGNORE = '.sourceignore';

export interface SourceIgnoreFile {
  /** '' for the root. */
  readonly folder: string;
  readonly text: string;
}

/** @param files what `.sourceignore` files say, in the order of their paths, then what the source itself says */
export function sourceIgnore(files: readonly SourceIgnoreFile[]): (path: string) => boolean {
  const patterns = [
    ...DEFAULTS.map((line) => patternOf(line, [])),
    ...files.flatMap(({ folder, text }) =>
      text
        .split(/\r?\n/)
        .filter((line) => !line.startsWith('#') && line.trim() !== '')
        .map((line) => patternOf(line, folder === '' ? [] : folder.split('/'))),
    ),
  ];
  // The last that says anything decides.
  patterns.reverse();
  return (path) => {
    const steps = path.split('/');
    const decides = patterns.find((pattern) => isMatch(pattern, steps));
    return decides !== undefined && !decides.includes;
  };
}

function patternOf(line: string, folder: readonly string[]): Pattern {
  const includes = line.startsWith('!');
  let text = includes ? line.slice(1) : line;
  if (!text.endsWith('\\ ')) text = text.replace(/ +$/, '');
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  return { folder, steps: text.split('/'), includes, foldersOnly };
}

function isMatch({ folder, steps, foldersOnly }: Pattern, path: readonly string[]): boolean {
  if (path.length <= folder.length || folder.some((step, index) => path[index] !== step)) return false;
  const rest = path.slice(folder.length);
  const [only = ''] = steps;
  // A name alone matches at any depth; what is asked about is always a file.
  if (steps.length === 1) {
    const at = rest.findIndex((name) => matchesName(only, name));
    return at >= 0 && !(foldersOnly && at === rest.length - 1);
  }
  return matchesPath(steps, rest, foldersOnly);
}

function matchesPath(steps: readonly string[], path: readonly string[], foldersOnly: boolean): boolean {
  let rest = path;
  let matched = false;
  let mayTraverse = false;
  for (const [index, step] of steps.entries()) {
    if (step === '') {
      mayTraverse = false;
      continue;
    }
    if (step === '**') {
      if (index === steps.length - 1) break;
      mayTraverse = true;
      continue;
    }
    if (step.includes('**') || rest.length === 0) return false;
    if (!mayTraverse) {
      if (!matchesName(step, rest[0] ?? '')) return false;
      matched = true;
      rest = rest.slice(1);
      continue;
    }
    mayTraverse = false;
    const at = rest.findIndex((name) => matchesName(step, name));
    matched = at >= 0;
    rest = at < 0 ? [] : rest.slice(at + 1);
  }
  return matched && !(foldersOnly && rest.length === 0);
}

/** Go's filepath.Match within one name, without going back further than the last `*`. */
function matchesName(pattern: string, name: string): boolean {
  const tokens = tokensOf(pattern);
  if (tokens === undefined) return false;
  const characters = [...name];
  let [token, character] = [0, 0];
  let [star, resumed] = [-1, 0];
  while (character < characters.length) {
    const wanted = tokens[token];
    if (wanted === 'any') {
      star = token++;
      resumed = character;
    } else if (wanted?.(characters[character] ?? '')) {
      token++;
      character++;
    } else if (star >= 0) {
      token = star + 1;
      character = ++resumed;
    } else return false;
  }
  while (tokens[token] === 'any') token++;
  return token === tokens.length;
}

type Token = 'any' | ((character: string) => boolean);

/** Undefined where Go calls the pattern malformed: then it matches nothing. */
function tokensOf(pattern: string): readonly Token[] | undefined {
  const characters = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*') tokens.push('any');
    else if (character === '?') tokens.push(() => true);
    else if (character === '[') {
      const end = characters.indexOf(']', at + (characters[at + 1] === '^' ? 3 : 2));
      if (end < 0) return undefined;
      tokens.push(classOf(characters.slice(at + 1, end)));
      at = end;
    } else {
      const literal = character === '\\' ? characters[++at] : character;
      if (literal === undefined) return undefined;
      tokens.push((found) => found === literal);
    }
  }
  return tokens;
}

function classOf(inside: readonly string[]): Token {
  const negated = inside[0] === '^';
  const members = negated ? inside.slice(1) : inside;
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < members.length; at++) {
    const low = members[at] ?? '';
    if (members[at + 1] === '-' && members[at + 2] !== undefined) {
      ranges.push([low, members[at + 2] ?? '']);
      at += 2;
    } else ranges.push([low, low]);
  }
  return (found) => ranges.some(([low, high]) => low <= found && found <= high) !== negated;
}
