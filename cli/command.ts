import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Form, usageOf } from './form.ts';
import { nearest } from './nearest.ts';

/** One of `npx fairlead …`. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** How it is typed: what `--help` prints, and what shells complete. */
  readonly form?: Form;
  /** What `--help` prints, of a command whose arguments are another program's. */
  readonly usage?: string;
  /** The exit code. @throws UsageError */
  run(argv: readonly string[]): Promise<number>;
}

/** What `--help` prints: ways to type it, options, exit codes, examples. */
export const helpOf = ({ form, usage = '' }: Command): string => (form === undefined ? usage : usageOf(form));

/** What was typed makes no command: answered with where the usage is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** parseArgs of node:util. @throws UsageError */
export function readArguments<Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(
      unknownOption(error, config) ?? (error instanceof Error ? error.message : String(error)),
    );
  }
}

/** parseArgs tells how to pass a file that is called like an option, which nobody ever means. */
function unknownOption(error: unknown, { options = {} }: ParseArgsConfig): string | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return undefined;
  const typed = /'(-[^']*)'/.exec((error as Error).message)?.[1] ?? '';
  const meant = nearest(
    typed,
    Object.keys(options).map((name) => `--${name}`),
  );
  return `there is no option ${typed}${meant === undefined ? '' : `: did you mean ${meant}?`}`;
}

/** sysexits.h, EX_USAGE: apart from every outcome that a command has. */
export const EXIT_USAGE = 64;
/** sysexits.h, EX_UNAVAILABLE: the installation or something of it could not be reached. */
export const EXIT_UNAVAILABLE = 69;

/** What was typed, where it is one of the choices. @throws UsageError with all of them */
export function oneOf<Choice extends string>(
  choices: readonly Choice[],
  value: string,
  option: string,
): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new UsageError(`${option} is ${choices.join(', ')}, not "${value}"`);
  return found;
}
