import { resolve } from 'node:path';

const PARTS = ['check', 'first', 'compare', 'memory'] as const;
export type Part = (typeof PARTS)[number];

export interface Asked {
  readonly parts: ReadonlySet<Part>;
  /** Fewer runs and smaller numbers: to see that it works. */
  readonly pace: 'full' | 'quick';
  /** What is run as `fairlead`; absent: the bundle that is published. */
  readonly cli?: string;
}

/** What follows `npm run bench -- drift`. @throws Error with what there is */
export function only(argv: readonly string[]): Asked {
  let parts: readonly Part[] = PARTS;
  let pace: Asked['pace'] = 'full';
  let cli: string | undefined;
  for (const argument of argv) {
    const [name, value = ''] = argument.split('=');
    const chosen = value.split(',').map((each) => PARTS.find((part) => part === each));
    if (name === 'only' && chosen.every((part) => part !== undefined)) parts = chosen;
    else if (name === 'cli' && value !== '') cli = resolve(value);
    else if (argument === '--quick') pace = 'quick';
    else throw new Error(`drift [only=${PARTS.join('|')}] [cli=FILE] [--quick], not "${argument}"`);
  }
  return { parts: new Set(parts), pace, ...(cli === undefined ? {} : { cli }) };
}
