import * as z from 'zod';
import { groupOf, type KubernetesObject } from '../objects/objects.ts';
import { sealSecret } from '../objects/secrets.ts';
import { type Answer, answered, answerOf } from './answers.ts';
import type { ServedKind } from './discovery.ts';
import type { Reader } from './reader.ts';

/** As kubectl pages (k8s.io/cli-runtime, DefaultChunkSize): bounds the memory of server and client. */
const PAGE = 500;
/** A list that outlives its resource version (five minutes, etcd's compaction) is begun anew. */
const BEGINNINGS = 3;
/** A check of more objects of one kind is a configuration to talk about. */
const OBJECTS = 200_000;
/** Helm keeps ten copies of each release in Secrets of this type; they are large, and no release declares them. */
const NOT_HELMS_OWN = 'type!=helm.sh/release.v1';

const page = z.object({
  metadata: z.object({ continue: z.string().optional() }).optional(),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).nullable(),
});

export interface ListOptions {
  /** Absent: the whole cluster. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Enough when there are that many: one page of that size. */
  readonly atMost?: number;
}

/** All objects of a kind, a page at a time. Values of Secrets never leave here in clear. */
export async function listObjects(
  reader: Reader,
  served: ServedKind,
  options: ListOptions,
  sealing: Uint8Array,
): Promise<Answer<readonly KubernetesObject[]>> {
  const what = `${served.kind} objects${options.namespace === undefined ? '' : ` in ${options.namespace}`}`;
  beginning: for (let beginning = 1; ; beginning++) {
    const objects: KubernetesObject[] = [];
    let token: string | undefined;
    do {
      const reading = await reader.get(
        `${pathOf(served, options.namespace)}?${queryOf(served, options, token)}`,
      );
      if (reading.kind === 'read' && reading.status === 410 && beginning < BEGINNINGS) continue beginning;
      const answer = answerOf(reading, page, what, ruleFor(served));
      if (answer.kind !== 'answered') return answer;
      for (const item of answer.value.items ?? []) {
        // Items of a list do not repeat what kind they are.
        const object = { ...item, apiVersion: served.apiVersion, kind: served.kind } as KubernetesObject;
        objects.push(sealSecret(object, sealing));
      }
      if (objects.length > OBJECTS) {
        return { kind: 'failed', reason: `there are more than ${OBJECTS} ${what}` };
      }
      const isEnough = options.atMost !== undefined && objects.length >= options.atMost;
      token = isEnough ? undefined : answer.value.metadata?.continue || undefined;
    } while (token !== undefined);
    return answered(objects);
  }
}

/** `/apis/apps/v1/namespaces/shop/deployments` */
function pathOf({ apiVersion, resource }: ServedKind, namespace: string | undefined): string {
  const root = groupOf(apiVersion) === '' ? '/api' : '/apis';
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${apiVersion}${place}/${resource}`;
}

function queryOf(served: ServedKind, options: ListOptions, token: string | undefined): URLSearchParams {
  const isSecret = served.kind === 'Secret' && served.apiVersion === 'v1';
  const fields = [
    ...(isSecret ? [NOT_HELMS_OWN] : []),
    ...(options.fieldSelector ? [options.fieldSelector] : []),
  ];
  return new URLSearchParams({
    limit: String(Math.min(PAGE, options.atMost ?? PAGE)),
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
