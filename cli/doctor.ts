import { readFile } from 'node:fs/promises';
import { examine, isWell } from '../lib/doctor/examine.ts';
import { doctorPolicy } from '../lib/doctor/policy.ts';
import { DATA_FOLDER } from '../local/connection.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { formatFound, formatFoundJson } from './doctor-output.ts';
import { configurationOf, DEFAULT_CONFIG, patientOf } from './doctor-patient.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, USUAL_EXITS } from './form.ts';

const FORM = {
  typed: ['doctor [TARGET…] [OPTIONS]'],
  purpose: [
    'Looks an installation over, before and after its deploy: what is wrong, where, and the command that mends it. Changes nothing, in AWS, Git or the cluster: pushes are tried with --dry-run, and the one thing that is created in a cluster is a SelfSubjectAccessReview, which no cluster keeps. What could not be looked at says why.',
  ],
  arguments: [{ name: 'TARGET', means: 'targets of the configuration; default: all', completes: 'target' }],
  options: {
    config: {
      type: 'string',
      value: 'FILE',
      means: `the configuration (default ${DEFAULT_CONFIG})`,
      completes: 'file',
    },
    installation: {
      type: 'string',
      value: 'NAME',
      means: 'one in AWS, by its name; without its configuration, what is deployed is read',
    },
    kubeconfig: {
      type: 'string',
      value: 'FILE',
      means: 'the way into the cluster (default: EKS, with the credentials of the environment)',
      completes: 'file',
    },
    context: { type: 'string', value: 'NAME', means: 'of that kubeconfig' },
    data: {
      type: 'string',
      value: 'FOLDER',
      default: process.env.FAIRLEAD_DATA ?? DATA_FOLDER,
      means: `data folder of the local installation (default ${DATA_FOLDER}, or FAIRLEAD_DATA)`,
      completes: 'folder',
    },
    policy: {
      type: 'boolean',
      default: false,
      means: 'print the IAM policy that all looks need, and look at nothing',
    },
    output: OUTPUT_OPTION,
  },
  notes: ['Without --config and --installation it is about the local installation, where one runs here.'],
  exits: { 0: 'nothing is wrong', 1: 'something is', 64: USUAL_EXITS[64], 69: 'nothing could be looked at' },
  examples: [
    'npx fairlead doctor                          # before npx cdk deploy --all, and after it',
    'npx fairlead doctor staging --installation fairlead -o json',
  ],
} as const satisfies Form;

const EXIT_WRONG = 1;

export const doctor: Command = {
  name: 'doctor',
  summary: 'what is wrong with an installation, and how to mend it',
  form: FORM,
  async run(argv) {
    const { values, positionals: targets } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: FORM.options,
    });
    const { config, installation, kubeconfig, context, data } = values;
    const form = oneOf(OUTPUTS, values.output, '-o');
    if (context !== undefined && kubeconfig === undefined)
      throw new UsageError('--context is of a kubeconfig: give --kubeconfig, too');
    if (values.policy) {
      const found = await configurationOf({ config, installation });
      if (found === undefined) throw new UsageError(`there is no ${DEFAULT_CONFIG} here: give --config FILE`);
      console.log(JSON.stringify(doctorPolicy(found.config), null, 2));
      return 0;
    }
    const version = await versionHere();
    const examined = await patientOf({ config, installation, kubeconfig, context, data, targets }, version);
    const found = await examine(examined.checks);
    console.log(
      form === 'json' ? formatFoundJson(found, examined.installation) : formatFound(found, examined.title),
    );
    return isWell(found) ? 0 : EXIT_WRONG;
  },
};

/** Of the package that this is a part of: beside the commands in a checkout, and in what npm installs. */
async function versionHere(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
