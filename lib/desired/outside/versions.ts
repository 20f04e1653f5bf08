import semver, { type SemVer } from 'semver';

/**
 * Which version of a chart a range means, as helm, Flux and Argo CD read it: Masterminds/semver v3, constraints.go.
 * It differs from npm's in these: a comma is "and" like a blank; there is `!=`; `1.2` is `1.2.x` in every place;
 * a bound without a prerelease takes no prerelease, and one with a prerelease takes those of every version.
 */
export type Range = { readonly admits: (version: string) => boolean } & (
  | { readonly kind: 'range' }
  /** One version is meant, whatever the index holds. */
  | { readonly kind: 'exact'; readonly version: string }
);

/** A version as Masterminds' NewVersion reads it: `v` before it and missing parts are fine. */
export function versionOf(text: string): SemVer | undefined {
  const [, numbers, rest = ''] = VERSION.exec(text.trim()) ?? [];
  if (numbers === undefined) return undefined;
  const [major, minor = '0', patch = '0'] = numbers.split('.');
  return semver.parse(`${major}.${minor}.${patch}${rest}`) ?? undefined;
}

/** Characters of a range; more than anybody writes. */
const RANGE_LENGTH = 256;

/** Undefined for what is no range. The empty one is the newest that is no prerelease. */
export function rangeOf(text: string): Range | undefined {
  if (text.length > RANGE_LENGTH) return undefined;
  const trimmed = text.trim();
  if (EXACT.test(trimmed) && versionOf(trimmed) !== undefined) {
    return { kind: 'exact', version: trimmed, admits: (version) => sameVersion(version, trimmed) };
  }
  const groups: Bound[][] = [];
  for (const group of (trimmed === '' ? '*' : trimmed).split('||')) {
    const bounds = boundsOf(withHyphens(group));
    if (bounds === undefined) return undefined;
    groups.push(bounds);
  }
  return {
    kind: 'range',
    admits(text) {
      const version = versionOf(text);
      return version !== undefined && groups.some((bounds) => bounds.every((bound) => holds(bound, version)));
    },
  };
}

/** The newest that the range admits, as it is written in the list; what is written as asked for goes before all. */
export function newestOf(versions: readonly string[], range: Range): string | undefined {
  if (range.kind === 'exact' && versions.includes(range.version)) return range.version;
  let best: { readonly text: string; readonly version: SemVer } | undefined;
  for (const text of versions) {
    const version = versionOf(text);
    if (version === undefined || !range.admits(text)) continue;
    if (best === undefined || semver.compareBuild(version, best.version) > 0) best = { text, version };
  }
  return best?.text;
}

/** By precedence: the build does not count. */
function sameVersion(a: string, b: string): boolean {
  const [one, other] = [versionOf(a), versionOf(b)];
  return one !== undefined && other !== undefined && one.compare(other) === 0;
}

const NUMBER = '(?:0|[1-9]\\d{0,15})';
const SUFFIX = '(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?';
const VERSION = new RegExp(`^v?(${NUMBER}(?:\\.${NUMBER}){0,2})(${SUFFIX})$`);
const EXACT = new RegExp(`^v?${NUMBER}\\.${NUMBER}\\.${NUMBER}${SUFFIX}$`);
const PART = `(?:${NUMBER}|[xX*])`;
const OPERATOR = '=<|=>|<=|>=|!=|~>|[=<>~^]';
const BOUND = new RegExp(`^(${OPERATOR})?\\s*v?(${PART}(?:\\.${PART}){0,2})(${SUFFIX})`);

type Operator = '=' | '!=' | '<' | '>' | '<=' | '>=' | '~' | '^';
const OPERATORS: Readonly<Record<string, Operator>> = { '=<': '<=', '=>': '>=', '~>': '~' };

interface Bound {
  readonly operator: Operator;
  readonly version: SemVer;
  /** How many of the three numbers are given: `1.x` has one. */
  readonly given: 0 | 1 | 2 | 3;
}

/** `1.2 - 3.4` → `>=1.2 <=3.4`. */
const withHyphens = (group: string): string => group.replace(/(\S+)\s+-\s+(\S+)/g, '>=$1 <=$2');

function boundsOf(group: string): Bound[] | undefined {
  const bounds: Bound[] = [];
  let rest = group.trim();
  while (rest !== '') {
    const [whole, operator = '=', numbers = '', suffix = ''] = BOUND.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    const after = rest.slice(whole.length);
    if (!/^([\s,]|$)/.test(after)) return undefined;
    const parts = numbers.split('.');
    const wild = parts.findIndex((part) => /[xX*]/.test(part));
    const given = wild < 0 ? parts.length : wild;
    const filled = [0, 1, 2].map((index) => (index < given ? parts[index] : '0')).join('.');
    const version = semver.parse(`${filled}${suffix}`);
    if (version === null) return undefined;
    bounds.push({
      operator: OPERATORS[operator] ?? (operator as Operator),
      version,
      given: given as Bound['given'],
    });
    rest = after.replace(/^[\s,]+/, '');
  }
  return bounds.length === 0 ? undefined : bounds;
}

function holds({ operator, version: bound, given }: Bound, version: SemVer): boolean {
  if (operator === '!=' && given === 3) return version.compare(bound) !== 0;
  if (version.prerelease.length > 0 && bound.prerelease.length === 0) return false;
  switch (operator) {
    case '!=':
      return !isBelow(bound, version, given);
    case '=':
      return given === 3 ? version.compare(bound) === 0 : isBelow(bound, version, given);
    case '<':
      return version.compare(bound) < 0;
    case '>=':
      return version.compare(bound) >= 0;
    case '>':
      // `>1.2` is not 1.2.5, which `1.2` means as well.
      return version.compare(bound) > 0 && (given === 3 || given === 0 || !isBelow(bound, version, given));
    case '<=':
      return version.compare(bound) <= 0 || (given < 3 && isBelow(bound, version, given));
    case '~':
      // The one exception that Masterminds makes: `~0.0.0` is everything.
      if (given === 3 && bound.major + bound.minor + bound.patch === 0) return version.compare(bound) >= 0;
      return version.compare(bound) >= 0 && isBelow(bound, version, given < 2 ? given : 2);
    case '^':
      return version.compare(bound) >= 0 && isBelow(bound, version, caretDepth(bound, given));
  }
}

/** The first number that is not zero must stay; of `0.0` the minor, of `0` the major. */
function caretDepth({ major, minor }: SemVer, given: Bound['given']): Bound['given'] {
  if (given === 0) return 0;
  if (major > 0 || given === 1) return 1;
  return minor > 0 || given === 2 ? 2 : 3;
}

/** Whether the first numbers are those of the bound. */
function isBelow(bound: SemVer, version: SemVer, depth: Bound['given']): boolean {
  const [a, b] = [bound, version].map(({ major, minor, patch }) => [major, minor, patch]);
  return [0, 1, 2].every((index) => index >= depth || a?.[index] === b?.[index]);
}
