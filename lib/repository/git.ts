import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { simpleGit } from 'simple-git';
import {
  CredentialUnusable,
  type GitCredential,
  nothingToClose,
  type Pass,
} from './credentials/credential.ts';
import { denialOf } from './denials.ts';
import { GitFailed, NoAccess } from './git-failed.ts';
import { saysOf } from './refusals.ts';
import { unreachedOf } from './unreached.ts';

export type { GitCredential } from './credentials/credential.ts';
export { GitFailed, NoAccess } from './git-failed.ts';

/** How long git may be silent before it is killed. A server that hangs must not hold a function to its end. */
const SILENCE_MILLISECONDS = 60_000;
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
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
];

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
const NO_PASS: Pass = { secrets: [], close: nothingToClose };
/** Where no credential says how: nobody's keys, and no host is trusted. */
const NO_SSH =
  'ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -o IdentityAgent=none';

/** Runs git on the bare repository in `folder` and gives what it printed. @throws GitFailed */
export async function git(folder: string, argv: readonly string[], call: GitCall = {}): Promise<string> {
  return (await gitBytes(folder, argv, call)).toString('utf8');
}

/**
 * The same for commands that print contents.
 * @throws NoAccess where the server does not let this credential in, also when it was read anew
 * @throws GitFailed
 */
export async function gitBytes(folder: string, argv: readonly string[], call: GitCall = {}): Promise<Buffer> {
  const { credential } = call;
  if (credential === undefined) return run(folder, argv, call, NO_PASS);
  try {
    const first = await attempt(folder, argv, call, credential);
    if (first instanceof Uint8Array) return first;
    // Rotated since it was read: once more, at once. With the same one a host would count failed log-ins.
    const changed = first.denial !== 'host-key' && (await credential.renew()) === 'changed';
    const last = changed ? await attempt(folder, argv, call, credential) : first;
    if (last instanceof Uint8Array) return last;
    throw new NoAccess(nameOf(argv), `${credential.advice(last.denial)} (it said: ${last.said})`);
  } catch (error) {
    if (error instanceof CredentialUnusable) throw new NoAccess(nameOf(argv), error.message);
    throw error;
  }
}

/** What git printed, or why the server denied it. @throws GitFailed for anything else */
async function attempt(folder: string, argv: readonly string[], call: GitCall, credential: GitCredential) {
  const pass = await credential.pass();
  try {
    return await run(folder, argv, call, pass);
  } catch (error) {
    const unreached = error instanceof GitFailed ? unreachedOf(error.output) : undefined;
    if (unreached !== undefined)
      throw new NoAccess(nameOf(argv), `${unreached} (git said: ${saysOf((error as GitFailed).output)})`);
    const denial = error instanceof GitFailed ? denialOf(error.output) : undefined;
    if (denial === undefined) throw error;
    return { denial, said: saysOf((error as GitFailed).output) };
  } finally {
    await pass.close();
  }
}

async function run(
  folder: string,
  argv: readonly string[],
  { input, promised = false }: GitCall,
  pass: Pass,
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
    unsafe: { allowUnsafeConfigPaths: true, allowUnsafeSshCommand: true },
    ...(input === undefined ? {} : { input: () => input }),
    errors: (error, { exitCode, stdOut, stdErr }) => {
      Object.assign(output, { stdout: stdOut, stderr: stdErr, exitCode });
      return error;
    },
  }).env(environmentOf(folder, pass));
  const header = pass.header === undefined ? [] : [`--config-env=http.extraHeader=${HEADER_VARIABLE}`];
  try {
    await runner.raw([...(pass.config ?? []), ...header, ...(promised ? PROMISED : []), ...argv]);
  } catch (error) {
    // simple-git's errors carry the whole call: what is thrown from here carries what git printed, and no more.
    const printed = Buffer.concat([...output.stderr, ...output.stdout]).toString('utf8');
    const said = printed === '' ? String((error as Error).message ?? error) : printed;
    throw new GitFailed(nameOf(argv), output.exitCode, without(said, pass));
  }
  if (output.exitCode !== 0) throw new GitFailed(nameOf(argv), output.exitCode, 'it printed nothing');
  return Buffer.concat(output.stdout);
}

/** The command's name, past its `-c name=value`. */
const nameOf = (argv: readonly string[]): string =>
  argv.find((argument, at) => !argument.startsWith('-') && argv[at - 1] !== '-c') ?? '';

function environmentOf(folder: string, { header, ssh }: Pass): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: tmpdir(),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_DIR: folder,
    GIT_CEILING_DIRECTORIES: dirname(folder),
    ...(header === undefined ? {} : { [HEADER_VARIABLE]: header }),
    GIT_SSH_COMMAND: ssh ?? NO_SSH,
    GIT_SSH_VARIANT: 'ssh',
  };
}

/** A server may print back what it was sent. */
const without = (text: string, { secrets }: Pass): string =>
  secrets.filter(Boolean).reduce((said, secret) => said.replaceAll(secret, '***'), text);
