import { rootOf, type Target } from '../config/config.ts';
import type { CommitReader } from './commit-reader.ts';
import type { ReleaseDeclaration } from './declaration.ts';

/** The releases of a target without a deployer: every folder `releases/<namespace>/<release>/chart`. */
export async function plainReleases(
  target: Target,
  clone: CommitReader,
  commit: string,
): Promise<readonly ReleaseDeclaration[]> {
  const folder = `${rootOf(target)}/releases`;
  const entries = await clone.list(commit, folder);
  return entries.flatMap(({ path }) => {
    const [, namespace, name] = /^([^/]+)\/([^/]+)\/chart\/Chart\.yaml$/.exec(path) ?? [];
    if (namespace === undefined || name === undefined) return [];
    const release = `${folder}/${namespace}/${name}`;
    return [
      {
        namespace,
        name,
        suspended: false,
        source: {
          kind: 'in-git' as const,
          chart: `${release}/chart`,
          chartValues: [],
          values: [{ kind: 'file' as const, path: `${release}/values.yaml`, ifMissing: 'skip' as const }],
        },
      },
    ];
  });
}
