import { type Command, readArguments, UsageError } from './command.ts';
import {
  COMMANDING_EXITS,
  COMMANDING_NOTES,
  COMMANDING_OPTIONS,
  commandingOf,
  releaseNamed,
  targetNamed,
} from './commanding.ts';
import type { Form } from './form.ts';
import { giveForeseen } from './give-foreseen.ts';

const OPTIONS = {
  to: {
    type: 'string',
    value: 'VERSION|COMMIT',
    means:
      'go back to this chart version, with the last values that it had, or to the release as of a commit of the branch (7 digits or more); default: the delivery before the one that stands',
  },
  ...COMMANDING_OPTIONS,
} as const;

const FORM = {
  typed: ['rollback TARGET NAMESPACE/RELEASE [--to VERSION|COMMIT] [OPTIONS]'],
  purpose: [
    'Takes chart and values of a release back to what they were, by one commit upon the branch, and freezes the release: what is uploaded for it from then on waits, and says so, until "unfreeze". What it goes back to is judged first, as any upload is.',
  ],
  arguments: [
    { name: 'TARGET', means: 'which target', completes: 'target' },
    { name: 'NAMESPACE/RELEASE', means: 'which release of it' },
  ],
  options: OPTIONS,
  notes: [
    ...COMMANDING_NOTES,
    'While a rollback stands, another one without --to is refused, so that typed twice it goes back once.',
  ],
  exits: COMMANDING_EXITS,
  examples: [
    'npx fairlead rollback production shop/web --reason "1.4.3 does not start" --installation fairlead',
    'npx fairlead rollback production shop/web --to 1.4.1 --wait rolled-out --installation fairlead',
  ],
} as const satisfies Form;

export const rollback: Command = {
  name: 'rollback',
  summary: 'take a release back to what it was, and freeze it',
  form: FORM,
  async run(argv) {
    const { values, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: OPTIONS,
    });
    const [target, release, ...more] = positionals;
    if (release === undefined || more.length > 0)
      throw new UsageError(
        `one target and one release: TARGET NAMESPACE/RELEASE${positionals.length === 0 ? '' : `, not "${positionals.join(' ')}"`}`,
      );
    const commanding = commandingOf(values);
    const { reason } = commanding;
    const verb = {
      kind: 'rollback',
      release: releaseNamed(release),
      ...(values.to === undefined ? {} : { to: toOf(values.to) }),
      ...(reason === undefined ? {} : { reason }),
    } as const;
    return giveForeseen({ target: targetNamed(target), verb }, commanding);
  },
};

/** Longer than any version or commit. Characters. */
const TO_LENGTH = 256;

function toOf(text: string): string {
  const to = text.trim();
  if (to === '' || to.length > TO_LENGTH)
    throw new UsageError('--to is a chart version (1.4.1) or a commit (7 digits or more)');
  return to;
}
