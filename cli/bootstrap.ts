import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBootstrap } from '../lib/bootstrap/bootstrap.ts';
import { ConfigError } from '../lib/config/config.ts';
import { readConfiguration } from '../local/configuration.ts';
import { type Command, readArguments, UsageError } from './command.ts';

const DEFAULT_CONFIG = 'fairlead.config.ts';

const USAGE = `npx fairlead bootstrap TARGET [OPTIONS]

Prints what the cluster of a target needs once, as YAML with comments: namespaces, accounts and their rights,
the objects of Flux or Argo CD, and read-only rights for the drift check. Reaches no cluster and no cloud.

  TARGET           a target of the configuration
  --config FILE    default: ${DEFAULT_CONFIG}
  --read-secrets   let the check read Secrets, too: it keeps keyed hashes of their values
  --into FOLDER    write FOLDER/fairlead-TARGET.yaml instead, such as into a working tree that Flux applies
  -o yaml          the only form

  npx fairlead bootstrap staging | kubectl apply -f -`;

/** What a cluster needs once a target: printed, or written into a folder. */
export const bootstrap: Command = {
  name: 'bootstrap',
  summary: 'print what the cluster of a target needs once',
  usage: USAGE,
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
    const text = formatBootstrap({
      target,
      repository,
      secrets: asked.readSecrets ? 'read-secrets' : 'no-secrets',
    });
    if (asked.into === undefined) process.stdout.write(text);
    else {
      const file = join(asked.into, `fairlead-${target.name}.yaml`);
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
  if (values.output !== 'yaml') throw new UsageError(`-o is yaml, not "${values.output}"`);
  return { name, config: values.config, into: values.into, readSecrets: values['read-secrets'] };
}

function parsed(argv: readonly string[]) {
  return readArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string', default: DEFAULT_CONFIG },
      'read-secrets': { type: 'boolean', default: false },
      into: { type: 'string' },
      output: { type: 'string', short: 'o', default: 'yaml' },
    },
  });
}
