/** One thing that can be done: words, commands that work when pasted, and what is to be pasted into a file. */
export interface Remedy {
  readonly title: string;
  readonly text: readonly string[];
  /** Made of names only, quoted for a shell. */
  readonly commands: readonly string[];
  /** Lines of YAML. */
  readonly paste?: readonly string[];
}

/** More commands than this help nobody on a phone. */
const COMMANDS = 5;

export const few = (commands: readonly string[], what: string): readonly string[] =>
  commands.length <= COMMANDS
    ? commands
    : [...commands.slice(0, COMMANDS), `# and ${commands.length - COMMANDS} more ${what}`];
