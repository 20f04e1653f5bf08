import { Composer, type Document, Lexer, LineCounter, Parser } from 'yaml';

/**
 * Levels of lists and mappings. Our own measure: of what a hundred public charts render to, definitions
 * included, nothing nests deeper than 39. Kubernetes takes 10,000 (go-yaml's max_flow_level and max_indents,
 * encoding/json's maxNestingDepth), but the reader here pays for each level again with each word below it.
 */
export const NESTING = 100;

export interface Syntax {
  readonly documents: readonly Document[];
  /** Offset of what nests deeper than `NESTING`; then there are no documents. */
  readonly tooDeepAt?: number;
  /** Offset in the text → line, counted from 1. */
  lineAt(offset: number | undefined): number;
}

/**
 * The syntax tree of a text's documents, scalars left as they are written. One reader for what judges uploads and for
 * what reads objects, so that neither sees a tree that the other does not.
 */
export function readSyntax(text: string): Syntax {
  const lines = new LineCounter();
  const lineAt = (offset: number | undefined): number => lines.linePos(offset ?? 0).line || 1;
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    schema: 'failsafe',
    // The package's check for duplicate keys is quadratic.
    uniqueKeys: false,
    merge: false,
    lineCounter: lines,
    logLevel: 'silent',
    prettyErrors: false,
  });
  const documents: Document[] = [];
  // As `parseAllDocuments` does it, with an eye on the parser's stack: it holds a document and what is open in it.
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
    if (parser.stack.length > NESTING + 1) return { documents: [], tooDeepAt: parser.offset, lineAt };
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end());
  return { documents, lineAt };
}
