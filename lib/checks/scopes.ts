import { eachAtOnce } from '../at-once/at-once.ts';
import type { ObjectStore } from '../aws/objects.ts';
import type { RenderedObject } from '../charts/render-request.ts';
import type { Digest } from '../content/tree.ts';
import type { DesiredRelease, DesiredState } from '../desired/state.ts';
import type { RememberedScope } from './memory.ts';
import { formatScope, type Scope } from './observation.ts';
import { readRender } from './renders.ts';

/** Renders read at once from the state bucket, a round trip each. */
const AT_ONCE = 16;

/** A scope of the desired state, with its objects at hand. */
export interface DeclaredScope {
  readonly scope: Scope;
  /** As people write it: `shop/web`, `manifests`. */
  readonly name: string;
  readonly release?: DesiredRelease;
  /** Flux: the Kustomization that applies the manifests, where Git says which. */
  readonly appliedBy?: { readonly namespace: string; readonly name: string };
  readonly tip:
    | {
        readonly kind: 'rendered';
        readonly render: Digest;
        readonly inputs?: Digest;
        readonly objects: readonly RenderedObject[];
      }
    | { readonly kind: 'unknown'; readonly reason: string };
  readonly remembered: RememberedScope;
  /** What was last applied, where that is another render and still kept. */
  readonly applied?: readonly RenderedObject[];
}

/** Every release and the manifests of a desired state, read from the state bucket. */
export async function readScopes(
  state: ObjectStore,
  desired: DesiredState,
  memory: ReadonlyMap<string, RememberedScope>,
): Promise<readonly DeclaredScope[]> {
  const declared: (Pick<DeclaredScope, 'scope' | 'release' | 'appliedBy'> & {
    readonly rendering: DesiredRelease['rendering'];
  })[] = desired.releases.map((release) => ({
    scope: { kind: 'release', namespace: release.namespace, name: release.name },
    rendering: release.rendering,
    release,
  }));
  if (desired.manifests !== undefined) {
    const { appliedBy } = desired;
    declared.push({
      scope: { kind: 'manifests' },
      rendering: desired.manifests,
      ...(appliedBy === undefined ? {} : { appliedBy }),
    });
  }
  for (const { namespace, name, rendering } of desired.kustomizations ?? []) {
    const of = { namespace, name };
    declared.push({ scope: { kind: 'manifests', of }, rendering, appliedBy: of });
  }
  return await eachAtOnce(
    declared,
    AT_ONCE,
    async ({ scope, rendering, release, appliedBy }): Promise<DeclaredScope> => {
      const name = formatScope(scope);
      const remembered = memory.get(name) ?? { kinds: [] };
      const tip = await readTip(state, rendering);
      const before = remembered.applied?.render;
      const isOther = before !== undefined && tip.kind === 'rendered' && before !== tip.render;
      const applied = isOther ? await readRender(state, before) : undefined;
      return {
        scope,
        name,
        tip,
        remembered,
        ...(release === undefined ? {} : { release }),
        ...(appliedBy === undefined ? {} : { appliedBy }),
        ...(applied === undefined ? {} : { applied }),
      };
    },
  );
}

async function readTip(
  state: ObjectStore,
  rendering: DesiredRelease['rendering'],
): Promise<DeclaredScope['tip']> {
  if (rendering.kind === 'unknown') return rendering;
  const objects = await readRender(state, rendering.render);
  return objects === undefined
    ? { kind: 'unknown', reason: 'its render is not kept any more: the next reading of Git makes it anew' }
    : { ...rendering, objects };
}
