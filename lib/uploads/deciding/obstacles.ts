import { type Reason, reason } from '../../charts/reasons.ts';
import type { Target } from '../../config/config.ts';
import type { Clone } from '../../repository/clone.ts';
import { manifestFile, manifestsFolder, releaseFile } from '../../repository/layout.ts';
import type { Group } from './group.ts';
import { placesOf } from './plan.ts';
import { readStanding, type Standing } from './standing.ts';

/** What of other people's, or of other slots, stands in the way of a group. */
export type Obstacle =
  | { readonly kind: 'refused'; readonly reason: Reason }
  /** A twin in the same batch: once that one has ended it is known whether there still is one. */
  | { readonly kind: 'later' };

/**
 * Looks, for each group, for links and submodules where it has a file (they would be followed by some and replaced by
 * others), and for manifests whose path differs from its own only in case or Unicode form, in any folder of it: on some
 * machines the two are one.
 */
export async function obstaclesOf(
  clone: Clone,
  tip: string | undefined,
  groups: readonly Group[],
  standing: Standing,
): Promise<readonly (Obstacle | undefined)[]> {
  const spellings = new Map<string, Spellings>();
  const found: (Obstacle | undefined)[] = [];
  for (const group of groups) {
    const path = manifestOf(group);
    const { target } = group;
    const place = specialFile(group, standing);
    if (place !== undefined) {
      found.push({ kind: 'refused', reason: reason('place-taken', { path: place }, { file: place }) });
      continue;
    }
    if (path === undefined) {
      found.push(undefined);
      continue;
    }
    const known = spellings.get(target.name) ?? (await spellingsOf(clone, tip, target));
    spellings.set(target.name, known);
    found.push(known.take(path));
  }
  return found;
}

const manifestOf = ({ target, slots }: Group): string | undefined => {
  const key = slots[0]?.[0]?.key;
  return key?.kind === 'manifest' ? manifestFile(target, key.path) : undefined;
};

/** A link (120000) or submodule (160000) at one of the group's own files. */
function specialFile({ target, slots }: Group, standing: Standing): string | undefined {
  const files = slots.flatMap(([first]) => {
    if (first === undefined) return [];
    const { key } = first;
    // release.yaml is people's, whatever it is.
    const theirs = key.kind === 'manifest' ? undefined : releaseFile(target, key);
    return placesOf(target, key).filter((place) => !place.endsWith('/') && place !== theirs);
  });
  return files.find((path) => {
    const mode = standing.get(path)?.mode;
    return mode !== undefined && mode !== '100644' && mode !== '100755';
  });
}

/** How each path and each of its folders is spelt, in Git and by those before it in the batch. */
interface Spellings {
  take(path: string): Obstacle | undefined;
}

async function spellingsOf(clone: Clone, tip: string | undefined, target: Target): Promise<Spellings> {
  const inGit = new Map<string, string>();
  const standing = await readStanding(clone, tip, [`${manifestsFolder(target)}/`]);
  for (const path of standing.keys()) for (const part of partsOf(path)) inGit.set(folded(part), part);
  const inBatch = new Map<string, string>();
  return {
    take(path) {
      for (const part of partsOf(path)) {
        const other = inGit.get(folded(part));
        if (other !== undefined && other !== part)
          return { kind: 'refused', reason: reason('place-twin', { other }, { file: path }) };
      }
      if (partsOf(path).some((part) => (inBatch.get(folded(part)) ?? part) !== part))
        return { kind: 'later' };
      for (const part of partsOf(path)) inBatch.set(folded(part), part);
      return undefined;
    },
  };
}

/** `a`, `a/b`, `a/b/c.yaml` */
const partsOf = (path: string): readonly string[] =>
  path.split('/').map((_, index, all) => all.slice(0, index + 1).join('/'));

/** As file systems compare that tell neither case nor Unicode forms apart. */
const folded = (path: string): string => path.normalize('NFC').toLowerCase();
