import { oneLine } from '../lib/alerts/plain.ts';

/** What is under way, for a person who waits. */
export interface Progress {
  /** The line that stands there until the next. */
  tell(step: string): void;
  /** Leaves nothing of it on the screen. */
  end(): void;
}

export const noProgress: Progress = { tell: () => {}, end: () => {} };

/** What a stream must be of, to be drawn on: process.stderr. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const COLUMNS = 80;
/** Back to the start of the line, and clear to its end (ECMA-48, EL). */
const CLEAR = '\r\x1b[K';

/** One line that is drawn over again, on a terminal; silence elsewhere: a log is no place for it. */
export function progressOn(screen: Screen, environment: NodeJS.ProcessEnv): Progress {
  if (screen.isTTY !== true || environment.TERM === 'dumb' || environment.CI) return noProgress;
  return {
    tell(step) {
      // A line that wraps could not be drawn over.
      screen.write(`${CLEAR}${oneLine(step).slice(0, (screen.columns || COLUMNS) - 1)}`);
    },
    end() {
      screen.write(CLEAR);
    },
  };
}

export type Paint = (text: string, colour: Colour) => string;
export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

/** Select Graphic Rendition (ECMA-48). */
const CODES: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export const plain: Paint = (text) => text;

/** Colours on a terminal alone, and never where the reader asks for none (https://no-color.org). */
export function paintOn(screen: Pick<Screen, 'isTTY'>, environment: NodeJS.ProcessEnv): Paint {
  if (screen.isTTY !== true || environment.NO_COLOR || environment.TERM === 'dumb') return plain;
  return (text, colour) => {
    const [on, off] = CODES[colour];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  };
}
