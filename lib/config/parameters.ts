import type { Parameters } from '../aws/parameters.ts';
import { type Config, parseConfig } from './config.ts';

/**
 * How the configuration travels to the functions: `<path>/installation` (all but repositories, targets, and audiences,
 * whose addresses are secrets where a pager's is: subscriptions have them, no function needs them),
 * `<path>/repositories/<name>` and `<path>/targets/<name>`, each a JSON text, since an SSM parameter holds 4 KB.
 */
export function toParameters(config: Config): ReadonlyMap<string, string> {
  const { repositories, targets, audiences: _, ...installation } = config;
  return new Map([
    ['installation', JSON.stringify(installation)],
    ...repositories.map((entry) => [`repositories/${entry.name}`, JSON.stringify(entry)] as const),
    ...targets.map((entry) => [`targets/${entry.name}`, JSON.stringify(entry)] as const),
  ]);
}

/** @throws ConfigError if what was deployed is not a configuration */
export function fromParameters(found: ReadonlyMap<string, string>, path: string): Config {
  const below = (prefix: string) =>
    [...found].filter(([name]) => name.startsWith(prefix)).map(([, value]) => JSON.parse(value));
  return parseConfig(
    {
      ...JSON.parse(found.get('installation') ?? '{}'),
      repositories: below('repositories/'),
      targets: below('targets/'),
    },
    `the parameters below ${path}`,
  );
}

/** Reads once; a warm function keeps it (a changed configuration changes the function's environment). */
export function configReader(parameters: Parameters, path: string): () => Promise<Config> {
  let reading: Promise<Config> | undefined;
  return () => {
    reading ??= parameters.below(path).then((found) => fromParameters(found, path));
    reading.catch(() => {
      reading = undefined;
    });
    return reading;
  };
}
