import * as z from 'zod';
import { groupOf, isJsonObject, type Json, type KubernetesObject } from '../objects/objects.ts';
import { sealSecret } from '../objects/secrets.ts';
import { type Answer, answered, answerOf, type Unreadable } from './answers.ts';
import type { ServedKind } from './discovery.ts';
import type { Reader } from './reader.ts';

/** As kubectl pages (k8s.io/cli-runtime, DefaultChunkSize): bounds the memory of server and client. */
const PAGE = 500;
/** Where a page is more than is held in memory at once: what is asked for next. */
const SMALLER = 10;
/** A list that outlives its resource version (five minutes, etcd's compaction) is begun anew. */
const BEGINNINGS = 3;
/** A check of more objects of one kind is a configuration to talk about. */
const OBJECTS = 200_000;
/** A server may give pages with fewer objects than were asked for, or none; one that never ends is not followed. */
const PAGES = 2_000;
/** Helm keeps ten copies of each release in Secrets of this type; they are large, and no release declares them. */
const NOT_HELMS_OWN = 'type!=helm.sh/release.v1';

const page = z.object({
  kind: z.string().endsWith('List'),
  apiVersion: z.string(),
  metadata: z.object({ continue: z.string().optional() }).optional(),
  // Looked at below, by hand: hundreds of objects of any shape, of which most are let go at once.
  items: z.array(z.unknown()).nullable(),
});

export interface ListOptions {
  /** Absent: the whole cluster. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Enough when there are that many: one page of that size. */
  readonly atMost?: number;
  /** Of each page only these are kept in memory. */
  readonly keep?: (object: KubernetesObject) => boolean;
}

/** All objects of a kind, a page at a time. Values of Secrets never leave here in clear. */
export async function listObjects(
  reader: Reader,
  served: ServedKind,
  options: ListOptions,
  sealing: Uint8Array,
): Promise<Answer<readonly KubernetesObject[]>> {
  for (let beginning = 1; ; beginning++) {
    const listed = await listOnce(reader, served, options, sealing);
    if (listed.kind !== 'expired') return listed;
    if (beginning === BEGINNINGS)
      return failed(`reading ${nameOf(served, options)}: it changes faster than its pages can be read (410)`);
  }
}

async function listOnce(
  reader: Reader,
  served: ServedKind,
  options: ListOptions,
  sealing: Uint8Array,
): Promise<Answer<readonly KubernetesObject[]> | { readonly kind: 'expired' }> {
  const what = nameOf(served, options);
  const objects: KubernetesObject[] = [];
  let limit = Math.min(PAGE, options.atMost ?? PAGE);
  let token: string | undefined;
  let seen = 0;
  for (let pages = 1; ; pages++) {
    const query = queryOf(served, options, limit, token);
    const reading = await reader.get(`${pathOf(served, options.namespace)}?${query}`);
    if (reading.kind === 'read' && reading.status === 410) return { kind: 'expired' };
    if (reading.kind === 'too-large' && limit > 1) {
      limit = Math.max(1, Math.floor(limit / SMALLER));
      continue;
    }
    const answer = answerOf(reading, page, what, ruleFor(served));
    if (answer.kind !== 'answered') return answer;
    const { apiVersion, items, metadata } = answer.value;
    if (apiVersion !== served.apiVersion) return failed(`reading ${what}: the cluster answered with others`);
    for (const item of items ?? []) {
      if (!isOf(item, served, options)) return failed(`reading ${what}: the cluster answered with others`);
      seen++;
      // Items of a list do not repeat what kind they are.
      const object = { ...item, apiVersion: served.apiVersion, kind: served.kind } as KubernetesObject;
      if (options.keep?.(object) ?? true) objects.push(sealSecret(object, sealing));
    }
    if (seen > OBJECTS) return failed(`there are more than ${OBJECTS} ${what}`);
    const before = token;
    const isEnough = options.atMost !== undefined && seen >= options.atMost;
    token = isEnough ? undefined : metadata?.continue || undefined;
    if (token === undefined) return answered(objects);
    if (token === before || pages >= PAGES)
      return failed(`reading ${what}: the cluster says that there is more, without end`);
  }
}

/** A server of one's own (an APIService) may say anything: an object of another kind must not be taken for this one. */
function isOf(
  item: unknown,
  served: ServedKind,
  { namespace }: ListOptions,
): item is { [key: string]: Json } {
  if (!isJsonObject(item) || !isJsonObject(item.metadata)) return false;
  const { metadata } = item;
  return (
    typeof metadata.name === 'string' &&
    metadata.name !== '' &&
    (metadata.namespace === undefined || typeof metadata.namespace === 'string') &&
    (namespace === undefined || metadata.namespace === undefined || metadata.namespace === namespace) &&
    (item.kind === undefined || item.kind === served.kind) &&
    (item.apiVersion === undefined || item.apiVersion === served.apiVersion)
  );
}

const failed = (reason: string): Unreadable => ({ kind: 'failed', reason });

const nameOf = ({ kind }: ServedKind, { namespace }: ListOptions): string =>
  `${kind} objects${namespace === undefined ? '' : ` in ${namespace}`}`;

/** `/apis/apps/v1/namespaces/shop/deployments` */
function pathOf({ apiVersion, resource }: ServedKind, namespace: string | undefined): string {
  const root = groupOf(apiVersion) === '' ? '/api' : '/apis';
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${apiVersion}${place}/${resource}`;
}

function queryOf(
  served: ServedKind,
  options: ListOptions,
  limit: number,
  token: string | undefined,
): URLSearchParams {
  const isSecret = served.kind === 'Secret' && served.apiVersion === 'v1';
  const fields = [
    ...(isSecret ? [NOT_HELMS_OWN] : []),
    ...(options.fieldSelector ? [options.fieldSelector] : []),
  ];
  return new URLSearchParams({
    limit: String(limit),
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    ...(fields.length === 0 ? {} : { fieldSelector: fields.join(',') }),
    ...(token === undefined ? {} : { continue: token }),
  });
}

/** The rule of a ClusterRole that allows this list, as YAML to paste below `rules:`. */
export const ruleFor = ({ apiVersion, resource }: Pick<ServedKind, 'apiVersion' | 'resource'>): string =>
  [
    `- apiGroups: ["${groupOf(apiVersion)}"]`,
    `  resources: ["${resource}"]`,
    '  verbs: ["get", "list"]',
  ].join('\n');
