import type { Target } from '../config/config.ts';
import { chartFolder, releasesFolder, valuesFile } from '../repository/layout.ts';
import type { CommitReader } from './commit-reader.ts';
import type { ReleaseDeclaration } from './declaration.ts';

/** The releases of a target without a deployer: every folder `releases/<namespace>/<release>/chart`. */
export async function plainReleases(
  target: Target,
  clone: CommitReader,
  commit: string,
): Promise<readonly ReleaseDeclaration[]> {
  const entries = await clone.list(commit, releasesFolder(target));
  return entries.flatMap(({ path }) => {
    const [, namespace, name] = /^([^/]+)\/([^/]+)\/chart\/Chart\.yaml$/.exec(path) ?? [];
    if (namespace === undefined || name === undefined) return [];
    const release = { namespace, release: name };
    return [
      {
        namespace,
        name,
        suspended: false,
        source: {
          kind: 'in-git' as const,
          chart: chartFolder(target, release),
          chartValues: [],
          values: [{ kind: 'file' as const, path: valuesFile(target, release), ifMissing: 'skip' as const }],
        },
      },
    ];
  });
}
