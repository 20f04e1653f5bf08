import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Config, ConfigError, type ConfigInput, parseConfig } from '../lib/config/config.ts';
import { isHeardHere } from './webhooks.ts';

/** What `npm start` runs without `--config`. */
const DEFAULT: ConfigInput = {
  installation: 'local',
  repositories: [{ name: 'cluster', url: 'http://127.0.0.1/cluster.git' }],
  targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
};

/** Names of the secrets that the local Secrets Manager has. */
export const WRITE_SECRET = 'fairlead/git-write';

/**
 * The configuration that was given, or the default, by the same schema as `cdk deploy`.
 * @throws ConfigError with every problem
 */
export async function readConfiguration(file: string | undefined): Promise<Config> {
  if (file === undefined) return parseConfig(DEFAULT);
  const path = resolve(file);
  let input: unknown;
  try {
    input = path.endsWith('.json')
      ? JSON.parse(await readFile(path, 'utf8'))
      : ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new ConfigError([reasonOf(error)], file);
  }
  return parseConfig(input, file);
}

function reasonOf(error: unknown): string {
  if ((error as NodeJS.ErrnoException | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return `a configuration in TypeScript needs Node 24, and this is ${process.version}: use that, or a .json file`;
  return error instanceof Error ? error.message : String(error);
}

/**
 * The same targets on this machine: their repositories are the local Git server's, their cluster the local control
 * plane or the one of `--kubeconfig`, and waiting is shortened to what a person at a terminal has patience for.
 * Nothing that the configuration names elsewhere is touched.
 */
export function onThisMachine(
  config: Config,
  urlOf: (repository: string) => string,
  cluster: { readonly kubeconfig: string; readonly context?: string },
  checkSeconds: number,
): Config {
  return parseConfig({
    ...config,
    // Commands of its alerts find it by themselves, and never one of the same name in an account.
    installation: DEFAULT.installation,
    production: false,
    audiences: config.audiences.filter(isHeardHere),
    repositories: config.repositories.map(({ name }) => ({
      name,
      url: urlOf(name),
      credential: { kind: 'token', secret: WRITE_SECRET, username: 'fairlead' },
    })),
    targets: config.targets.map((target) => ({
      ...target,
      cluster: {
        kind: 'kubeconfig',
        path: cluster.kubeconfig,
        ...(cluster.context === undefined ? {} : { context: cluster.context }),
      },
      checkEveryMinutes: checkSeconds / 60,
      rolloutDeadlineMinutes: 3,
      judgeAgainSeconds: 2,
    })),
  });
}
