import { format } from 'node:util';
import { COMMANDS, type Commands, runCommand } from '../../cli/commands.ts';
import type { Ran } from './command-line.ts';

/**
 * `npx fairlead …` in this process, which costs no start of another: one at a time, since what it prints is taken from
 * the console that all share.
 */
export async function called(argv: readonly string[], commands: Commands = COMMANDS): Promise<Ran> {
  const output = { stdout: '', stderr: '' };
  const { log, error } = console;
  console.log = (...parts: unknown[]) => {
    output.stdout += `${format(...parts)}\n`;
  };
  console.error = (...parts: unknown[]) => {
    output.stderr += `${format(...parts)}\n`;
  };
  try {
    const code = await runCommand(argv, commands, async () => '0.0.0');
    return { code, ...output };
  } finally {
    Object.assign(console, { log, error });
  }
}
