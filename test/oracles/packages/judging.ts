import { join } from 'node:path';
import { renderRelease } from '../../../lib/charts/render/render.ts';
import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { checkTarget } from '../../../lib/checks/check.ts';
import type { CheckMemory, RememberedScope } from '../../../lib/checks/memory.ts';
import type { ScopeObservation } from '../../../lib/checks/observation.ts';
import { readRender } from '../../../lib/checks/renders.ts';
import { connect } from '../../../lib/cluster/cluster.ts';
import { openapiCache } from '../../../lib/cluster/openapi.ts';
import { capabilitiesOf, readProfile, writeProfile } from '../../../lib/cluster/profile.ts';
import type { Target } from '../../../lib/config/config.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import { sealingKey } from '../../../lib/content/sealing-key.ts';
import { readDesired } from '../../../lib/desired/desired.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { tools } from '../../../local/tools.ts';

/** Fairlead's own judging of one target, from Git and the cluster, as `read-desired` and `check-drift` do it. */
export interface Judging {
  /** The scopes of the target as one check sees them. */
  check(): Promise<readonly ScopeObservation[]>;
  /** What the tip declares for a release, as the last check read it. */
  declared(namespace: string, name: string): Promise<readonly RenderedObject[]>;
}

export interface ToJudge {
  readonly target: Target;
  /** The bare repository. */
  readonly repository: string;
  readonly kubeconfig: string;
  readonly folder: string;
}

export async function judging({ target, repository, kubeconfig, folder }: ToJudge): Promise<Judging> {
  const state = folderStore(join(folder, 'state'));
  const content = folderStore(join(folder, 'content'));
  const sealing = await sealingKey(state);
  const openapi = openapiCache(state);
  const clone = await openClone({
    url: repository,
    branch: target.branch,
    folder: join(folder, 'clone.git'),
    credential: undefined,
  });
  const parts = { content, state, tools: (await tools()).folder, scratch: join(folder, 'scratch') };
  const memory = rememberingMemory();
  const renders = new Map<string, RenderedObject[]>();
  let sequence = 0;
  return {
    async check() {
      const seen = await readProfile(state, target.name);
      const reading = await readDesired(target, {
        clone,
        content,
        state,
        capabilities: capabilitiesOf(seen, target),
        render: (request) => renderRelease(request, parts),
      });
      if (reading.kind === 'no-branch') throw new Error(`${repository} has no commit`);
      renders.clear();
      for (const { namespace, name, rendering } of reading.state.releases) {
        const objects = rendering.kind === 'rendered' ? await readRender(state, rendering.render) : [];
        renders.set(`${namespace}/${name}`, [...(objects ?? [])]);
      }
      sequence++;
      const question = { target, desired: reading.state, sequence, now: new Date().toISOString() };
      // A connection for each check, as a function has it.
      const cluster = await connect({ kind: 'kubeconfig', path: kubeconfig }, { sealing, openapi });
      try {
        const { observation, profile } = await checkTarget(question, { state, cluster, memory });
        if (profile !== undefined) await writeProfile(state, profile);
        return observation.scopes;
      } finally {
        await cluster.close();
      }
    },
    declared: async (namespace, name) => renders.get(`${namespace}/${name}`) ?? [],
  };
}

/** What checks remember, as the table would keep it. */
function rememberingMemory(): CheckMemory {
  const kept = new Map<string, string>();
  return {
    admissions: 'remembered',
    history: async () => 'checked-before',
    read: async () => new Map([...kept].map(([scope, text]) => [scope, JSON.parse(text) as RememberedScope])),
    write: async (scope, remembered) => void kept.set(scope, JSON.stringify(remembered)),
  };
}
