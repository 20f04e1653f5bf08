import type { ObjectStore } from '../../aws/objects.ts';
import { type RenderedObject, renderKey } from '../../charts/render-request.ts';
import { readRender } from '../../checks/renders.ts';
import type { Target } from '../../config/config.ts';
import { type Digest, digestOf } from '../../content/tree.ts';
import { canonicalJson, formatJson } from '../../objects/json.ts';
import { identityOf, type KubernetesObject, referenceOf } from '../../objects/objects.ts';
import { type Rendered, type RenderingParts, renderDeclaration } from '../declared-render.ts';
import type { ReadApplication } from './application.ts';

export interface ApplicationParts extends RenderingParts {
  readonly state: ObjectStore;
}

/** What an Application applies: the objects of all its sources, of one that is in several the last. */
export async function renderApplication(
  object: KubernetesObject,
  application: Extract<ReadApplication, { kind: 'here' }>,
  commit: string,
  target: Target,
  parts: ApplicationParts,
): Promise<Rendered> {
  const { namespace, suspended, sources, managedNamespace } = application;
  const rendered: Rendered[] = [];
  for (const { source, release, name } of sources) {
    const declaration = { namespace, name: release, deployedBy: object, suspended, source };
    const one = await renderDeclaration(declaration, commit, target, parts);
    if (one.rendering.kind === 'unknown') {
      const which = sources.length === 1 ? '' : `its source ${name}: `;
      return { ...one, rendering: { ...one.rendering, reason: `${which}${one.rendering.reason}` } };
    }
    rendered.push(one);
  }
  const [first] = rendered;
  if (first === undefined) return unknown('the Application has no source');
  if (rendered.length === 1 && managedNamespace === undefined) return first;
  const charts = rendered.flatMap(({ chart }) => (chart === undefined ? [] : [chart]));
  const [chart] = charts;
  return {
    ...(chart !== undefined && charts.length === 1 ? { chart } : {}),
    rendering: await together(rendered, managedNamespace, parts.state),
  };
}

const unknown = (reason: string): Rendered => ({ rendering: { kind: 'unknown', reason } });

/** One render of several, kept as any other is. */
async function together(
  rendered: readonly Rendered[],
  managedNamespace: KubernetesObject | undefined,
  state: ObjectStore,
): Promise<Rendered['rendering']> {
  const digests: Digest[] = [];
  const inputs: unknown[] = [];
  for (const { rendering } of rendered) {
    if (rendering.kind !== 'rendered') return rendering;
    digests.push(rendering.render);
    inputs.push(rendering.inputs ?? rendering.render);
  }
  const objects = new Map<string, RenderedObject>();
  for (const digest of digests) {
    const found = await readRender(state, digest);
    if (found === undefined)
      return { kind: 'unknown', reason: 'what one of its sources renders to is not kept any more' };
    for (const each of found) objects.set(identityOf(referenceOf(each.object)), each);
  }
  if (managedNamespace !== undefined) {
    const object = { object: managedNamespace, role: 'applied', source: 'managedNamespaceMetadata' } as const;
    const identity = identityOf(referenceOf(managedNamespace));
    if (!objects.has(identity)) objects.set(identity, { ...object, unstable: [], usesLookup: false });
  }
  const render = digestOf(canonicalJson(['several', digests, managedNamespace ?? null]));
  await state.putOnce(
    renderKey(render),
    formatJson({ schema: 1, objects: [...objects.values()] }),
    'application/json',
  );
  return { kind: 'rendered', render, inputs: digestOf(canonicalJson([inputs, managedNamespace ?? null])) };
}
