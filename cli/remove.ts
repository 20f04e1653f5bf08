import type { Verb } from '../lib/commands/command.ts';
import { isManifestPath, MANIFESTS } from '../lib/uploads/record/keys.ts';
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
  all: { type: 'boolean', means: 'every release and manifest of the target' },
  yes: { type: 'boolean', means: 'do not ask; needed where there is no terminal' },
  ...COMMANDING_OPTIONS,
} as const;

const FORM = {
  typed: [
    'remove TARGET NAMESPACE/RELEASE [OPTIONS]',
    'remove TARGET manifests/PATH.yaml [OPTIONS]',
    'remove TARGET --all [OPTIONS]',
  ],
  purpose: [
    'Takes a release, a manifest, or all of a target out of Git, in one commit; the deployer then takes it out of the cluster. Shows what will go and what stays, and asks.',
  ],
  arguments: [
    { name: 'TARGET', means: 'which target', completes: 'target' },
    { name: 'NAMESPACE/RELEASE', means: 'one release of it: its chart, its values, and what deploys it' },
    { name: 'manifests/PATH.yaml', means: 'one manifest, as it was uploaded' },
  ],
  options: OPTIONS,
  notes: [
    ...COMMANDING_NOTES,
    'What was uploaded before and waits ends superseded; what is uploaded later makes the release anew. Objects that a policy keeps (helm.sh/resource-policy: keep, claims of StatefulSets, deployers’ annotations) stay in the cluster, and are named. "rollback" brings a release back.',
  ],
  exits: COMMANDING_EXITS,
  examples: [
    'npx fairlead remove staging shop/web --installation fairlead',
    'npx fairlead remove staging manifests/network/policy.yaml --yes --installation fairlead',
    'npx fairlead remove preview-17 --all --yes --reason "merged" --installation fairlead',
  ],
} as const satisfies Form;

export const remove: Command = {
  name: 'remove',
  summary: 'take a release, a manifest or all of a target out of Git',
  form: FORM,
  async run(argv) {
    const { values, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: OPTIONS,
    });
    const [name, what, ...more] = positionals;
    if (more.length > 0)
      throw new UsageError(`one release or manifest at a time, not ${positionals.slice(1).join(', ')}`);
    const commanding = commandingOf(values);
    const { reason } = commanding;
    const target = targetNamed(name);
    const verb = {
      kind: 'remove',
      what: whatOf(what, values.all === true ? 'all' : 'one'),
      ...(reason === undefined ? {} : { reason }),
    } as const;
    return giveForeseen(
      { target, verb },
      commanding,
      values.yes === true ? 'unasked' : wordOf(target, verb.what),
    );
  },
};

type What = Extract<Verb, { readonly kind: 'remove' }>['what'];

function whatOf(text: string | undefined, extent: 'all' | 'one'): What {
  if (extent === 'all') {
    if (text !== undefined)
      throw new UsageError(`--all is the whole target, and "${text}" one thing of it: which?`);
    return { kind: 'target' };
  }
  if (text === undefined)
    throw new UsageError(
      'name what is to go: NAMESPACE/RELEASE or manifests/PATH.yaml; --all is everything of it',
    );
  if (!text.startsWith(`${MANIFESTS}/`)) return { kind: 'release', ...releaseNamed(text) };
  const path = text.slice(MANIFESTS.length + 1);
  if (!isManifestPath(path)) throw new UsageError(`a manifest is manifests/PATH.yaml, not "${text}"`);
  return { kind: 'manifest', path };
}

/** What a person types who means it: of a whole target its name. */
const wordOf = (target: string, what: What) => ({ word: what.kind === 'target' ? target : 'yes' });
