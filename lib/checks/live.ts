import { eachAtOnce } from '../at-once/at-once.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Discovery, ServedKind } from '../cluster/discovery.ts';
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
 */
export async function readLive(
  cluster: Cluster,
  discovery: Discovery,
  wanted: readonly WantedKind[],
  marks: ReadonlySet<string>,
): Promise<LiveObjects> {
  const keeping = wanted.map((kind) => ({
    ...kind,
    keep: (object: KubernetesObject) => kind.keep(object) || marksOf(object).some((mark) => marks.has(mark)),
  }));
  const listed = new Map<string, ListedKind>();
  const documents: OpenApiDocument[] = [];
  const schemaErrors = new Map<string, Unlisted>();
  for (const turn of [0, 1, 2] as const) {
    const now = keeping.filter((kind) => kind.turn === turn);
    await eachAtOnce(now, AT_ONCE, async (kind) => {
      listed.set(keyOf(kind), await listKind(cluster, discovery, kind));
    });
  }
  await eachAtOnce(
    [...new Set(wanted.map(({ apiVersion }) => apiVersion))],
    AT_ONCE,
    async (groupVersion) => {
      const answer = await cluster.openapi(groupVersion);
      if (answer.kind !== 'answered') schemaErrors.set(groupVersion, unlisted(answer));
      else if (answer.value !== undefined) documents.push(answer.value as OpenApiDocument);
    },
  );

  const all = (apiVersion: string, kind: string): readonly KubernetesObject[] => {
    const found = listed.get(keyOf({ apiVersion, kind }));
    switch (found?.kind) {
      case 'whole':
        return [...found.objects.values()];
      case 'by-namespace':
        return [...found.namespaces.values()].flatMap((each) => (isListed(each) ? [...each.values()] : []));
      default:
        return [];
    }
  };
  const byMark = new Map<string, KubernetesObject[]>();
  for (const { apiVersion, kind } of wanted) {
    for (const object of all(apiVersion, kind)) {
      for (const mark of marksOf(object)) byMark.set(mark, [...(byMark.get(mark) ?? []), object]);
    }
  }
  return {
    schemas: schemasFrom(documents),
    all,
    marked: (mark) => byMark.get(mark) ?? [],
    find(reference, defaultNamespace) {
      const noSchema = schemaErrors.get(reference.apiVersion);
      if (noSchema !== undefined) return noSchema;
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
  const whole = await cluster.list(served);
  if (whole.kind === 'answered') return { kind: 'whole', objects: kept(whole.value, wanted) };
  if (whole.kind !== 'forbidden' || served.scope === 'cluster' || wanted.namespaces.size === 0)
    return unlisted(whole);
  return await listByNamespace(cluster, served, wanted, unlisted(whole));
}

async function listByNamespace(
  cluster: Cluster,
  served: ServedKind,
  wanted: WantedKind,
  whole: Unlisted,
): Promise<ListedKind> {
  const namespaces = new Map<string, Listed | Unlisted>();
  for (const namespace of wanted.namespaces) {
    const answer = await cluster.list(served, { namespace });
    namespaces.set(namespace, answer.kind === 'answered' ? kept(answer.value, wanted) : unlisted(answer));
  }
  return { kind: 'by-namespace', namespaces, whole };
}

const kept = (objects: readonly KubernetesObject[], wanted: WantedKind): Listed =>
  new Map(
    objects
      .filter(wanted.keep)
      .map((object) => [`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]),
  );

const unlisted = ({ reason, rule }: { readonly reason: string; readonly rule?: string }): Unlisted => ({
  kind: 'unknown',
  reason,
  ...(rule === undefined ? {} : { rule }),
});

const isListed = (value: Listed | Unlisted): value is Listed => value instanceof Map;

const keyOf = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string =>
  `${apiVersion}/${kind}`;
