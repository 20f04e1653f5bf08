import type { RenderedObject } from '../../charts/render-request.ts';
import { holdsPlaceholder } from '../../kustomize/placeholders.ts';
import { formatJson } from '../../objects/json.ts';
import { groupOf, isJsonObject, type KubernetesObject, partOf } from '../../objects/objects.ts';
import type { DeclaredObject } from '../apply-folder.ts';
import { type ClusterMaps, type FoundMap, isMapKey, mapKey } from './maps.ts';
import type { FluxHere } from './sources.ts';

/** All that the builds of a commit declare, and what of it others are made of. */
export class DeclaredObjects {
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #unstable = new Map<KubernetesObject, readonly string[]>();
  readonly #bySource = new Map<string, KubernetesObject[]>();
  readonly #cluster: ClusterMaps;
  readonly #asked = new Set<string>();
  #here: FluxHere;

  constructor(here: FluxHere, cluster: ClusterMaps) {
    this.#here = here;
    this.#cluster = cluster;
  }

  get here(): FluxHere {
    return this.#here;
  }

  /** @param source a GitRepository that is this repository: `namespace/name` */
  addOwnSource(source: string): void {
    this.#here = { ...this.#here, ownSources: [...this.#here.ownSources, source] };
  }

  add(objects: readonly RenderedObject[]): void {
    for (const { object, source, unstable } of objects) {
      this.#take(object, source);
      if (unstable.length > 0) this.#unstable.set(object, unstable);
    }
  }

  addRaw(objects: readonly DeclaredObject[]): void {
    for (const { object, file } of objects) this.#take(object, file);
  }

  #take(object: KubernetesObject, source: string): void {
    this.#objects.set(keyOf(object), object);
    const others = this.#bySource.get(source) ?? [];
    others.push(object);
    this.#bySource.set(source, others);
  }

  /** What the file at that path declares. */
  from(source: string): readonly KubernetesObject[] {
    return this.#bySource.get(source) ?? [];
  }

  get all(): readonly KubernetesObject[] {
    return [...this.#objects.values()];
  }

  find(kind: string, namespace: string, name: string): KubernetesObject | undefined {
    return this.#objects.get(`${GROUPS[kind] ?? ''}/${kind}/${namespace}/${name}`);
  }

  /**
   * Why it cannot be told what the object says; undefined where it can. A placeholder that is there as it was put in
   * tells, later on, what depends on it; one of which only a part is left does not.
   */
  unstableIn(object: KubernetesObject): string | undefined {
    const lost = (this.#unstable.get(object) ?? []).find((pointer) => {
      const value = valueAt(object, pointer);
      return value === undefined || !holdsPlaceholder(formatJson(value));
    });
    return lost === undefined
      ? undefined
      : `${object.kind}/${object.metadata.name} is made of values that Fairlead does not read (${lost || 'the whole of it'})`;
  }

  /** Keys of a Secret that Git declares; undefined where it does not. */
  secretNames(namespace: string, name: string): readonly string[] | undefined {
    const secret = this.find('Secret', namespace, name);
    return secret === undefined ? undefined : Object.keys(partOf(secret.data));
  }

  declaresMap(namespace: string, name: string): boolean {
    return this.find('ConfigMap', namespace, name) !== undefined;
  }

  /** In Git, else as the last check saw it in the cluster; what is asked for there is noted. */
  findMap(namespace: string, name: string): FoundMap {
    const declared = this.find('ConfigMap', namespace, name);
    if (declared !== undefined) {
      const reason = this.unstableIn(declared);
      return reason === undefined
        ? { kind: 'found', data: textsOf(declared.data) }
        : { kind: 'unstable', reason };
    }
    const key = mapKey(namespace, name);
    if (!isMapKey(key)) return { kind: 'absent' };
    this.#asked.add(key);
    const seen = Object.hasOwn(this.#cluster, key) ? this.#cluster[key] : undefined;
    if (seen === undefined) return { kind: 'unseen' };
    return seen === null ? { kind: 'absent' } : { kind: 'found', data: textsOf(seen) };
  }

  /** ConfigMaps that only the cluster has, `namespace/name`, as far as anything is made of them. */
  get asked(): readonly string[] {
    return [...this.#asked].sort();
  }
}

/** Whose kind it is, where Flux's objects refer to it by its kind alone. */
const SOURCES = 'source.toolkit.fluxcd.io';
const GROUPS: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  GitRepository: SOURCES,
  HelmRepository: SOURCES,
  HelmChart: SOURCES,
  OCIRepository: SOURCES,
});

/** Another group may have a kind of the same name: it is another object. */
const keyOf = ({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): string =>
  `${groupOf(apiVersion)}/${kind}/${namespace ?? 'default'}/${name}`;

const textsOf = (data: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(isJsonObject(data) ? data : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );

function valueAt(object: unknown, pointer: string): unknown {
  let found: unknown = object;
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    found =
      Array.isArray(found) || isJsonObject(found) ? (found as Record<string, unknown>)[name] : undefined;
  }
  return found;
}
