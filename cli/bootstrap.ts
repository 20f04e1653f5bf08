import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatAccessTemplate, type SharedCluster } from '../lib/bootstrap/access-template.ts';
import { formatBootstrap } from '../lib/bootstrap/bootstrap.ts';
import { accessNotes } from '../lib/bootstrap/cluster-access.ts';
import { clusterKey, type EksCluster } from '../lib/config/clusters.ts';
import { type Config, ConfigError, type Target } from '../lib/config/config.ts';
import { readConfiguration } from '../local/configuration.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { type Form, USUAL_EXITS } from './form.ts';

const DEFAULT_CONFIG = 'fairlead.config.ts';

const OUTPUTS = ['yaml', 'cloudformation'] as const;

const FORM = {
  typed: ['bootstrap TARGET [OPTIONS]'],
  purpose: [
    'Prints what the cluster of a target needs once, as YAML with comments: namespaces, accounts and their rights, the objects of Flux or Argo CD, and read-only rights for the drift check. Reaches no cluster and no cloud.',
  ],
  arguments: [{ name: 'TARGET', means: 'a target of the configuration', completes: 'target' }],
  options: {
    config: {
      type: 'string',
      value: 'FILE',
      default: DEFAULT_CONFIG,
      means: `default: ${DEFAULT_CONFIG}`,
      completes: 'file',
    },
    'read-secrets': {
      type: 'boolean',
      default: false,
      means: 'let the check read Secrets, too: it keeps keyed hashes of their values',
    },
    into: {
      type: 'string',
      value: 'FOLDER',
      means: 'write FOLDER/fairlead-TARGET.yaml instead, such as into a working tree that Flux applies',
      completes: 'folder',
    },
    output: {
      type: 'string',
      short: 'o',
      value: 'yaml|cloudformation',
      default: 'yaml',
      means:
        "default: yaml, for kubectl. cloudformation: a template for the account and region of a cluster that is not the installation's: its access entry, and the role that the check assumes in another account",
      completes: OUTPUTS,
    },
  },
  exits: { 0: 'it was printed, or written', 64: USUAL_EXITS[64] },
  examples: [
    'npx fairlead bootstrap staging | kubectl apply -f -',
    'npx fairlead bootstrap abroad -o cloudformation > access.yaml',
  ],
} as const satisfies Form;

/** What a cluster needs once a target: printed, or written into a folder. */
export const bootstrap: Command = {
  name: 'bootstrap',
  summary: 'print what the cluster of a target needs once',
  form: FORM,
  async run(argv) {
    const asked = parse(argv);
    const config = await configuration(asked.config);
    const target = config.targets.find(({ name }) => name === asked.name);
    if (target === undefined) {
      const known = config.targets.map(({ name }) => name).join(', ');
      throw new UsageError(`${asked.config} has no target "${asked.name}"; it has ${known}`);
    }
    const repository = config.repositories.find(({ name }) => name === target.repository);
    if (repository === undefined) throw new UsageError(`there is no repository "${target.repository}"`);
    const text =
      asked.form === 'cloudformation'
        ? accessTemplate(config, target)
        : formatBootstrap({
            target,
            repository,
            secrets: asked.readSecrets ? 'read-secrets' : 'no-secrets',
            access: accessNotes(target, config.installation, sharing(config, target)),
          });
    if (asked.into === undefined) process.stdout.write(text);
    else {
      const kind = asked.form === 'cloudformation' ? '-access' : '';
      const file = join(asked.into, `fairlead-${target.name}${kind}.yaml`);
      await writeFile(file, text).catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(
          error.code === 'ENOENT'
            ? `there is no folder ${asked.into}`
            : `${file} cannot be written: ${error.message}`,
        );
      });
      console.log(file);
    }
    return 0;
  },
};

/** @throws UsageError */
function accessTemplate(config: Config, target: Target): string {
  const { cluster } = target;
  if (cluster?.kind !== 'eks')
    throw new UsageError(`target ${target.name} names no EKS cluster: there is no access entry to make`);
  if (cluster.vpc !== undefined)
    throw new UsageError(
      `the cluster of target ${target.name} is in the account and region of the installation: "cdk deploy" makes its access entry`,
    );
  return formatAccessTemplate({
    installation: config.installation,
    target: target.name,
    clusters: [{ cluster, targets: sharing(config, target) }, ...others(config, cluster)],
  });
}

/** Clusters that are reached by the same role. */
function others(config: Config, { role, ...own }: EksCluster): readonly SharedCluster[] {
  if (role === undefined) return [];
  const found = config.targets.flatMap((target) => {
    const { cluster } = target;
    if (cluster?.kind !== 'eks' || cluster.role !== role) return [];
    const key = clusterKey(cluster);
    return key === clusterKey({ ...own, role })
      ? []
      : [[key, { cluster, targets: sharing(config, target) }] as const];
  });
  return [...new Map(found).values()];
}

/** The target, and all others of the same cluster. */
function sharing({ targets }: Config, target: Target): readonly Target[] {
  const { cluster } = target;
  if (cluster?.kind !== 'eks') return [target];
  const key = clusterKey(cluster);
  return targets.filter((one) => one.cluster?.kind === 'eks' && clusterKey(one.cluster) === key);
}

async function configuration(file: string) {
  try {
    return await readConfiguration(file);
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}

function parse(argv: readonly string[]) {
  const { values, positionals } = parsed(argv);
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError('name a target');
  if (more.length > 0) throw new UsageError(`one target at a time, not ${positionals.join(', ')}`);
  const form = oneOf(OUTPUTS, values.output, '-o');
  return { name, config: values.config, into: values.into, readSecrets: values['read-secrets'], form };
}

function parsed(argv: readonly string[]) {
  return readArguments({
    args: [...argv],
    allowPositionals: true,
    options: FORM.options,
  });
}
