import type { RenderedObject } from '../../charts/render-request.ts';
import { groupOf, type Json, type KubernetesObject } from '../../objects/objects.ts';
import { Owners, type Writer } from '../ownership/owners.ts';
import type { Trail } from '../path.ts';

/**
 * What a chart renders to something else each time (docs/drift.md, "What is ignored, and why"): the value in the cluster is of
 * the deployer's own render, which nobody can make again. It is told by its place and its writer, not by its value.
 */

/**
 * The unstable place that the trail is at or in, as a JSON pointer; undefined: it is rendered alike each time. Of a list
 * whose items vary the order does, too, and not how many there are.
 */
export function unstablePlace(
  rendered: RenderedObject,
  trail: Trail,
  live: Json,
  desired: Json | undefined,
): string | undefined {
  const isAsLong = Array.isArray(live) && !(Array.isArray(desired) && desired.length !== live.length);
  return placeAt(rendered.unstable, trail.pointer(), isAsLong ? 'list' : 'other');
}

/** The place that says why nothing is there: one that only some renders hold, or an item of a list that varies. */
export function placeOfAbsent(rendered: RenderedObject, trail: Trail): string | undefined {
  const pointer = trail.pointer();
  return (
    placeAt(rendered.sometimes ?? [], pointer, 'other') ??
    rendered.unstable.find((place) => place !== '' && pointer.startsWith(`${folded(place)}/`))
  );
}

const placeAt = (places: readonly string[], pointer: string, live: 'list' | 'other'): string | undefined =>
  places.find((place) => {
    const at = folded(place);
    return (
      place !== '' &&
      (pointer === at || pointer.startsWith(`${at}/`) || (live === 'list' && at.startsWith(`${pointer}/`)))
    );
  });

const folded = (place: string): string => place.replace(/^\/stringData(?=\/|$)/, '/data');

/**
 * Whether the deployer wrote a Secret's key after all who own it, or nobody else does: a server-side apply of `stringData` owns that, and
 * never `data`, which stays with whoever wrote it before; its own entry is written anew with every apply, since a
 * live Secret never holds `stringData` (apimachinery, managedfields/internal/managedfieldsupdater.go).
 */
export function isWrittenOver(
  root: KubernetesObject,
  path: readonly string[],
  owners: readonly Writer[],
  deployers: ReadonlySet<string>,
): boolean {
  const [first, name] = path;
  if (root.kind !== 'Secret' || first !== 'data' || name === undefined || path.length !== 2) return false;
  const written = new Owners(root)
    .of([
      { kind: 'field', name: 'stringData' },
      { kind: 'field', name },
    ])
    .filter(({ manager }) => deployers.has(manager))
    .map(({ time = '' }) => time);
  if (owners.length === 0) return written.length > 0;
  return owners.every(
    ({ manager, time }) =>
      deployers.has(manager) || (time !== undefined && written.some((when) => when > time)),
  );
}

/**
 * Of the objects that carry the release's marks those that the deployer's own render named: by kind, namespace and the
 * part of the name that stays. Each is given once, the newest first.
 */
export class NamedAnew {
  readonly #owned: KubernetesObject[];

  constructor(owned: readonly KubernetesObject[], isDeclared: (object: KubernetesObject) => boolean) {
    this.#owned = owned
      .filter((object) => !isDeclared(object))
      .sort((a, b) => (createdAt(a) < createdAt(b) ? 1 : -1));
  }

  /** @param namespace of the release, where the object names none */
  take(
    { object, unstableName }: RenderedObject,
    namespace: string | undefined,
  ): KubernetesObject | undefined {
    if (unstableName === undefined) return undefined;
    const { starts, ends } = unstableName;
    const home = object.metadata.namespace ?? namespace;
    const index = this.#owned.findIndex(
      ({ apiVersion, kind, metadata }) =>
        kind === object.kind &&
        groupOf(apiVersion) === groupOf(object.apiVersion) &&
        (metadata.namespace === undefined || metadata.namespace === home) &&
        metadata.name.length >= starts.length + ends.length &&
        metadata.name.startsWith(starts) &&
        metadata.name.endsWith(ends),
    );
    return index < 0 ? undefined : this.#owned.splice(index, 1)[0];
  }
}

const createdAt = ({ metadata: { creationTimestamp } }: KubernetesObject): string =>
  typeof creationTimestamp === 'string' ? creationTimestamp : '';
