import type { Target } from '../config/config.ts';
import { isJsonObject } from '../objects/objects.ts';
import { appliedValuesFile, chartFolder, valuesFile } from '../repository/layout.ts';
import { type ApplyFolder, findDeclared } from './apply-folder.ts';
import type { CommitReader } from './commit-reader.ts';
import { isHelmRelease, readHelmRelease } from './helm-release.ts';
import { readFile } from './values-documents.ts';

/**
 * Flux releases whose ConfigMap in `apply/` is not made of their values.yaml any more: a person committed to that
 * file, and the ConfigMap must follow it.
 * @returns `namespace/release` of each
 */
export async function staleValues(
  apply: ApplyFolder,
  target: Target,
  clone: CommitReader,
  commit: string,
): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const { object } of apply.objects) {
    if (!isHelmRelease(object)) continue;
    const { namespace, name, source } = readHelmRelease(object, (space, map) =>
      findDeclared(apply, 'ConfigMap', space, map),
    );
    const release = { namespace, release: name };
    if (source.kind !== 'in-git' || source.chart !== chartFolder(target, release)) continue;
    const map = apply.objects.findLast(
      ({ object: declared, file }) =>
        declared.kind === 'ConfigMap' && file === appliedValuesFile(target, release),
    );
    const data = isJsonObject(map?.object.data) ? map.object.data['values.yaml'] : undefined;
    if (typeof data !== 'string') continue;
    const values = await readFile(valuesFile(target, release), clone, commit);
    if (values !== undefined && values !== data) stale.push(`${namespace}/${name}`);
  }
  return stale;
}
