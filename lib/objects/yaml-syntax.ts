import { Composer, type Document, Lexer, LineCounter, Parser } from 'yaml';

/**
 * Levels of lists and mappings. Our own measure: of what a hundred public charts render to, definitions
 * included, nothing nests deeper than 39. Kubernetes takes 10,000 (go-yaml's max_flow_level and max_indents,
 * encoding/json's maxNestingDepth), but the reader here pays for each level again with each word below it.
 */
export const NESTING = 100;

export interface Syntax {
  readonly documents: readonly Document[];
  /** What no reader takes, or what two of them read differently, and its offset; then there are no documents. */
  readonly refused?: { readonly message: string; readonly at: number };
  /** Offset in the text → line, counted from 1. */
  lineAt(offset: number | undefined): number;
}

const OLD_BREAK = /\r\n?|\u0085/g;
/** readerc.go, yaml_parser_update_buffer: the characters that YAML may hold, and no other. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;
const SEPARATOR = /[\u2028\u2029]/;
/** In a quoted scalar they stand for themselves, unless blanks or breaks beside them are folded with them. */
const FOLDED_SEPARATOR = /\s[\u2028\u2029]|[\u2028\u2029]\s/;

function brokenBy(lexeme: string): string | undefined {
  const separator = SEPARATOR.exec(lexeme);
  if (separator === null) return undefined;
  const isQuoted = lexeme.startsWith('"') || lexeme.startsWith("'");
  return isQuoted && !FOLDED_SEPARATOR.test(lexeme)
    ? undefined
    : `${nameOf(separator[0])} ends a line for Kubernetes; in double quotes, write it as \\L or \\P`;
}

const nameOf = (character: string): string =>
  `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

/**
 * The syntax tree of a text's documents, scalars left as they are written. One reader for what judges uploads and for
 * what reads objects, so that neither sees a tree that the other does not.
 */
export function readSyntax(given: string): Syntax {
  const lines = new LineCounter();
  // Line breaks for Go's readers (yamlprivateh.go, is_break), letters for the package here.
  const text = given.replaceAll(OLD_BREAK, '\n');
  const lineAt = (offset: number | undefined): number => lines.linePos(offset ?? 0).line || 1;
  lines.addNewLine(0);
  const control = CONTROL.exec(text);
  if (control !== null) {
    for (let at = text.indexOf('\n'); at >= 0 && at < control.index; at = text.indexOf('\n', at + 1))
      lines.addNewLine(at + 1);
    const message = `the control character ${nameOf(control[0])} is not allowed in YAML`;
    return { documents: [], refused: { message, at: control.index }, lineAt };
  }
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    schema: 'failsafe',
    // What is written, for what only some readers take.
    keepSourceTokens: true,
    // The package's check for duplicate keys is quadratic.
    uniqueKeys: false,
    merge: false,
    lineCounter: lines,
    logLevel: 'silent',
    prettyErrors: false,
  });
  const documents: Document[] = [];
  // As `parseAllDocuments` does it, with an eye on the parser's stack: it holds a document and what is open in it.
  for (const lexeme of new Lexer().lex(text)) {
    const message = brokenBy(lexeme);
    if (message !== undefined) return { documents: [], refused: { message, at: parser.offset }, lineAt };
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
    if (parser.stack.length > NESTING + 1) {
      const refused = { message: `it nests more than ${NESTING} levels deep`, at: parser.offset };
      return { documents: [], refused, lineAt };
    }
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end());
  return { documents, lineAt };
}
