import { oneLine } from '../lib/alerts/plain.ts';
import type { Colour, Paint } from './progress.ts';

/** Text of a table, harmless for a terminal whatever it holds. */
export interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

const GAP = 2;

/**
 * Columns as wide as what is in them, and no wider than `widths` says; the last is cut to what is left of `columns`.
 * What does not fit is cut in its middle: of names both ends tell them apart.
 */
export function aligned(
  rows: readonly (readonly (Cell | string)[])[],
  widths: readonly number[],
  columns: number,
  paint: Paint,
): readonly string[] {
  const cells = rows.map((row) =>
    row.map((cell): Cell => {
      const { text, ...rest } = typeof cell === 'string' ? { text: cell } : cell;
      return { text: oneLine(text), ...rest };
    }),
  );
  const fitted = widths.map((most, at) =>
    Math.min(most, Math.max(0, ...cells.map((row) => [...(row[at]?.text ?? '')].length))),
  );
  return cells.map((row) => {
    let line = '';
    let used = 0;
    for (const [at, { text, colour }] of row.entries()) {
      const isLast = at === row.length - 1;
      const width = isLast ? Math.max(0, columns - used) : (fitted[at] ?? text.length);
      const shown = shortened(text, width);
      line += colour === undefined ? shown : paint(shown, colour);
      if (isLast) break;
      line += ' '.repeat(width - [...shown].length + GAP);
      used += width + GAP;
    }
    return line.trimEnd();
  });
}

/** Cut in the middle. */
export function shortened(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  if (width <= 1) return '…'.slice(0, width);
  const end = Math.ceil((width - 1) / 2);
  return `${characters.slice(0, width - 1 - end).join('')}…${characters.slice(-end).join('')}`;
}
