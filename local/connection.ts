import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** Where a running local installation is, for the CLI, the demo and tests: written at its start, gone with its end. */
const connection = z.object({
  schema: z.literal(1),
  pid: z.number(),
  page: z.string(),
  /** Variables for the AWS CLI, the SDKs and Fairlead's own library. */
  environment: z.record(z.string(), z.string()),
  repositories: z.record(z.string(), z.string()),
  /** Of git, for pushes: any user name with this password. */
  gitToken: z.string(),
  kubeconfig: z.string(),
  context: z.string().optional(),
});
export type Connection = z.output<typeof connection>;

const FILE = 'connection.json';
export const DATA_FOLDER = '.local';

/** The installation that runs on this data folder, if one does. */
export async function findConnection(dataFolder: string): Promise<Connection | undefined> {
  const text = await readFile(join(dataFolder, FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const found = connection.safeParse(JSON.parse(text));
  return found.success && isAlive(found.data.pid) ? found.data : undefined;
}

/** Writes it, and beside it the same for a shell (`env`) and for git (`git-credentials`): readable by this user alone. */
export async function writeConnection(dataFolder: string, made: Connection): Promise<void> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const shell = [
    '# For the AWS CLI and kubectl:  . .local/env',
    'unset AWS_PROFILE AWS_SESSION_TOKEN',
    ...Object.entries(made.environment)
      .filter(([name]) => name.startsWith('AWS_'))
      .map(([name, value]) => `export ${name}=${quote(value)}`),
    `export AWS_DEFAULT_REGION=${quote(made.environment.AWS_REGION ?? '')}`,
    `export KUBECONFIG=${quote(made.kubeconfig)}`,
  ];
  const credentials = Object.values(made.repositories).map((text) => {
    const { host } = new URL(text);
    return `http://local:${made.gitToken}@${host.replace(':', '%3a')}`;
  });
  for (const [name, text] of [
    [FILE, JSON.stringify(made, null, 2)],
    ['env', shell.join('\n')],
    ['git-credentials', [...new Set(credentials)].join('\n')],
  ] as const) {
    const file = join(dataFolder, name);
    await writeFile(file, `${text}\n`, { mode: 0o600 });
    await chmod(file, 0o600);
  }
}

export async function removeConnection(dataFolder: string): Promise<void> {
  for (const name of [FILE, 'env', 'git-credentials']) await rm(join(dataFolder, name), { force: true });
}

/** POSIX quoting: the text and nothing else. */
export const quote = (text: string): string =>
  /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There, but another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
