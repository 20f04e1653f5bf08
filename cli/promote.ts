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
  force: {
    type: 'boolean',
    means: 'also if it is not rolled out and in sync in FROM; needs --reason, which stands in the commit',
  },
  ...COMMANDING_OPTIONS,
} as const;

const FORM = {
  typed: ['promote FROM TO NAMESPACE/RELEASE [--force --reason TEXT] [OPTIONS]'],
  purpose: [
    'Delivers to TO the chart of a release that FROM runs: the same content, by its digest. The values of TO stay; with them, and with the cluster and the rules of TO, it is judged before the commit.',
    'The last check of FROM has to have found that very content rolled out and in sync. Otherwise it is refused, and says why.',
  ],
  arguments: [
    { name: 'FROM', means: 'the target that has proven it', completes: 'target' },
    { name: 'TO', means: 'the target that gets it; also in another repository', completes: 'target' },
    { name: 'NAMESPACE/RELEASE', means: 'which release, called alike in both' },
  ],
  options: OPTIONS,
  notes: [
    ...COMMANDING_NOTES,
    'What is frozen in TO takes no promotion. Where TO asks for signatures, the package that was uploaded has to have one that TO takes.',
  ],
  exits: COMMANDING_EXITS,
  examples: [
    'npx fairlead promote staging production shop/web --installation fairlead',
    'npx fairlead promote staging production shop/web --force --reason "hot fix, seen by Ann" --installation fairlead',
  ],
} as const satisfies Form;

export const promote: Command = {
  name: 'promote',
  summary: 'deliver to one target the chart that another one runs',
  form: FORM,
  async run(argv) {
    const { values, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: OPTIONS,
    });
    const [from, to, release, ...more] = positionals;
    if (release === undefined || more.length > 0)
      throw new UsageError(
        `two targets and one release: FROM TO NAMESPACE/RELEASE${positionals.length === 0 ? '' : `, not "${positionals.join(' ')}"`}`,
      );
    const commanding = commandingOf(values);
    const { reason } = commanding;
    if (values.force === true && reason === undefined)
      throw new UsageError('--force needs --reason: it stands in the commit for who looks later');
    if (values.force !== true && reason !== undefined)
      throw new UsageError(
        '--reason says why it is promoted with --force; without that the check of FROM is the reason',
      );
    const [source, target] = [targetNamed(from), targetNamed(to)];
    if (source === target) throw new UsageError(`FROM and TO are both ${target}`);
    const verb = {
      kind: 'promote',
      from: source,
      release: releaseNamed(release),
      ...(reason === undefined ? {} : { force: { reason } }),
    } as const;
    return giveForeseen({ target, verb }, commanding);
  },
};
