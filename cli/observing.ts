import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ObjectStore } from '../lib/aws/objects.ts';
import { checkTarget, unknownTarget } from '../lib/checks/check.ts';
import { noMemory } from '../lib/checks/memory.ts';
import type { Observation } from '../lib/checks/observation.ts';
import { type Cluster, connect } from '../lib/cluster/cluster.ts';
import { openapiCache } from '../lib/cluster/openapi.ts';
import { capabilitiesOf, type Profile } from '../lib/cluster/profile.ts';
import { ConfigError, type Deployer, parseConfig, type Target } from '../lib/config/config.ts';
import { placeOf } from '../lib/config/repository-url.ts';
import { folderStore } from '../lib/content/folder-store.ts';
import { sealingKey } from '../lib/content/sealing-key.ts';
import { readDesired } from '../lib/desired/desired.ts';
import type { DesiredState } from '../lib/desired/state.ts';
import { openClone } from '../lib/repository/clone.ts';
import { givenToken, ownSsh } from '../lib/repository/credentials.ts';
import type { Asked } from './asking.ts';
import { UsageError } from './command.ts';

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
}

/** Nothing could be judged, and why, in words for people. */
export class CannotJudge extends Error {
  override readonly name = 'CannotJudge';
}

/**
 * Compares the cluster with the tip of the branch. Whatever of the cluster does not answer is `unknown` in it.
 * @throws UsageError where what was typed cannot be; CannotJudge where there is no kubeconfig, repository or branch
 */
export async function observe(asked: Asked): Promise<Observed> {
  const { name } = asked;
  if (name === undefined) throw new UsageError('name a target, or its folder in the repository with --root');
  const folder = join(asked.cache, digestOf(asked.repo, asked.branch));
  const cache = folderStore(join(folder, 'state'));
  let cluster: Cluster | undefined;
  try {
    const parts = { sealing: await sealingKey(cache), openapi: openapiCache(cache) };
    cluster = await connect(asked.address, parts);
    return await observeWith(asked, name, cluster, folder);
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigError) throw new UsageError(error.message);
    throw new CannotJudge(error instanceof Error ? error.message : String(error));
  } finally {
    await cluster?.close();
  }
}

async function observeWith(asked: Asked, name: string, cluster: Cluster, folder: string): Promise<Observed> {
  const state = folderStore(join(folder, 'state'));
  const seen = await profileOf(cluster, name);
  const target = targetOf(asked, name, asked.deployer ?? seen.deployer);
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
    const observation = unknownTarget({ target, desired, sequence: 0, now }, seen.failed);
    return { observation, cluster: cluster.name, target, desired, state };
  }
  const content = folderStore(join(folder, 'content'));
  const scratch = join(folder, 'scratch');
  const reading = await readDesired(target, {
    clone,
    content,
    state,
    capabilities: capabilitiesOf(seen.profile, target),
    // What renders is loaded, and helm looked for, only where something is not kept yet.
    render: async (request) => {
      const { renderRelease } = await import('../lib/charts/render/render.ts');
      const { tools } = await import('../local/tools.ts');
      return renderRelease(request, { content, state, tools: (await tools()).folder, scratch });
    },
  });
  if (reading.kind === 'no-branch') throw noBranch;

  const question = { target, desired: reading.state, sequence: 0, now };
  const { observation } = await checkTarget(question, {
    state,
    cluster,
    memory: noMemory,
  });
  return { observation, cluster: cluster.name, target, desired: reading.state, state };
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

const digestOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
