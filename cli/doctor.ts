import { readFile } from 'node:fs/promises';
import { examine, isWell } from '../lib/doctor/examine.ts';
import { doctorPolicy } from '../lib/doctor/policy.ts';
import { DATA_FOLDER } from '../local/connection.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { formatFound, formatFoundJson } from './doctor-output.ts';
import { configurationOf, DEFAULT_CONFIG, patientOf } from './doctor-patient.ts';

const USAGE = `npx fairlead doctor [TARGET…] [OPTIONS]

Looks an installation over, before and after its deploy: what is wrong, where, and the command that mends it. Changes
nothing, in AWS, Git or the cluster: pushes are tried with --dry-run, and the one thing that is created in a cluster is a
SelfSubjectAccessReview, which no cluster keeps. What could not be looked at says why.

  TARGET               targets of the configuration; default: all
  --config FILE        the configuration (default ${DEFAULT_CONFIG})
  --installation NAME  one in AWS, by its name; without its configuration, what is deployed is read
  --kubeconfig FILE    the way into the cluster (default: EKS, with the credentials of the environment)
  --context NAME       of that kubeconfig
  --data FOLDER        data folder of the local installation (default ${DATA_FOLDER}, or FAIRLEAD_DATA)
  --policy             print the IAM policy that all looks need, and look at nothing
  -o text|json         default: text

Without --config and --installation it is about the local installation, where one runs here.
Exit: 0 nothing is wrong, 1 something is; 64 what was typed makes no command, 69 nothing could be looked at.

  npx fairlead doctor                          # before npx cdk deploy --all, and after it
  npx fairlead doctor staging --installation fairlead -o json`;

const EXIT_WRONG = 1;

export const doctor: Command = {
  name: 'doctor',
  summary: 'what is wrong with an installation, and how to mend it',
  usage: USAGE,
  async run(argv) {
    const { values, positionals: targets } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        installation: { type: 'string' },
        kubeconfig: { type: 'string' },
        context: { type: 'string' },
        data: { type: 'string', default: process.env.FAIRLEAD_DATA ?? DATA_FOLDER },
        policy: { type: 'boolean', default: false },
        output: { type: 'string', short: 'o', default: 'text' },
      },
    });
    const { config, installation, kubeconfig, context, data } = values;
    const form = oneOf(['text', 'json'], values.output, '-o');
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
