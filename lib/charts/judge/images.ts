import { groupOf, isJsonObject, type Json, type KubernetesObject } from '../../objects/objects.ts';
import type { Declared } from '../files/declared.ts';
import { distinct, type Reason, reason } from '../reasons.ts';
import type { Boundary } from '../render-request.ts';
import { isFrom, parseImage } from './image-reference.ts';

/** An image that an object runs or mounts. */
export interface FoundImage {
  /** As it is written. */
  readonly reference: string;
  /** For people: `container web`. */
  readonly by: string;
  /** JSON pointer of it in the object. */
  readonly pointer: string;
}

/**
 * Lists of containers, wherever they stand: in a Pod, in the template of whatever makes Pods, also of kinds that only
 * some clusters know (core/v1, "PodSpec"; `sidecars` of Argo Workflows).
 */
const LISTS: ReadonlyMap<string, string> = new Map([
  ['containers', 'container'],
  ['initContainers', 'init container'],
  ['ephemeralContainers', 'ephemeral container'],
  ['sidecars', 'sidecar'],
]);
/** One container by itself, in custom resources (Argo Workflows, Tekton). */
const SINGLE = new Set(['container', 'script']);
/** A custom resource that has one of these beside `image` makes a container of it (Prometheus, collectors). */
const BESIDE = [
  'containers',
  'initContainers',
  'imagePullPolicy',
  'imagePullSecrets',
  'serviceAccountName',
  'command',
  'args',
  'env',
  'resources',
  'replicas',
  'volumeMounts',
];

/** Every image that an object names, each at each of its places. */
export function imagesIn(object: KubernetesObject): FoundImage[] {
  // A CustomResourceDefinition speaks of containers, and has none.
  if (object.kind === 'CustomResourceDefinition') return [];
  const found = new Map<string, FoundImage>();
  const add = (holder: Json, field: string, by: string, pointer: string) => {
    const reference = isJsonObject(holder) ? holder[field] : undefined;
    if (typeof reference !== 'string' || reference === '') return;
    const at = `${pointer}/${field}`;
    if (!found.has(at)) found.set(at, { reference, by, pointer: at });
  };
  const isCustom = !isBuiltIn(groupOf(object.apiVersion));
  const visit = (value: Json, pointer: string): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, `${pointer}/${index}`);
      return;
    }
    if (!isJsonObject(value)) return;
    for (const [key, entry] of Object.entries(value)) {
      const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const what = LISTS.get(key);
      if (what !== undefined && Array.isArray(entry))
        for (const [index, item] of entry.entries())
          add(item, 'image', `${what} ${nameIn(item) ?? index}`, `${at}/${index}`);
      if (key === 'volumes' && Array.isArray(entry))
        for (const [index, item] of entry.entries())
          if (isJsonObject(item) && item.image !== undefined)
            add(item.image, 'reference', `volume ${nameIn(item) ?? index}`, `${at}/${index}/image`);
      if (isCustom && SINGLE.has(key)) add(entry, 'image', key, at);
      visit(entry, at);
    }
    if (isCustom && BESIDE.some((key) => value[key] !== undefined))
      add(value, 'image', pointer === '' ? 'the object' : pointer.slice(1).replaceAll('/', '.'), pointer);
  };
  visit(object as unknown as Json, '');
  return [...found.values()];
}

const nameIn = (item: Json): string | undefined =>
  isJsonObject(item) && typeof item.name === 'string' && item.name !== '' ? item.name : undefined;

const BUILT_IN = new Set(['', 'apps', 'batch', 'autoscaling', 'policy', 'extensions']);
const isBuiltIn = (group: string): boolean => BUILT_IN.has(group) || group.endsWith('.k8s.io');

/** What a target has against the images of its objects; hooks and tests run, too. */
export function checkImages(objects: readonly Declared[], { images }: Boundary): Reason[] {
  if (images === undefined) return [];
  return distinct(
    objects.flatMap(({ object, place }) =>
      imagesIn(object).flatMap(({ reference: image, by, pointer }) => {
        const words = { object: `${object.kind}/${object.metadata.name}`, container: by, image };
        const at = { ...place, pointer };
        const parsed = parseImage(image);
        if (parsed === undefined) return [reason('image-malformed', words, at)];
        const { registry, digest } = parsed;
        const { registries } = images;
        return [
          ...(images.digests === 'required' && digest === undefined
            ? [reason('image-without-digest', words, at)]
            : []),
          ...(registries === undefined || isFrom(parsed, registries)
            ? []
            : [reason('image-registry', { ...words, registry, allowed: registries.join(', ') }, at)]),
        ];
      }),
    ),
  );
}
