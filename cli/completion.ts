import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { COMMANDS } from './commands.ts';
import { SHELLS, type Spoken, scriptFor } from './completion-scripts.ts';
import { type Form, USUAL_EXITS } from './form.ts';

const FORM = {
  typed: ['completion bash|zsh|fish'],
  purpose: [
    'Prints a script for a shell, which then completes commands, options, and what is to be chosen from. It is made from the same tables that the commands are parsed by, asks no cloud, and runs nothing of Fairlead: names of targets are those that the last "npx fairlead status" saw.',
  ],
  arguments: [{ name: 'SHELL', means: SHELLS.join(', '), completes: SHELLS }],
  options: {},
  notes: [
    'It completes the word "fairlead", as "npx fairlead …" and by itself: bash and zsh complete "npx fairlead" too, fish only where fairlead is installed (npm install -g fairlead) or an alias.',
  ],
  exits: { 0: 'it was printed', 64: USUAL_EXITS[64] },
  examples: [
    'source <(npx fairlead completion bash)',
    'npx fairlead completion zsh > ~/.zsh/completions/_fairlead',
    'npx fairlead completion fish > ~/.config/fish/completions/fairlead.fish',
  ],
} as const satisfies Form;

export const completion: Command = {
  name: 'completion',
  summary: 'print what completes these commands in bash, zsh or fish',
  form: FORM,
  async run(argv) {
    const { positionals } = readArguments({ args: [...argv], allowPositionals: true, options: FORM.options });
    const [shell, ...more] = positionals;
    if (shell === undefined) throw new UsageError(`say for which shell: ${SHELLS.join(', ')}`);
    if (more.length > 0) throw new UsageError(`one shell at a time, not ${positionals.join(', ')}`);
    console.log(scriptFor(oneOf(SHELLS, shell, 'the shell'), await spoken()));
    return 0;
  },
};

/** Every command that has a table. */
export async function spoken(): Promise<readonly Spoken[]> {
  const all = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { summary, load }]) => {
      const form = name === 'completion' ? FORM : (await load()).form;
      return form === undefined ? [] : [{ name, summary, form }];
    }),
  );
  return all.flat();
}
