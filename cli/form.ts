/** What completes a word: those that are named, a file, a folder, or the name of a target. */
export type Completes = 'file' | 'folder' | 'target' | readonly string[];

/** An option of a command, as `parseArgs` of node:util takes it, with what `--help` and a shell's completion say of it. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** What stands for its value: `NAME`. */
  readonly value?: string;
  /** What it is for. Lines are broken where it is shown. */
  readonly means: string;
  readonly completes?: Completes;
}

export type Options = Readonly<Record<string, Option>>;

export interface Argument {
  readonly name: string;
  readonly means: string;
  readonly completes?: Completes;
}

/** What a command is typed as, once: `--help`, docs/cli.md, completion and parsing read it. */
export interface Form {
  /** What stands behind `npx fairlead`, one for each way to type it. */
  readonly typed: readonly string[];
  /** What it does, in paragraphs. */
  readonly purpose: readonly string[];
  /** In their order. */
  readonly arguments: readonly Argument[];
  readonly options: Options;
  /** What else is to be known: rights that it needs, what stays as it was. In paragraphs. */
  readonly notes?: readonly string[];
  /** What each exit code means. */
  readonly exits: Readonly<Record<number, string>>;
  /** Whole lines, as they are typed; at least two. */
  readonly examples: readonly string[];
}

/** Exit codes that every command of an installation has (sysexits.h). */
export const USUAL_EXITS = {
  64: 'what was typed makes no command, or names something that there is not',
  69: 'AWS or the installation cannot be used',
} as const satisfies Form['exits'];

const JSON_DOCUMENT = 'json prints one document and nothing else';

/** `-o` of a command that prints text for people, or one document for programs. */
export const OUTPUT_OPTION = {
  type: 'string',
  short: 'o',
  default: 'text',
  value: 'text|json',
  means: `default: text; ${JSON_DOCUMENT}`,
  completes: ['text', 'json'],
} as const satisfies Option;

/** What `-o` is given. */
export const OUTPUTS = ['text', 'json'] as const;
export type Output = (typeof OUTPUTS)[number];

/** Characters: what a terminal of 100 columns shows whole. */
const WIDTH = 100;
const NAMES = 23;

/** What `--help` prints. */
export function usageOf({ typed, purpose, notes = [], exits, examples, ...form }: Form): string {
  const rows = [
    ...form.arguments.map(({ name, means }) => row(name, means, NAMES)),
    ...(Object.keys(form.options).length === 0 ? [] : [optionLines(form.options)]),
  ];
  const codes = Object.entries(exits).map(([code, means]) => row(code.padStart(3), means, 7));
  return [
    typed.map((one) => `npx fairlead ${one}`).join('\n'),
    ...purpose.map((paragraph) => wrapped(paragraph, WIDTH).join('\n')),
    ...(rows.length === 0 ? [] : [rows.join('\n')]),
    ...notes.map((paragraph) => wrapped(paragraph, WIDTH).join('\n')),
    ['Exit:', ...codes].join('\n'),
    ['Examples:', ...examples.map((example) => `  ${example}`)].join('\n'),
  ].join('\n\n');
}

/** A line or more for each. */
const optionLines = (options: Options): string =>
  Object.entries(options)
    .map(([name, option]) => row(typedOption(name, option), option.means, NAMES))
    .join('\n');

/** `--installation NAME`, `-o text|json`. */
export function typedOption(name: string, { short, value }: Option): string {
  const flag = short === undefined ? `--${name}` : `-${short}`;
  return value === undefined ? flag : `${flag} ${value}`;
}

function row(name: string, means: string, indent: number): string {
  const [first = '', ...more] = wrapped(means, WIDTH - indent);
  const head = `  ${name}`;
  const rest = more.map((line) => `${' '.repeat(indent)}${line}`);
  return head.length < indent - 1
    ? [`${head.padEnd(indent)}${first}`, ...rest].join('\n')
    : [head, `${' '.repeat(indent)}${first}`, ...rest].join('\n');
}

/** Lines of at most so many characters; a line break of the text stays one. */
function wrapped(text: string, width: number): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = [];
    let now = '';
    for (const word of line.split(' ')) {
      if (now !== '' && now.length + 1 + word.length > width) {
        lines.push(now);
        now = word;
      } else now = now === '' ? word : `${now} ${word}`;
    }
    return [...lines, now];
  });
}
