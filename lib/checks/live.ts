import { eachAtOnce } from '../at-once/at-once.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Discovery } from '../cluster/discovery.ts';
import type { ListOptions } from '../cluster/listing.ts';
import type { Found } from '../drift/drift.ts';
import { type OpenApiDocument, schemasFrom } from '../drift/openapi.ts';
import type { Schemas } from '../drift/schema.ts';
import type { KubernetesObject, ObjectReference } from '../objects/objects.ts';
import { marksOf } from './ownership-marks.ts';

/** Lists under way at once. */
const AT_ONCE = 4;

/** What a check wants to see of the cluster: whole kinds, since one list costs less than a few single reads. */
export interface WantedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Where to list if the whole cluster may not be listed. */
  readonly namespaces: ReadonlySet<string>;
  /**
   * When it is listed: 0 before 1 before 2. What the deployer says of itself comes before what it has written, so that
   * "applied" always means that the objects read afterwards show it.
   */
  readonly turn: 0 | 1 | 2;
  /** Whether an object is worth keeping in memory. */
  readonly keep: (object: KubernetesObject) => boolean;
  /** Where it is listed for orphans alone, by a label that all of them have. */
  readonly labelSelector?: string;
}

/** What was read. Answers for every object of the wanted kinds, also why there is none. */
export interface LiveObjects {
  /** @param defaultNamespace for a namespaced object that names none */
  find(reference: ObjectReference, defaultNamespace?: string): Found;
  /** Every kept object of a kind. */
  all(apiVersion: string, kind: string): readonly KubernetesObject[];
  /** Objects with an ownership mark. */
  marked(mark: string): readonly KubernetesObject[];
  readonly schemas: Schemas;
}

type Listed = ReadonlyMap<string, KubernetesObject>;
interface Unlisted {
  readonly kind: 'unknown';
  readonly reason: string;
  readonly rule?: string;
}

/** Of one kind: the whole cluster, or a namespace at a time, or why not. */
type ListedKind =
  | { readonly kind: 'whole'; readonly objects: Listed }
  | {
      readonly kind: 'by-namespace';
      readonly namespaces: ReadonlyMap<string, Listed | Unlisted>;
      readonly whole: Unlisted;
    }
  | Unlisted
  | { readonly kind: 'not-served' };

/**
 * Lists the wanted kinds and reads their schemas. Never throws for what the cluster answers.
 * @param marks ownership marks (ownership-marks.ts) whose objects are kept, whatever their names
 * @param beyond what else is wanted, once the deployer's own objects are read
 */
export async function readLive(
  cluster: Cluster,
  discovery: Discovery,
  wanted: readonly WantedKind[],
  marks: ReadonlySet<string>,
  beyond: (live: Pick<LiveObjects, 'find' | 'all'>) => readonly WantedKind[] = () => [],
): Promise<LiveObjects> {
  const listed = new Map<string, ListedKind>();
  const schemas = schemasOf(cluster, wanted);
  const list = (kinds: readonly WantedKind[]) =>
    eachAtOnce(kinds, AT_ONCE, async (kind) => {
      const keep = (object: KubernetesObject) =>
        kind.keep(object) || marksOf(object).some((mark) => marks.has(mark));
      listed.set(keyOf(kind), await listKind(cluster, discovery, { ...kind, keep }));
    });
  const view = viewOf(listed, discovery);
  for (const turn of [0, 1] as const) await list(wanted.filter((kind) => kind.turn === turn));
  const known = new Set(wanted.map(keyOf));
  const more = beyond(view).filter((kind) => !known.has(keyOf(kind)));
  await list([...wanted.filter((kind) => kind.turn === 2), ...more]);

  const byMark = new Map<string, KubernetesObject[]>();
  for (const { apiVersion, kind } of [...wanted, ...more]) {
    for (const object of view.all(apiVersion, kind)) {
      for (const mark of marksOf(object)) {
        const having = byMark.get(mark);
        if (having === undefined) byMark.set(mark, [object]);
        else having.push(object);
      }
    }
  }
  const { schemas: read, errors } = await schemas;
  return {
    schemas: read,
    all: view.all,
    marked: (mark) => byMark.get(mark) ?? [],
    find: (reference, defaultNamespace) =>
      errors.get(reference.apiVersion) ?? view.find(reference, defaultNamespace),
  };
}

/** The schemas of the wanted kinds, and of which group-versions there are none, and why. */
async function schemasOf(
  cluster: Cluster,
  wanted: readonly WantedKind[],
): Promise<{ schemas: Schemas; errors: ReadonlyMap<string, Unlisted> }> {
  const documents: OpenApiDocument[] = [];
  const errors = new Map<string, Unlisted>();
  const groupVersions = [...new Set(wanted.map(({ apiVersion }) => apiVersion))];
  await eachAtOnce(groupVersions, AT_ONCE, async (groupVersion) => {
    const answer = await cluster.openapi(groupVersion);
    if (answer.kind !== 'answered') errors.set(groupVersion, unlisted(answer));
    else if (answer.value !== undefined) documents.push(answer.value as OpenApiDocument);
  });
  return { schemas: schemasFrom(documents), errors };
}

/** What was listed so far. */
function viewOf(
  listed: ReadonlyMap<string, ListedKind>,
  discovery: Discovery,
): Pick<LiveObjects, 'find' | 'all'> {
  return {
    all(apiVersion, kind) {
      const found = listed.get(keyOf({ apiVersion, kind }));
      switch (found?.kind) {
        case 'whole':
          return [...found.objects.values()];
        case 'by-namespace':
          return [...found.namespaces.values()].flatMap((each) => (isListed(each) ? [...each.values()] : []));
        default:
          return [];
      }
    },
    find(reference, defaultNamespace) {
      const found = listed.get(keyOf(reference));
      const scope = discovery.find(reference.apiVersion, reference.kind)?.scope;
      const namespace = scope === 'cluster' ? '' : (reference.namespace ?? defaultNamespace ?? '');
      return found === undefined
        ? { kind: 'unknown', reason: `${reference.kind} objects were not read` }
        : lookUp(found, namespace, reference.name);
    },
  };
}

function lookUp(found: ListedKind, namespace: string, name: string): Found {
  switch (found.kind) {
    case 'not-served':
      return { kind: 'not-served' };
    case 'unknown':
      return found;
    case 'whole':
      return inList(found.objects, namespace, name);
    case 'by-namespace': {
      const place = found.namespaces.get(namespace) ?? found.whole;
      return isListed(place) ? inList(place, namespace, name) : place;
    }
  }
}

function inList(objects: Listed, namespace: string, name: string): Found {
  const object = objects.get(`${namespace}/${name}`);
  return object === undefined ? { kind: 'absent' } : { kind: 'found', object };
}

async function listKind(cluster: Cluster, discovery: Discovery, wanted: WantedKind): Promise<ListedKind> {
  const { apiVersion, kind } = wanted;
  const served = discovery.find(apiVersion, kind);
  if (served === undefined) {
    return discovery.stale.has(apiVersion)
      ? {
          kind: 'unknown',
          reason: `the server behind ${apiVersion} does not answer (see "kubectl get apiservices")`,
        }
      : { kind: 'not-served' };
  }
  const options = optionsOf(wanted);
  const whole = await cluster.list(served, options);
  if (whole.kind === 'answered') return { kind: 'whole', objects: byName(whole.value) };
  if (whole.kind !== 'forbidden' || served.scope === 'cluster' || wanted.namespaces.size === 0)
    return unlisted(whole);
  const namespaces = new Map<string, Listed | Unlisted>();
  await eachAtOnce([...wanted.namespaces], AT_ONCE, async (namespace) => {
    const answer = await cluster.list(served, { ...options, namespace });
    namespaces.set(namespace, answer.kind === 'answered' ? byName(answer.value) : unlisted(answer));
  });
  return { kind: 'by-namespace', namespaces, whole: unlisted(whole) };
}

const optionsOf = ({ keep, labelSelector }: WantedKind): ListOptions => ({
  keep,
  ...(labelSelector === undefined ? {} : { labelSelector }),
});

const byName = (objects: readonly KubernetesObject[]): Listed =>
  new Map(objects.map((object) => [`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]));

const unlisted = ({ reason, rule }: { readonly reason: string; readonly rule?: string }): Unlisted => ({
  kind: 'unknown',
  reason,
  ...(rule === undefined ? {} : { rule }),
});

const isListed = (value: Listed | Unlisted): value is Listed => value instanceof Map;

const keyOf = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string =>
  `${apiVersion}/${kind}`;
