import { LineCounter, parseAllDocuments } from 'yaml';

/**
 * The syntax tree of a text's documents, scalars left as they are written. One reader for what judges uploads and for
 * what reads objects, so that neither sees a tree that the other does not.
 */
export function readSyntax(text: string) {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    schema: 'failsafe',
    // The package's check for duplicate keys is quadratic.
    uniqueKeys: false,
    merge: false,
    lineCounter: lines,
    logLevel: 'silent',
    prettyErrors: false,
  });
  return {
    documents: Array.isArray(parsed) ? parsed : [],
    /** Offset in the text → line, counted from 1. */
    lineAt: (offset: number | undefined): number => lines.linePos(offset ?? 0).line || 1,
  };
}
