import {
  groupOf,
  identityOf,
  isJsonObject,
  type Json,
  type KubernetesObject,
  referenceOf,
} from '../../objects/objects.ts';
import { type Declared, isPlainSecret } from '../files/declared.ts';
import { distinct, formatPlace, type Reason, reason } from '../reasons.ts';
import type { RawObject } from '../render/release-render.ts';
import type { Boundary, RenderRequest } from '../render-request.ts';
import { checkBoundary } from './boundary.ts';
import { findCredentials } from './credentials.ts';

/** An object as it would be applied, in clear, with what is unstable in it. */
export interface Judged extends RawObject {
  readonly unstable: readonly string[];
}

/** Every reason against the objects that a commit would apply. */
export function checkObjects(objects: readonly Judged[], request: RenderRequest): Reason[] {
  const { boundary, deployer } = request;
  return distinct([
    ...duplicatesIn(objects),
    ...objects.flatMap((entry) => [
      ...checkBoundary(entry, boundary),
      ...checkCrdsFolder(entry),
      ...checkSecret(entry, boundary),
      ...checkCredentials(entry, boundary),
      ...(deployer === 'argocd' ? [] : checkListKeys(entry)),
    ]),
  ]);
}

/** Hooks may share a name: helm deletes one before it makes the next. */
function duplicatesIn(objects: readonly Judged[]): Reason[] {
  const seen = new Map<string, Declared>();
  return objects.flatMap((entry) => {
    if (entry.role === 'hook') return [];
    const identity = identityOf(referenceOf(entry.object));
    const other = seen.get(identity);
    seen.set(identity, other ?? entry);
    return other === undefined
      ? []
      : [
          reason(
            'object-duplicate',
            { object: named(entry.object), other: formatPlace(other.place) },
            entry.place,
          ),
        ];
  });
}

function checkCrdsFolder({ object, place, role }: Judged): Reason[] {
  return role === 'crd' && object.kind !== 'CustomResourceDefinition'
    ? [reason('crds-folder', { object: named(object) }, place)]
    : [];
}

/** Data that every render repeats came from the chart or the values; a generated password does not enter Git. */
function checkSecret({ object, place, unstable }: Judged, { allowPlainSecrets }: Boundary): Reason[] {
  if (
    allowPlainSecrets ||
    !isPlainSecret(object) ||
    unstable.includes('/data') ||
    unstable.includes('/stringData')
  )
    return [];
  const isStable = (field: 'data' | 'stringData') => {
    const values = object[field];
    return (
      isJsonObject(values) &&
      Object.entries(values).some(
        ([key, value]) => value !== null && value !== '' && !unstable.includes(`/data/${escaped(key)}`),
      )
    );
  };
  return isStable('data') || isStable('stringData')
    ? [reason('plain-secret', { name: object.metadata.name }, place)]
    : [];
}

function checkCredentials({ object, place, unstable }: Judged, { allowPlainSecrets }: Boundary): Reason[] {
  // What a Secret may hold is the rule above.
  if (object.kind === 'Secret' && object.apiVersion === 'v1') {
    if (allowPlainSecrets) return [];
  }
  const found: Reason[] = [];
  walk(object as unknown as Json, '', (text, pointer) => {
    if (unstable.some((path) => pointer === path || pointer.startsWith(`${path}/`))) return;
    for (const { kind } of findCredentials(text, 1))
      found.push(reason('credential-found', { kind }, { ...place, pointer }));
  });
  return found;
}

function walk(value: Json, pointer: string, visit: (text: string, pointer: string) => void): void {
  if (typeof value === 'string') visit(value, pointer);
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) walk(item, `${pointer}/${index}`, visit);
  else if (isJsonObject(value))
    for (const [key, entry] of Object.entries(value)) walk(entry, `${pointer}/${escaped(key)}`, visit);
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

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

function checkListKeys({ object, place }: Judged): Reason[] {
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
      const problem = `${path}${field} names "${twice}" twice, which a server-side apply refuses`;
      found.push(reason('object-invalid', { object: named(object), problem }, place));
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
