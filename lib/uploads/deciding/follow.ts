import type { Target } from '../../config/config.ts';
import type { Clone } from '../../repository/clone.ts';
import type { CommitPlan } from '../../repository/commit.ts';
import {
  appliedValues,
  appliedValuesFile,
  applyFolder,
  type ReleaseName,
  releaseFile,
  releasesFolder,
  valuesFile,
} from '../../repository/layout.ts';
import { readStanding, type Standing, standingFile } from './standing.ts';

/**
 * Commits for the releases whose ConfigMap in `apply/` is not made of their values.yaml any more: a person changed
 * that file in Git, and Flux reads the ConfigMap; or the ConfigMap itself, which is Fairlead's.
 */
export async function planStaleValues(
  clone: Clone,
  tip: string,
  targets: readonly Target[],
): Promise<readonly { readonly target: string; readonly plan: CommitPlan }[]> {
  const plans: { target: string; plan: CommitPlan }[] = [];
  for (const target of targets) {
    if (target.deployer !== 'flux' || target.driftOnly) continue;
    const standing = await readStanding(clone, tip, [
      `${applyFolder(target)}/`,
      `${releasesFolder(target)}/`,
    ]);
    const releases = releasesOf(target, standing);
    const contents = await clone.blobs(releases.map(({ id }) => id));
    for (const { name, id } of releases) {
      const text = contents.get(id)?.toString('utf8');
      const written = text === undefined ? undefined : appliedValues(target, name, text);
      if (written === undefined) continue;
      const file = { mode: 0o644, data: Buffer.from(written.text) } as const;
      if (standing.get(written.path)?.id === standingFile(file).id) continue;
      const message = [
        `Follow the values of ${name.namespace}/${name.release}`,
        '',
        `${written.path}, which Flux reads, is made of ${valuesFile(target, name)}; one of them was changed in Git.`,
        '',
        `Fairlead-Target: ${target.name}`,
        '',
      ].join('\n');
      const plan = { message, files: new Map([[written.path, file]]), within: [written.path] };
      plans.push({ target: target.name, plan });
    }
  }
  return plans;
}

/** Releases that Fairlead has set up and that still have both files. */
function releasesOf(target: Target, standing: Standing): readonly { name: ReleaseName; id: string }[] {
  const folder = `${releasesFolder(target)}/`;
  return [...standing].flatMap(([path, { id }]) => {
    if (!path.startsWith(folder)) return [];
    const [namespace = '', release = '', file, ...beyond] = path.slice(folder.length).split('/');
    if (file !== 'values.yaml' || beyond.length > 0) return [];
    const name = { namespace, release };
    const setUp = standing.has(releaseFile(target, name)) && standing.has(appliedValuesFile(target, name));
    return setUp ? [{ name, id }] : [];
  });
}
