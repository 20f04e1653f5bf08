import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { KUBERNETES } from '../local/control-plane/binaries.ts';
import { findArgocdProject, findDeployers } from '../local/control-plane/deployers.ts';
import { cacheFolder } from '../local/tools.ts';
import { mayMount } from './lambda/may-mount.ts';

/**
 * What some tests need and a machine may lack. A test says so and is skipped by name, with the way to get it:
 *
 *   test('applies the chart to a cluster', requirement('control-plane'), async () => { … });
 *
 * Where `FAIRLEAD_REQUIRE` names it (CI: `FAIRLEAD_REQUIRE=control-plane,browser,sshd,gpg,aws`) its absence is a failure.
 */
export type Requirement =
  | 'aws'
  | 'control-plane'
  | 'nodes'
  | 'older-server'
  | 'deployers'
  | 'argocd'
  | 'browser'
  | 'sshd'
  | 'gpg'
  | 'shared'
  | 'moto'
  | 'cfn-lint'
  | 'hadolint'
  | 'mount-namespace'
  | 'event-ruler';

export class MissingRequirement extends Error {
  override readonly name = 'MissingRequirement';
}

/**
 * Options for `test` or `describe`: `skip` is false, or the reason with the way to get it.
 * @throws MissingRequirement instead of skipping, where `FAIRLEAD_REQUIRE` names it
 */
export function requirement(wanted: Requirement): { skip: string | false } {
  if (isPresent[wanted]()) return { skip: false };
  const reason = `needs ${wanted}: ${howToGet[wanted]}`;
  if ((process.env.FAIRLEAD_REQUIRE ?? '').split(',').includes(wanted)) throw new MissingRequirement(reason);
  return { skip: reason };
}

/** Chromium's executable, or undefined. `FAIRLEAD_CHROMIUM` goes before the distribution's. */
export const browser = (): string | undefined =>
  process.env.FAIRLEAD_CHROMIUM ?? onPath('chromium', 'chromium-browser', 'google-chrome');

/** OpenSSH's server, or undefined. It stands where only root's PATH leads. */
export const sshd = (): string | undefined =>
  onPath('sshd') ?? ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((file) => existsSync(file));

/** A program of test/python/requirements.txt: from the folder that is made for them, else from the PATH. */
export function pythonProgram(name: string): string | undefined {
  const own = join(cacheFolder(), 'python', 'bin', name);
  return existsSync(own) ? own : onPath(name);
}

/** The folder with the jars of AWS's matcher of event patterns, if they are those that the list of digests names. */
export function eventRuler(): string | undefined {
  const folder = join(cacheFolder(), 'event-ruler');
  const list = readFileSync(join(import.meta.dirname, 'infra', 'event-ruler', 'jars.sha256'), 'utf8');
  const whole = list
    .trim()
    .split('\n')
    .every((line) => {
      const [digest, name = ''] = line.split(/\s+/);
      const file = join(folder, name);
      return existsSync(file) && createHash('sha256').update(readFileSync(file)).digest('hex') === digest;
    });
  return whole ? folder : undefined;
}

/** Charts of the world to try ours on: `FAIRLEAD_SHARED`, else the folder `shared` beside the repository. */
export const sharedFolder = (): string =>
  process.env.FAIRLEAD_SHARED ?? join(import.meta.dirname, '..', '..', 'shared');

const PYTHON =
  'run "python3 -m venv ~/.cache/fairlead/python && ~/.cache/fairlead/python/bin/pip install -r test/python/requirements.txt"';

const isPresent: Readonly<Record<Requirement, () => boolean>> = {
  aws: () => onPath('aws') !== undefined,
  'control-plane': () => {
    const assets = process.env.KUBEBUILDER_ASSETS;
    if (assets) return holdsControlPlane(assets);
    const cached = join(cacheFolder(), 'control-plane');
    return (
      existsSync(cached) && readdirSync(cached).some((version) => holdsControlPlane(join(cached, version)))
    );
  },
  nodes: () => holds(builtFolder(KUBERNETES[0]), 'kube-controller-manager', 'kube-scheduler', 'kwok'),
  'older-server': () => holdsControlPlane(builtFolder(KUBERNETES[1])),
  deployers: () => findDeployers(cacheFolder()) !== undefined,
  argocd: () => findArgocdProject(cacheFolder()) !== undefined,
  browser: () => browser() !== undefined,
  // As root it wants the folder that its service is given when it starts.
  sshd: () => sshd() !== undefined && (process.getuid?.() !== 0 || existsSync('/run/sshd')),
  gpg: () => onPath('gpg') !== undefined && onPath('ssh-keygen') !== undefined,
  shared: () => existsSync(join(sharedFolder(), 'corpus')),
  moto: () => pythonProgram('moto_server') !== undefined,
  'cfn-lint': () => pythonProgram('cfn-lint') !== undefined,
  hadolint: () => pythonProgram('hadolint') !== undefined,
  'mount-namespace': () => mayMount() !== undefined,
  'event-ruler': () => onPath('javac') !== undefined && eventRuler() !== undefined,
};

const howToGet: Readonly<Record<Requirement, string>> = {
  aws: 'install the AWS CLI ("pip install awscli", or https://docs.aws.amazon.com/cli) so that aws is on the PATH',
  'control-plane':
    'run "npx node local/control-plane/fetch.ts" (about 4 minutes, once), or set KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd',
  nodes:
    'run "npx node local/control-plane/fetch.ts --all" (about 2 minutes more, once; needs Go 1.25 or newer)',
  'older-server':
    'run "npx node local/control-plane/fetch.ts --older" (about 5 minutes, once; needs Go 1.25 or newer)',
  deployers:
    'run "npx node local/control-plane/fetch.ts --deployers" (about 5 minutes, once; needs Go 1.25 or newer)',
  argocd:
    'run "npx node local/control-plane/fetch.ts --argocd" (about 6 minutes, once; needs Go 1.25 or newer)',
  browser: 'install Chromium ("apt-get install chromium"), or set FAIRLEAD_CHROMIUM to its executable',
  sshd: 'install OpenSSH\'s server ("apt-get install openssh-server && mkdir -p /run/sshd")',
  gpg: 'install GnuPG and OpenSSH\'s client ("apt-get install gnupg openssh-client")',
  shared: 'set FAIRLEAD_SHARED to a folder that holds "corpus" (charts) and "cases" (drift cases)',
  moto: PYTHON,
  'cfn-lint': PYTHON,
  hadolint: PYTHON,
  'event-ruler':
    'with a JDK and Maven, run "mvn -q -f test/infra/event-ruler/pom.xml dependency:copy-dependencies -DoutputDirectory=$HOME/.cache/fairlead/event-ruler"',
  'mount-namespace':
    'run on Linux as root, or as who may use sudo without a password: unshare(1) makes a file system of its own',
};

const holds = (folder: string, ...programs: readonly string[]): boolean =>
  programs.every((program) => existsSync(join(folder, program)));
const holdsControlPlane = (folder: string): boolean => holds(folder, 'kube-apiserver', 'etcd');
const builtFolder = (version: string): string => join(cacheFolder(), 'control-plane', version);

const onPath = (...names: readonly string[]): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
