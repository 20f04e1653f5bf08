import type { RenderedObject } from '../charts/render-request.ts';
import type { KubernetesObject, ObjectReference } from '../objects/objects.ts';
import { attributionOf } from './attribution.ts';
import { declaresNothing } from './normal.ts';
import type { Owners } from './owners.ts';
import { formatPath } from './path.ts';
import type { Finding, Path } from './verdicts.ts';

const metadata = (name: string): Path => [
  { kind: 'field', name: 'metadata' },
  { kind: 'field', name },
];

/** A finding if the object is being deleted: held by a finalizer, it otherwise compares equal. */
export function deletionOf(object: ObjectReference, live: KubernetesObject): Finding[] {
  const since = live.metadata.deletionTimestamp;
  if (typeof since !== 'string') return [];
  const path = metadata('deletionTimestamp');
  const note = `being deleted since ${since}`;
  return [{ verdict: 'changed', object, path, at: formatPath(path), live: since, secret: false, note }];
}

/** Rule 6: a finding if the deployer, who must own the object, has no entry in its record of writers. */
export function foreignOf(
  object: ObjectReference,
  { role, object: desired }: RenderedObject,
  owners: Owners,
  deployers: ReadonlySet<string>,
): Finding[] {
  const { writers } = owners;
  if (role !== 'applied' || writers.some(({ manager }) => deployers.has(manager))) return [];
  // Nothing to own: a ServiceAccount that is only a name has no entry.
  if (writers.length === 0 && declaresNothing(desired)) return [];
  const path = metadata('managedFields');
  const note =
    writers.length === 0
      ? 'the record of writers is absent or was cleared'
      : `not written by the deployer (${[...deployers].join(', ')}): created by another, or its record was taken away`;
  const attribution = attributionOf(writers, deployers, owners, false);
  return [{ verdict: 'changed', object, path, at: formatPath(path), secret: false, attribution, note }];
}
