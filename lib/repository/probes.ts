import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import type { Probe } from '../messages/smoke.ts';

const MILLISECONDS = 10_000;

/** As git and ssh are run here: nothing of our own environment but where programs are. */
async function says(program: string, argument: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(program, [argument], {
    timeout: MILLISECONDS,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin', HOME: tmpdir(), LC_ALL: 'C' },
  });
  return `${stdout}${stderr}`.trim().split('\n')[0] ?? '';
}

/** That the image holds git. */
export const hasGit: Probe = () => says('git', '--version');

/** That the image holds ssh, and a name for the user that Lambda runs it as: ssh asks for that first of all. */
export const hasSsh: Probe = () => says('ssh', '-V');
