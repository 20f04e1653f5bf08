import { oneLine } from '../lib/alerts/plain.ts';
import type { Verb } from '../lib/commands/command.ts';
import { EXIT_USAGE } from './command.ts';
import { type Commanding, giveCommand } from './commanding.ts';
import { confirmed } from './confirming.ts';
import { foreseen } from './foreseen.ts';
import { findInstallation } from './installation.ts';

/** As a shell ends a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

/**
 * Shows what a command will do, asks where it is to be asked, and gives it.
 * @param asking `word`: what a person has to type first; nobody is asked for a dry run
 * @returns the exit code
 * @throws UsageError, Unavailable
 */
export async function giveForeseen(
  given: {
    readonly target: string;
    readonly verb: Extract<Verb, { readonly kind: 'rollback' | 'promote' | 'remove' }>;
  },
  commanding: Commanding,
  asking: { readonly word: string } | 'unasked' = 'unasked',
): Promise<number> {
  const installation = await findInstallation(commanding.named);
  // Names in them are a chart's: none may move the cursor over what a person is asked about.
  for (const line of await foreseen(installation, given.target, given.verb, new Date()))
    console.error(oneLine(line));
  if (asking !== 'unasked' && commanding.dryRun === 'for real') {
    const answer = await confirmed('It is taken out of Git, and out of the cluster.', asking.word);
    if (answer !== 'yes') {
      console.error('nothing was given, and nothing changes');
      return answer === 'no' ? EXIT_USAGE : EXIT_INTERRUPTED;
    }
  }
  return giveCommand(given, commanding, installation);
}
