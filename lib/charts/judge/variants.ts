import { formatJson } from '../../objects/json.ts';
import { identityOf, referenceOf } from '../../objects/objects.ts';
import type { RawObject } from '../render/release-render.ts';
import type { Judged } from './object-checks.ts';

/**
 * What other renders hold instead of an object of the first: another content under the same name, or another name. An
 * upgrade is applied as well as an install, so it is judged, too: a Role must not become another one with the second.
 */
export function variantsOf(
  objects: readonly Judged[],
  others: readonly (readonly RawObject[])[],
): readonly RawObject[] {
  const steady = new Set(
    objects.filter(({ unstable }) => unstable.length === 0).map((entry) => identity(entry)),
  );
  const found = new Map<string, RawObject>();
  for (const entry of others.flat()) {
    if (steady.has(identity(entry))) continue;
    found.set(`${entry.role} ${entry.source} ${formatJson(entry.object)}`, entry);
  }
  return [...found.values()];
}

const identity = ({ object }: RawObject): string => identityOf(referenceOf(object));
