import { groupOf, isJsonObject, type Json, type KubernetesObject } from '../../objects/objects.ts';
import type { Declared } from '../files/declared.ts';
import { type Reason, reason } from '../reasons.ts';

/**
 * Lists whose items a server-side apply tells apart by keys, and refuses twice: containers and ports by name or
 * number, environment by name (`x-kubernetes-list-map-keys` in Kubernetes' api/openapi-spec).
 */
const CONTAINER_LISTS: Readonly<Record<string, readonly string[]>> = {
  env: ['name'],
  ports: ['containerPort', 'protocol'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
};
const POD_LISTS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  imagePullSecrets: ['name'],
};

/** What is known of every cluster, for kinds whose schemas are not: the same that its schemas would say. */
export function checkListKeys({ object, place }: Declared): Reason[] {
  const found: Reason[] = [];
  const check = (
    holder: Json | undefined,
    lists: Readonly<Record<string, readonly string[]>>,
    path: string,
  ) => {
    if (!isJsonObject(holder)) return;
    for (const [field, keys] of Object.entries(lists)) {
      const twice = repeated(holder[field], keys);
      if (twice === undefined) continue;
      const details = { object: named(object), field: `${path}${field}`, key: `"${twice}"` };
      found.push(reason('list-key-repeated', details, place));
    }
  };
  const pod = podSpecOf(object);
  check(pod, POD_LISTS, '');
  for (const field of ['containers', 'initContainers'] as const) {
    const containers = isJsonObject(pod) ? pod[field] : undefined;
    if (Array.isArray(containers))
      for (const container of containers) check(container, CONTAINER_LISTS, `${field}.`);
  }
  if (object.kind === 'Service' && object.apiVersion === 'v1')
    check(object.spec as Json, { ports: ['port', 'protocol'] }, '');
  return found;
}

function podSpecOf(object: KubernetesObject): Json | undefined {
  const spec = object.spec as Json | undefined;
  const at = (value: Json | undefined, ...path: string[]): Json | undefined =>
    path.reduce<Json | undefined>((inner, step) => (isJsonObject(inner) ? inner[step] : undefined), value);
  if (object.kind === 'Pod' && object.apiVersion === 'v1') return spec;
  if (groupOf(object.apiVersion) === 'batch' && object.kind === 'CronJob')
    return at(spec, 'jobTemplate', 'spec', 'template', 'spec');
  return ['apps', 'batch'].includes(groupOf(object.apiVersion)) ? at(spec, 'template', 'spec') : undefined;
}

function repeated(list: Json | undefined, keys: readonly string[]): string | undefined {
  if (!Array.isArray(list)) return undefined;
  const seen = new Set<string>();
  for (const item of list) {
    if (!isJsonObject(item)) continue;
    const name = keys.map((key) => String(item[key] ?? (key === 'protocol' ? 'TCP' : ''))).join('/');
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

const named = ({ kind, metadata: { name } }: KubernetesObject): string => `${kind}/${name}`;
