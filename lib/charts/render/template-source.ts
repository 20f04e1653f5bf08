/**
 * What a chart's templates call, read from their sources: enough to know whether they can render differently the next
 * time, or in a cluster. Values count too: they may go through `tpl`.
 */

/** Functions whose answer changes from one render to the next, or by map order; so does the list of API versions. */
const RANDOM =
  /(?<![.\w$])(?:keys|values|shuffle|rand\w*|uuidv4|gen\w+|htpasswd|bcrypt|encryptAES|ago)(?!\w)|\.APIVersions(?!\w|\.Has(?!\w))/;
const LOOKUP = /(?<![.\w$])lookup(?!\w)/;
const NOW = /(?<![.\w$])now(?!\w)/g;
const REVISION = /(?<![\w)])\$?\.Release\.Revision(?!\w)/g;
const HELM_VERSION = /(?<![\w)])\$?\.Capabilities\.HelmVersion\.(?:Version|GitCommit|GoVersion)(?!\w)/g;
const CALL = /(?<![.\w$])(?:include|template|block)(?!\w)/g;
const DEFINE = /(?<![.\w$])(?:define|block)(?!\w)/g;
const LITERAL = /\s*(?:"([^"\\]*)"|`([^`]*)`)/y;

/** Another date and another revision than the render's own, in a form that every use of `now` takes. */
const OTHER_NOW = '(toDate "2006-01-02 15:04:05" "2001-02-03 04:05:06")';
const OTHER_REVISION = '7';
/** Of helm itself, which is another one in each deployer and on each machine; as new as any that a chart asks for. */
const OTHER_HELM = '"v4.99.0"';

/**
 * Template text in which everything that is no code (text, strings, comments) is blanked, so that offsets hold.
 */
export function codeOf(text: string): string {
  const code: string[] = [];
  let at = 0;
  const blank = (until: number) => {
    code.push(' '.repeat(until - at));
    at = until;
  };
  const endOf = (closing: string, from: number): number => {
    const found = text.indexOf(closing, from);
    return found < 0 ? text.length : found + closing.length;
  };
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    blank(open < 0 ? text.length : open + 2);
    const comment = /^(?:-\s)?\/\*/.exec(text.slice(at, at + 4))?.[0];
    if (comment !== undefined) {
      blank(endOf('*/', at + comment.length));
      continue;
    }
    while (at < text.length && !text.startsWith('}}', at)) {
      const character = text[at];
      if (character === '"' || character === "'") blank(endOfConstant(text, at));
      else if (character === '`') blank(endOf('`', at + 1));
      else {
        code.push(character ?? '');
        at++;
      }
    }
  }
  return code.join('');
}

/** Of a string, or of a character: `'"'` begins no string. */
function endOfConstant(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start] || text[at] === '\n') return at + 1;
  }
  return text.length;
}

export const isRandom = (text: string): boolean => text.includes('{{') && RANDOM.test(codeOf(text));

/** The same text with another date in place of `now`, another `.Release.Revision` and another helm. */
export function withOtherMoment(text: string): string {
  if (!text.includes('{{')) return text;
  const code = codeOf(text);
  const edits = [
    ...[...code.matchAll(NOW)].map((match) => ({ match, by: OTHER_NOW })),
    ...[...code.matchAll(REVISION)].map((match) => ({ match, by: OTHER_REVISION })),
    ...[...code.matchAll(HELM_VERSION)].map((match) => ({ match, by: OTHER_HELM })),
  ].sort((a, b) => b.match.index - a.match.index);
  let edited = text;
  for (const { match, by } of edits)
    edited = edited.slice(0, match.index) + by + edited.slice(match.index + match[0].length);
  return edited;
}

/** Paths of the templates that ask the cluster, themselves or through what they include. */
export function templatesWithLookup(templates: ReadonlyMap<string, string>): ReadonlySet<string> {
  const suspects = [...templates].filter(([, text]) => text.includes('{{'));
  if (!suspects.some(([, text]) => text.includes('lookup'))) return new Set();
  const parts = suspects.flatMap(([path, text]) => partsOf(path, text));
  const asking = new Set(parts.filter(({ asks }) => asks).map(({ name }) => name));
  const anyAsks = asking.size > 0;
  for (let grown = true; grown; ) {
    grown = false;
    for (const { name, calls, callsByName } of parts) {
      if (
        asking.has(name) ||
        !(calls.some((call) => asking.has(`define ${call}`)) || (callsByName && anyAsks))
      )
        continue;
      asking.add(name);
      grown = true;
    }
  }
  return new Set(suspects.map(([path]) => path).filter((path) => asking.has(`file ${path}`)));
}

/** A file's own text, or one of the templates that it defines. */
interface Part {
  readonly name: string;
  readonly asks: boolean;
  readonly calls: readonly string[];
  /** It includes by a computed name: it may be any. */
  readonly callsByName: boolean;
}

function partsOf(path: string, text: string): Part[] {
  const code = codeOf(text);
  const starts = [...code.matchAll(DEFINE)].map((match) => ({
    at: match.index,
    name: literalAt(text, match.index + match[0].length),
  }));
  const regions = [{ at: 0, name: undefined as string | undefined }, ...starts];
  return regions.map(({ at, name }, index) => {
    const region = code.slice(at, regions[index + 1]?.at);
    const calls = [...region.matchAll(CALL)].map((match) =>
      literalAt(text, at + match.index + match[0].length),
    );
    return {
      name: index === 0 ? `file ${path}` : `define ${name ?? ''}`,
      asks: LOOKUP.test(region),
      calls: calls.filter((call) => call !== undefined),
      callsByName: calls.includes(undefined),
    };
  });
}

function literalAt(text: string, offset: number): string | undefined {
  LITERAL.lastIndex = offset;
  const match = LITERAL.exec(text);
  return match?.[1] ?? match?.[2];
}
