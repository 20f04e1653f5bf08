import { createHash } from 'node:crypto';
import { join, sep } from 'node:path';
import type { ObjectStore } from '../lib/aws/objects.ts';
import { checkTarget, unknownTarget } from '../lib/checks/check.ts';
import { kindsMemory } from '../lib/checks/memory.ts';
import type { Observation } from '../lib/checks/observation.ts';
import { type Cluster, connect } from '../lib/cluster/cluster.ts';
import { openapiCache } from '../lib/cluster/openapi.ts';
import { capabilitiesOf, type Profile } from '../lib/cluster/profile.ts';
import { ConfigError, type Deployer, parseConfig, type Target } from '../lib/config/config.ts';
import { folderStore } from '../lib/content/folder-store.ts';
import { sealingKey } from '../lib/content/sealing-key.ts';
import { type DesiredParts, readDesired } from '../lib/desired/desired.ts';
import { driftFileText } from '../lib/desired/drift-rules.ts';
import type { OutsideCharts } from '../lib/desired/outside/outside-charts.ts';
import type { DesiredState } from '../lib/desired/state.ts';
import type { Clone } from '../lib/repository/clone.ts';
import { GitFailed } from '../lib/repository/git-failed.ts';
import type { Asked } from './asking.ts';
import { UsageError } from './command.ts';
import { inPassingFolder, interruptible } from './interrupts.ts';
import type { ProgramName } from './programs.ts';
import { noProgress, type Progress } from './progress.ts';
import { readAgain } from './reading-again.ts';
import { noBranchOf, noFolderOf, onlyTarget, openRepository, repositoryAdvice } from './repository-here.ts';

/** A check of one target from here, with what it was made of. */
export interface Observed {
  readonly observation: Observation;
  /** The cluster as people know it: the context's name. */
  readonly cluster: string;
  readonly target: Target;
  /** What the branch's tip declares. */
  readonly desired: DesiredState;
  /** Where its renders are kept. */
  readonly state: ObjectStore;
  /** The text of its drift.yaml; absent where there is none. */
  readonly driftFile?: string;
}

/** Nothing could be judged, and why, in words for people. */
export class CannotJudge extends Error {
  override readonly name = 'CannotJudge';
}

/**
 * Compares the cluster with the tip of the branch. Whatever of the cluster does not answer is `unknown` in it.
 * Interrupted, it leaves neither programs nor files.
 * @throws UsageError where what was typed cannot be; CannotJudge where there is no kubeconfig, repository or branch
 */
export function observe(asked: Asked, progress: Progress = noProgress): Promise<Observed> {
  return interruptible(progress.end, async () => {
    try {
      return await observeHere(asked, progress);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      if (error instanceof ConfigError) throw new UsageError(error.problems.map(asTyped).join('\n'));
      if (error instanceof GitFailed) throw new CannotJudge(repositoryAdvice(error, asked));
      const said = error instanceof Error ? error.message : String(error);
      throw new CannotJudge(`${said}${hintFor(error, said, asked)}`);
    } finally {
      progress.end();
    }
  });
}

/** A problem of the configuration that is made of the command line, by the names that were typed. */
const asTyped = (problem: string): string =>
  problem.replace(/^targets\[0\]\.(name|root|branch)(?=: )/, (_place, key: string) =>
    key === 'name' ? 'TARGET' : `--${key}`,
  );

/** What to do, where the error alone does not tell. */
function hintFor(error: unknown, said: string, { cache }: Asked): string {
  if (/ there is no such file$/.test(said)) return ': name one with --kubeconfig FILE';
  const { path } = error as NodeJS.ErrnoException;
  return path?.startsWith(cache) || (path !== undefined && cache.startsWith(join(path, sep)))
    ? `: what is kept between runs lies in ${cache}; name another with --cache`
    : '';
}

/** What a check works with: the cluster, the repository, and folders. */
interface Workplace {
  readonly cluster: Cluster;
  readonly clone: Clone;
  readonly state: ObjectStore;
  readonly content: ObjectStore;
  /** For what is gone when it ends. */
  readonly passing: string;
  readonly progress: Progress;
}

async function observeHere(asked: Asked, progress: Progress): Promise<Observed> {
  const folder = join(asked.cache, digestOf(asked.repo, asked.branch));
  const state = folderStore(join(folder, 'state'));
  progress.tell('reading the kubeconfig');
  const cluster = await connect(asked.address, {
    sealing: await sealingKey(state),
    openapi: openapiCache(state),
  });
  try {
    return await inPassingFolder(join(folder, 'passing'), async (passing) => {
      progress.tell('reading the repository');
      const { clone, close } = await openRepository(asked, folder, passing);
      try {
        const content = folderStore(join(folder, 'content'));
        const name = asked.name ?? (await onlyTarget(clone, asked));
        return await observeWith(asked, name, { cluster, clone, state, content, passing, progress });
      } finally {
        await close();
      }
    });
  } finally {
    await cluster.close();
  }
}

async function observeWith(asked: Asked, name: string, at: Workplace): Promise<Observed> {
  const { cluster, clone, state, content, progress } = at;
  progress.tell(`asking ${cluster.name} what it serves`);
  const seen = await profileOf(cluster, name);
  const target = targetOf(asked, name, asked.deployer ?? seen.deployer);
  const now = new Date().toISOString();
  const noBranch = new CannotJudge(noBranchOf(asked));
  progress.tell('reading the repository');
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
    const observation = unknownTarget({ target, desired, sequence: 0, now }, seen.failed);
    return { observation, cluster: cluster.name, target, desired, state };
  }
  const parts: DesiredParts = {
    clone,
    content,
    state,
    capabilities: capabilitiesOf(seen.profile, target),
    outside: outsideHere(asked, content),
    ...rendering(asked, at),
  };
  const reading = await readAgain((known) => readDesired(target, { ...parts, ...known }), cluster);
  if (reading.kind === 'no-branch') throw noBranch;

  const question = { target, desired: reading.state, sequence: 0, now };
  const { observation } = await checkTarget(question, {
    state,
    cluster: listingAloud(cluster, progress),
    memory: await kindsMemory(state, target.name),
  });
  if (observation.scopes.every(({ scope }) => scope.kind === 'target' || scope.kind === 'rules')) {
    const gone = await noFolderOf(clone, target, asked);
    if (gone !== undefined) throw new CannotJudge(gone);
  }
  const driftFile =
    reading.state.rules === undefined ? undefined : await driftFileText(target, clone, reading.state.commit);
  return {
    observation,
    cluster: cluster.name,
    target,
    desired: reading.state,
    state,
    ...(driftFile === undefined ? {} : { driftFile }),
  };
}

/** Charts from outside, whatever is public: whoever runs this reaches it anyway. Loaded where there is one. */
const outsideHere = ({ chartSources }: Asked, content: ObjectStore): OutsideCharts => ({
  async fetch(chart, applied) {
    const { outsideCharts } = await import('../lib/desired/outside/outside-charts.ts');
    const sources = chartSources.map((url) => ({ url, network: 'private' as const }));
    return await outsideCharts({ sources, others: 'public', content }).fetch(chart, applied);
  },
});

/** What renders is loaded, and helm looked for, only where something is not kept yet. */
function rendering(
  { cache }: Asked,
  { content, state, passing, progress }: Workplace,
): Pick<DesiredParts, 'render' | 'onDeclared'> {
  let declared = 0;
  let rendered = 0;
  const found = new Map<string, Promise<string>>();
  const programs = async (names: readonly ProgramName[]): Promise<string> => {
    const { findPrograms } = await import('./programs.ts');
    const key = names.join();
    const search = {
      cache,
      path: process.env.PATH ?? '',
      passing,
      onProgress: (line: string) => progress.tell(line),
    };
    const folder = found.get(key) ?? findPrograms(names, search);
    found.set(key, folder);
    return await folder;
  };
  return {
    onDeclared(releases) {
      declared = releases;
    },
    async render(request) {
      const { needsKustomize, renderRelease } = await import('../lib/charts/render/render.ts');
      const tools = await programs(needsKustomize(request.subject) ? ['helm', 'kubectl'] : ['helm']);
      if (request.subject.kind === 'release') {
        progress.tell(`rendering ${++rendered} of ${declared} releases: ${request.subject.release}`);
      }
      return await renderRelease(request, { content, state, tools, scratch: passing });
    },
  };
}

/** The cluster, saying what is being listed. */
function listingAloud(cluster: Cluster, progress: Progress): Cluster {
  const kinds = new Set<string>();
  return {
    ...cluster,
    list(kind, options) {
      kinds.add(`${kind.apiVersion}/${kind.kind}`);
      progress.tell(`listing ${kinds.size === 1 ? '1 kind' : `${kinds.size} kinds`}: ${kind.kind}`);
      return cluster.list(kind, options);
    },
  };
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
function targetOf(asked: Asked, name: string, deployer: Deployer): Target {
  const config = parseConfig(
    {
      repositories: [{ name: 'repository', url: 'https://repository.invalid' }],
      targets: [
        {
          name,
          repository: 'repository',
          branch: asked.branch,
          deployer,
          namespaces: ['default'],
          driftOnly: true,
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

const digestOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
