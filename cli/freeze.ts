import type { CommandScope, Verb } from '../lib/commands/command.ts';
import { type Command, readArguments, UsageError } from './command.ts';
import {
  COMMANDING_EXITS,
  COMMANDING_NOTES,
  COMMANDING_OPTIONS,
  commandingOf,
  giveCommand,
  releaseNamed,
  targetNamed,
} from './commanding.ts';
import type { Form } from './form.ts';

const FORM = {
  typed: ['freeze TARGET [NAMESPACE/RELEASE] [OPTIONS]'],
  purpose: [
    'Keeps what is uploaded for a release, or for a whole target, from being delivered. Uploads are taken as always, wait and say so: in their records and tags, to who waits for them, and once to people. Nothing is lost; "unfreeze" lets the newest of each chart and values go.',
  ],
  arguments: [
    { name: 'TARGET', means: 'which target', completes: 'target' },
    { name: 'NAMESPACE/RELEASE', means: 'one release of it; without it, the whole target' },
  ],
  options: COMMANDING_OPTIONS,
  notes: [
    ...COMMANDING_NOTES,
    'What was committed before stays, and is rolled out. Commands pass a freeze, but for promote.',
  ],
  exits: COMMANDING_EXITS,
  examples: [
    'npx fairlead freeze production shop/web --reason "1.4.3 does not start" --installation fairlead',
    'npx fairlead freeze production --reason "the sale" --installation fairlead',
  ],
} as const satisfies Form;

export const freeze: Command = {
  name: 'freeze',
  summary: 'let uploads of a release or target wait until unfreeze',
  form: FORM,
  run: (argv) => freezing('freeze', argv),
};

/** Both commands are typed alike. */
export async function freezing(kind: 'freeze' | 'unfreeze', argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments({
    args: [...argv],
    allowPositionals: true,
    options: COMMANDING_OPTIONS,
  });
  const [target, release, ...more] = positionals;
  if (more.length > 0)
    throw new UsageError(`one target and one release at a time, not ${positionals.join(', ')}`);
  const commanding = commandingOf(values);
  if (commanding.wait === 'rolled-out')
    throw new UsageError(`nothing is rolled out by ${kind}: --wait delivered, or --wait no`);
  const scope: CommandScope =
    release === undefined ? { kind: 'target' } : { kind: 'release', ...releaseNamed(release) };
  const { reason } = commanding;
  const verb: Verb = { kind, scope, ...(reason === undefined ? {} : { reason }) };
  return giveCommand({ target: targetNamed(target), verb }, commanding);
}
