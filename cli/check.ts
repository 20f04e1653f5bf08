import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { renderRelease } from '../lib/charts/render/render.ts';
import { checkTarget, unknownTarget } from '../lib/checks/check.ts';
import { noMemory } from '../lib/checks/memory.ts';
import type { Observation } from '../lib/checks/observation.ts';
import { type Cluster, connect } from '../lib/cluster/cluster.ts';
import { openapiCache } from '../lib/cluster/openapi.ts';
import { capabilitiesOf, type Profile } from '../lib/cluster/profile.ts';
import { ConfigError, type Deployer, parseConfig, type Target } from '../lib/config/config.ts';
import { placeOf, withScheme } from '../lib/config/repository-url.ts';
import { folderStore } from '../lib/content/folder-store.ts';
import { sealingKey } from '../lib/content/sealing-key.ts';
import { readDesired } from '../lib/desired/desired.ts';
import type { DesiredState } from '../lib/desired/state.ts';
import { openClone } from '../lib/repository/clone.ts';
import { givenToken, ownSsh } from '../lib/repository/credentials.ts';
import { cacheFolder, tools } from '../local/tools.ts';
import { formatObservation, formatObservationJson } from './check-output.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';

const USAGE = `npx fairlead check [TARGET] --repo PATH|URL [--kubeconfig FILE] [OPTIONS]

Compares a cluster with what a branch of its repository declares. Only reads; installs nothing.

  TARGET             the target's name; its files lie below fairlead/TARGET in the repository
  --repo PATH|URL    a Git repository on this machine, over https, or over SSH with your own keys
  --kubeconfig FILE  default: KUBECONFIG, else ~/.kube/config
  --context NAME     default: the kubeconfig's current context
  --branch NAME      default: main
  --root FOLDER      where the target lies in the repository, if not in fairlead/TARGET
  --deployer NAME    flux, argocd or none; default: what the cluster has
  -o text|json       default: text
  --cache FOLDER     where its clone and renders are kept, to be fast the next time

A token for the repository is read from FAIRLEAD_GIT_TOKEN (user name: FAIRLEAD_GIT_USERNAME).
Exit: 0 in sync, 1 drift, 2 could not judge all of it.`;

const EXIT = { 'in-sync': 0, drift: 1, unknown: 2 } as const;
const DEPLOYERS = ['flux', 'argocd', 'none'] as const;
const FORMS = ['text', 'json'] as const;

export const check: Command = {
  name: 'check',
  summary: 'compare a cluster with its repository, from here',
  usage: USAGE,
  async run(argv) {
    const asked = parse(argv);
    const folder = join(asked.cache, digestOf(asked.repo, asked.branch));
    const cache = folderStore(join(folder, 'state'));
    let cluster: Cluster | undefined;
    try {
      const parts = { sealing: await sealingKey(cache), openapi: openapiCache(cache) };
      cluster = await connect(asked.address, parts);
      const observation = await observe(asked, cluster, folder);
      console.log(
        asked.form === 'json'
          ? formatObservationJson(observation)
          : formatObservation(observation, cluster.name),
      );
      return EXIT[outcomeOf(observation)];
    } catch (error) {
      if (error instanceof UsageError || error instanceof ConfigError) throw new UsageError(error.message);
      console.error(`could not judge: ${error instanceof Error ? error.message : String(error)}`);
      return EXIT.unknown;
    } finally {
      await cluster?.close();
    }
  },
};

async function observe(asked: Asked, cluster: Cluster, folder: string): Promise<Observation> {
  const state = folderStore(join(folder, 'state'));
  const seen = await profileOf(cluster, asked.name);
  const target = targetOf(asked, asked.deployer ?? seen.deployer);
  const now = new Date().toISOString();

  const token = process.env.FAIRLEAD_GIT_TOKEN;
  const credential =
    placeOf(asked.repo)?.kind === 'ssh'
      ? ownSsh()
      : token
        ? givenToken(process.env.FAIRLEAD_GIT_USERNAME ?? 'x-access-token', token)
        : undefined;
  const clone = await openClone({
    url: asked.repo,
    branch: asked.branch,
    folder: join(folder, 'clone.git'),
    credential,
  });
  const noBranch = new Error(`${asked.repo} has no branch "${asked.branch}" with a commit`);
  if (seen.failed !== undefined) {
    const tip = await clone.fetchTip();
    if (tip === undefined) throw noBranch;
    const desired: DesiredState = {
      schema: 1,
      target: target.name,
      commit: tip.id,
      committedAt: tip.committedAt,
      releases: [],
    };
    return unknownTarget({ target, desired, sequence: 0, now }, seen.failed);
  }
  const content = folderStore(join(folder, 'content'));
  const unpacked = await tools();
  const scratch = join(folder, 'scratch');
  const reading = await readDesired(target, {
    clone,
    content,
    state,
    capabilities: capabilitiesOf(seen.profile, target),
    render: (request) => renderRelease(request, { content, state, tools: unpacked.folder, scratch }),
  });
  if (reading.kind === 'no-branch') throw noBranch;

  const question = { target, desired: reading.state, sequence: 0, now };
  return (await checkTarget(question, { state, cluster, memory: noMemory })).observation;
}

/** What rendering needs of the cluster, and which deployer it has. */
async function profileOf(
  cluster: Cluster,
  target: string,
): Promise<{ profile: Profile | undefined; deployer: Deployer; failed?: { reason: string; rule?: string } }> {
  const version = await cluster.version();
  if (version.kind !== 'answered') return { profile: undefined, deployer: 'none', failed: version };
  const discovery = await cluster.discover();
  if (discovery.kind !== 'answered') return { profile: undefined, deployer: 'none', failed: discovery };
  const { kinds } = discovery.value;
  const serves = (kind: string, group: string) =>
    kinds.some((served) => served.kind === kind && served.apiVersion.startsWith(`${group}/`));
  const apiVersions = kinds.flatMap(({ apiVersion, kind }) => [apiVersion, `${apiVersion}/${kind}`]);
  return {
    profile: {
      schema: 1,
      target,
      kubernetesVersion: version.value,
      apiVersions: [...new Set(apiVersions)].sort(),
      at: new Date().toISOString(),
    },
    deployer: serves('HelmRelease', 'helm.toolkit.fluxcd.io')
      ? 'flux'
      : serves('Application', 'argoproj.io')
        ? 'argocd'
        : 'none',
  };
}

/** One check knows no rollout: what differs from the tip differs, and the deployer's own words are given with it. */
function targetOf(asked: Asked, deployer: Deployer): Target {
  const config = parseConfig(
    {
      repositories: [{ name: 'repository', url: 'https://repository.invalid' }],
      targets: [
        {
          name: asked.name,
          repository: 'repository',
          branch: asked.branch,
          deployer,
          namespaces: ['default'],
          cluster: asked.address,
          ...(asked.root === undefined ? {} : { root: asked.root }),
        },
      ],
    },
    'the command line',
  );
  const [target] = config.targets;
  if (target === undefined) throw new UsageError('name a target');
  return { ...target, rolloutDeadlineMinutes: 0 };
}

export function outcomeOf({ scopes }: Observation): keyof typeof EXIT {
  const kinds = scopes.map(({ state }) => state.kind);
  if (kinds.includes('unknown')) return 'unknown';
  if (kinds.includes('drift') || kinds.includes('rollout')) return 'drift';
  // A target or folder that is mistyped declares nothing: no CI job may take that for in sync.
  return scopes.some(({ scope }) => scope.kind !== 'target') ? 'in-sync' : 'unknown';
}

interface Asked {
  readonly name: string;
  readonly repo: string;
  readonly branch: string;
  readonly root?: string;
  readonly deployer?: Deployer;
  readonly address: { readonly kind: 'kubeconfig'; readonly path: string; readonly context?: string };
  readonly form: (typeof FORMS)[number];
  readonly cache: string;
}

function parse(argv: readonly string[]): Asked {
  const { values, positionals } = parsed(argv);
  if (values.repo === undefined) throw new UsageError('missing: --repo');
  if (positionals.length > 1) throw new UsageError(`one target at a time, not ${positionals.join(', ')}`);
  const name = positionals[0] ?? values.root?.split('/').at(-1);
  if (name === undefined) throw new UsageError('name a target, or its folder in the repository with --root');
  const kubeconfig = values.kubeconfig ?? process.env.KUBECONFIG?.split(delimiter)[0];
  return {
    name,
    repo: repositoryOf(values.repo),
    branch: values.branch,
    ...(values.root === undefined ? {} : { root: values.root }),
    ...(values.deployer === undefined ? {} : { deployer: oneOf(DEPLOYERS, values.deployer, '--deployer') }),
    address: {
      kind: 'kubeconfig',
      path: resolve(kubeconfig || join(homedir(), '.kube', 'config')),
      ...(values.context === undefined ? {} : { context: values.context }),
    },
    form: oneOf(FORMS, values.output, '-o'),
    cache: resolve(values.cache ?? join(cacheFolder(), 'check')),
  };
}

function repositoryOf(given: string): string {
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

function parsed(argv: readonly string[]) {
  return readArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      repo: { type: 'string' },
      kubeconfig: { type: 'string' },
      context: { type: 'string' },
      branch: { type: 'string', default: 'main' },
      root: { type: 'string' },
      deployer: { type: 'string' },
      cache: { type: 'string' },
      output: { type: 'string', short: 'o', default: 'text' },
    },
  });
}

const digestOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
