import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { chartSource } from '../lib/config/chart-sources.ts';
import type { Deployer } from '../lib/config/config.ts';
import { placeOf, withScheme } from '../lib/config/repository-url.ts';
import { WHOLE_REPOSITORY } from '../lib/config/root.ts';
import { cacheFolder } from '../local/tools.ts';
import { oneOf, UsageError } from './command.ts';
import type { Options } from './form.ts';

/**
 * How a cluster and a repository are named on the command line: shared by all commands that compare them
 * (`check`, `diff`, `baseline`).
 */
export interface Asked {
  /** The target's name; absent where none was given: then the repository must have only one. */
  readonly name?: string;
  /** A folder of this machine (absolute), or an address over https or SSH, without user and password. */
  readonly repo: string;
  readonly branch: string;
  readonly root?: string;
  readonly deployer?: Deployer;
  readonly address: {
    readonly kind: 'kubeconfigs';
    readonly paths: readonly string[];
    readonly context?: string;
  };
  /** Chart repositories and registries at addresses that the internet does not reach. */
  readonly chartSources: readonly string[];
  /** Where clones, renders and schemas are kept between runs. */
  readonly cache: string;
}

const DEPLOYERS = ['flux', 'argocd', 'none'] as const;

/** Options of all of them. */
export const ASKING_OPTIONS = {
  repo: {
    type: 'string',
    value: 'PATH|URL',
    means: 'a Git repository on this machine, over https, or over SSH with your own keys',
    completes: 'folder',
  },
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    means: 'default: those that KUBECONFIG names, else ~/.kube/config',
    completes: 'file',
  },
  context: { type: 'string', value: 'NAME', means: "default: the kubeconfig's current context" },
  branch: { type: 'string', value: 'NAME', default: 'main', means: 'default: main' },
  root: {
    type: 'string',
    value: 'FOLDER',
    means: 'where the target lies in the repository, if not in fairlead/TARGET; . is all of it',
    completes: 'folder',
  },
  deployer: {
    type: 'string',
    value: 'NAME',
    means: 'flux, argocd or none; default: what the cluster has',
    completes: DEPLOYERS,
  },
  'chart-source': {
    type: 'string',
    value: 'URL',
    multiple: true,
    means:
      'where charts may come from in your own network (https://, http:// or oci://); public ones are fetched anyway. May be given several times',
  },
  cache: {
    type: 'string',
    value: 'FOLDER',
    means: 'where its clone and renders are kept, to be fast the next time',
    completes: 'folder',
  },
} as const satisfies Options;

/** What `--help` of each says beside its options. */
export const ASKING_NOTES = [
  'A token for the repository is read from FAIRLEAD_GIT_TOKEN (user name: FAIRLEAD_GIT_USERNAME).',
] as const;

interface Values {
  readonly repo?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly branch: string;
  readonly root?: string | undefined;
  readonly deployer?: string | undefined;
  readonly 'chart-source'?: readonly string[] | undefined;
  readonly cache?: string | undefined;
}

/** @throws UsageError */
export function askedOf(values: Values, name: string | undefined): Asked {
  if (values.repo === undefined)
    throw new UsageError(
      'missing: --repo PATH|URL, the Git repository to compare with (--repo . where this folder is one)',
    );
  const kubeconfigs = values.kubeconfig ? [values.kubeconfig] : fromEnvironment();
  const root = values.root === undefined ? undefined : plainRoot(values.root);
  const named = name ?? (root === undefined ? undefined : nameFor(root, values.repo));
  return {
    ...(named === undefined ? {} : { name: named }),
    repo: repositoryOf(values.repo),
    branch: values.branch,
    ...(root === undefined ? {} : { root }),
    ...(values.deployer === undefined ? {} : { deployer: oneOf(DEPLOYERS, values.deployer, '--deployer') }),
    address: {
      kind: 'kubeconfigs',
      paths: kubeconfigs.map((path) => resolve(path)),
      ...(values.context === undefined ? {} : { context: values.context }),
    },
    chartSources: (values['chart-source'] ?? []).map(sourceOf),
    cache: resolve(values.cache ?? join(cacheFolder(), 'check')),
  };
}

/** As kubectl: each file once, and that of the home folder where none is named. */
function fromEnvironment(): readonly string[] {
  const named = new Set((process.env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== ''));
  return named.size > 0 ? [...named] : [join(homedir(), '.kube', 'config')];
}

function sourceOf(given: string): string {
  const parsed = chartSource.safeParse({ url: given, network: 'private' });
  if (parsed.success) return given;
  throw new UsageError(`--chart-source is ${parsed.error.issues[0]?.message ?? 'no address'}`);
}

/** A folder becomes absolute. @throws UsageError */
export function repositoryOf(given: string): string {
  const text = withScheme(given);
  if (placeOf(text)?.kind === 'ssh') return text;
  if (!/^https?:\/\//.test(text)) {
    if (!/:\/\/|^[^/]+@[^/]+:/.test(text)) return resolve(text);
    throw new UsageError('--repo is a folder on this machine, an https:// or an ssh:// address');
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new UsageError('--repo is no address that can be read');
  if (url.username === '' && url.password === '') return text;
  throw new UsageError('--repo is without user and password: put the token into FAIRLEAD_GIT_TOKEN');
}

/** As people type folders: `./clusters/prod/` is `clusters/prod`; nothing, `.` and `/` are the whole repository. */
const plainRoot = (typed: string): string => typed.replace(/^(\.?\/)+|\/+$/g, '') || WHOLE_REPOSITORY;

/** A target has a name: the folder's own, of a whole repository that of the repository. */
function nameFor(root: string, repository: string): string {
  const from = root === WHOLE_REPOSITORY ? repository.replace(/(\.git)?\/*$/, '') : root;
  const [last = ''] = from.split(/[/:\\]/).slice(-1);
  const plain = last.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return plain.slice(0, NAME_LENGTH).replace(/^-+|-+$/g, '') || 'repository';
}

/** A target's name is no longer. */
const NAME_LENGTH = 54;
