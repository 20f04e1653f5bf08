import {
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

/**
 * Every reason against the objects that a commit would apply.
 * @param others the renders beside the first, of which `variants` are what differs from it
 */
export function checkObjects(
  objects: readonly Judged[],
  others: readonly (readonly RawObject[])[],
  variants: readonly RawObject[],
  { boundary }: RenderRequest,
): Reason[] {
  return distinct([
    ...[objects, ...others].flatMap(duplicatesIn),
    ...[...objects, ...variants].flatMap((entry) => [
      ...checkBoundary(entry, boundary),
      ...checkCrdsFolder(entry),
    ]),
    ...objects.flatMap((entry) => [...checkSecret(entry, boundary), ...checkCredentials(entry, boundary)]),
    // A Secret may well hold a key of chance; elsewhere one that only some renders show was written down.
    ...variants
      .filter(({ object }) => object.kind !== 'Secret')
      .flatMap((entry) => checkCredentials({ ...entry, unstable: [] }, boundary)),
  ]);
}

/** Hooks may share a name: helm deletes one before it makes the next. */
function duplicatesIn(objects: readonly RawObject[]): Reason[] {
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

function checkCrdsFolder({ object, place, role }: RawObject): Reason[] {
  return (role === 'crd' || role === 'upgraded-crd') && object.kind !== 'CustomResourceDefinition'
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

const named = ({ kind, metadata: { name } }: KubernetesObject): string => `${kind}/${name}`;
