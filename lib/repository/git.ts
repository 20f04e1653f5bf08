import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { simpleGit } from 'simple-git';

export interface GitCredential {
  readonly username: string;
  readonly token: string;
}

/** How long git may be silent before it is killed. A server that hangs must not hold a function to its end. */
const SILENCE_MILLISECONDS = 60_000;
/** Of what git prints, for an error. */
const ERROR_LENGTH = 2000;
/** The variable that carries the credential from us to git: not in argv, not in the URL, not in an error. */
const HEADER_VARIABLE = 'FAIRLEAD_GIT_HEADER';

/**
 * Everything that git may take from outside is named here: no configuration of the machine or the user, no prompt,
 * no walk up to another repository, English messages (push refusals are read).
 */
const ALLOWED_VARIABLES = [
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_TERMINAL_PROMPT',
  'GIT_DIR',
  'GIT_CEILING_DIRECTORIES',
];

export class GitFailed extends Error {
  override readonly name = 'GitFailed';
  readonly command: string;
  readonly exitCode: number;
  /** What git printed, without the credential. */
  readonly output: string;
  constructor(command: string, exitCode: number, output: string) {
    super(`git ${command} failed (${exitCode}): ${output.trim().slice(0, ERROR_LENGTH)}`);
    this.command = command;
    this.exitCode = exitCode;
    this.output = output;
  }
}

export interface GitCall {
  readonly input?: Buffer | string;
  /** Only commands that talk to the server get it. */
  readonly credential?: GitCredential | undefined;
  /**
   * Whether what is missing in the clone is promised by the server. The clone's configuration does not say so, so
   * that no command ever fetches files one by one behind our back; the fetches that we mean say it themselves.
   */
  readonly promised?: boolean;
}

const PROMISED = ['-c', 'remote.origin.promisor=true', '-c', 'remote.origin.partialclonefilter=blob:none'];

/** Runs git on the bare repository in `folder` and gives what it printed. @throws GitFailed */
export async function git(folder: string, argv: readonly string[], call: GitCall = {}): Promise<string> {
  return (await gitBytes(folder, argv, call)).toString('utf8');
}

/** The same for commands that print contents. @throws GitFailed */
export async function gitBytes(
  folder: string,
  argv: readonly string[],
  { input, credential, promised = false }: GitCall = {},
): Promise<Buffer> {
  const output: { stdout: Buffer[]; stderr: Buffer[]; exitCode: number } = {
    stdout: [],
    stderr: [],
    exitCode: -1,
  };
  const runner = simpleGit({
    baseDir: folder,
    timeout: { block: SILENCE_MILLISECONDS },
    completion: { onExit: false },
    allowEnvironment: ALLOWED_VARIABLES,
    unsafe: { allowUnsafeConfigPaths: true },
    ...(input === undefined ? {} : { input: () => input }),
    errors: (error, { exitCode, stdOut, stdErr }) => {
      Object.assign(output, { stdout: stdOut, stderr: stdErr, exitCode });
      return error;
    },
  }).env(environmentOf(folder, credential));
  const header = credential === undefined ? [] : [`--config-env=http.extraHeader=${HEADER_VARIABLE}`];
  try {
    await runner.raw([...header, ...(promised ? PROMISED : []), ...argv]);
  } catch (error) {
    // simple-git's errors carry the whole call: what is thrown from here carries what git printed, and no more.
    const printed = Buffer.concat([...output.stderr, ...output.stdout]).toString('utf8');
    const said = printed === '' ? String((error as Error).message ?? error) : printed;
    throw new GitFailed(nameOf(argv), output.exitCode, without(said, credential));
  }
  if (output.exitCode !== 0) throw new GitFailed(nameOf(argv), output.exitCode, 'it printed nothing');
  return Buffer.concat(output.stdout);
}

/** The command's name, past its `-c name=value`. */
const nameOf = (argv: readonly string[]): string =>
  argv.find((argument, at) => !argument.startsWith('-') && argv[at - 1] !== '-c') ?? '';

function environmentOf(folder: string, credential: GitCredential | undefined): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: tmpdir(),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_DIR: folder,
    GIT_CEILING_DIRECTORIES: dirname(folder),
    ...(credential === undefined ? {} : { [HEADER_VARIABLE]: `Authorization: Basic ${basicOf(credential)}` }),
  };
}

const basicOf = ({ username, token }: GitCredential): string =>
  Buffer.from(`${username}:${token}`).toString('base64');

/** A server may print back what it was sent. */
function without(text: string, credential: GitCredential | undefined): string {
  if (credential === undefined) return text;
  return text.replaceAll(basicOf(credential), '***').replaceAll(credential.token, '***');
}
