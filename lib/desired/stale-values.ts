import type { Target } from '../config/config.ts';
import { isJsonObject } from '../objects/objects.ts';
import { appliedValuesFile, chartFolder, valuesFile } from '../repository/layout.ts';
import type { CommitReader } from './commit-reader.ts';
import type { ReleaseDeclaration } from './declaration.ts';
import type { DeclaredObjects } from './flux/declared-objects.ts';
import { readFile } from './values-documents.ts';

/**
 * Flux releases whose ConfigMap in `apply/` is not made of their values.yaml any more: a person committed to that
 * file, and the ConfigMap must follow it.
 * @returns `namespace/release` of each
 */
export async function staleValues(
  releases: readonly ReleaseDeclaration[],
  objects: DeclaredObjects,
  target: Target,
  clone: CommitReader,
  commit: string,
): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const { namespace, name, source } of releases) {
    const release = { namespace, release: name };
    if (source.kind !== 'in-git' || source.chart !== chartFolder(target, release)) continue;
    const map = objects.from(appliedValuesFile(target, release)).findLast(({ kind }) => kind === 'ConfigMap');
    const data = isJsonObject(map?.data) ? map.data['values.yaml'] : undefined;
    if (typeof data !== 'string') continue;
    const values = await readFile(valuesFile(target, release), clone, commit);
    if (values !== undefined && values !== data) stale.push(`${namespace}/${name}`);
  }
  return stale;
}
