import type { FileTree } from '../content/tree.ts';
import { treePath } from '../desired/tree-path.ts';
import { formatJson } from '../objects/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../objects/objects.ts';
import type { KustomizePatches, ShapingSpec } from './flux-kustomization.ts';
import { KUSTOMIZATION_NAMES, readKustomizationFile } from './kustomization-file.ts';
import { type KustomizeEdits, withEdits } from './kustomize-edits.ts';

export type Generated =
  | { readonly kind: 'generated'; readonly tree: FileTree }
  /** There is not one manifest. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'refused'; readonly reason: string };

/** The kustomization file of a folder, as kustomize looks for it. */
export const kustomizationOf = (files: { has(path: string): boolean }, folder: string): string | undefined =>
  KUSTOMIZATION_NAMES.map((name) => under(folder, name)).find((path) => files.has(path));

export const under = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/**
 * The tree as kustomize-controller prepares it for the build: the folder's own kustomization, or one of all manifests
 * below it, with what the `Kustomization` object adds (fluxcd/pkg, kustomize/kustomize_generator.go, GenerateManifest).
 */
export function generated(
  tree: FileTree,
  folder: string,
  spec: ShapingSpec,
  edits?: KustomizeEdits,
): Generated {
  const own = kustomizationOf(tree, folder);
  let base: JsonObject;
  if (own === undefined) {
    const resources = scanned([...tree.keys()], folder);
    if (resources.length === 0 && spec.components.length === 0) return { kind: 'empty' };
    base = { resources };
  } else {
    const file = readKustomizationFile(tree.get(own)?.data.toString('utf8') ?? '');
    if (file.kind === 'refused') return { kind: 'refused', reason: `${own}: ${file.reason}` };
    base = file.value;
  }
  const components = spec.components.filter((path) => {
    const found = treePath(path, folder);
    return !spec.ignoreMissingComponents || (found !== undefined && hasFolder(tree, found));
  });
  const value: JsonObject = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    ...base,
    ...(spec.targetNamespace === undefined ? {} : { namespace: spec.targetNamespace }),
    ...(spec.namePrefix === undefined ? {} : { namePrefix: spec.namePrefix }),
    ...(spec.nameSuffix === undefined ? {} : { nameSuffix: spec.nameSuffix }),
    ...added('patches', base, spec.patches.map(patchOf)),
    ...added('components', base, components),
    ...(spec.images.length === 0 ? {} : { images: imagesOf(base.images, spec.images) }),
    ...(spec.buildMetadata.length === 0 ? {} : { buildMetadata: spec.buildMetadata }),
  };
  const edited = edits === undefined ? value : withEdits(value, edits);
  if (typeof edited === 'string') return { kind: 'refused', reason: edited };
  const file = own ?? under(folder, KUSTOMIZATION_NAMES[0]);
  const written = { mode: 0o644, data: Buffer.from(formatJson(edited)) } as const;
  return { kind: 'generated', tree: new Map([...tree, [file, written]]) };
}

/**
 * Every manifest below the folder, a folder with a kustomization of its own as that (scanManifests). Paths relative
 * to the folder.
 */
export function scanned(paths: readonly string[], folder: string): string[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  const below = paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  const roots = new Set<string>();
  for (const path of below) {
    const slash = path.lastIndexOf('/');
    if (slash > 0 && (KUSTOMIZATION_NAMES as readonly string[]).includes(path.slice(slash + 1)))
      roots.add(path.slice(0, slash));
  }
  const found = new Set<string>();
  for (const path of below) {
    const root = roots.size === 0 ? undefined : outermost(path, roots);
    if (root !== undefined) found.add(root);
    else if (/\.ya?ml$/.test(path)) found.add(path);
  }
  return [...found].sort();
}

/** The first folder on the way to the file that is one of them. */
function outermost(path: string, folders: ReadonlySet<string>): string | undefined {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash);
    if (folders.has(folder)) return folder;
  }
  return undefined;
}

const hasFolder = (tree: FileTree, folder: string): boolean =>
  [...tree.keys()].some((path) => path.startsWith(`${folder}/`));

const added = (field: string, base: JsonObject, more: readonly Json[]): JsonObject => {
  if (more.length === 0) return {};
  const before = base[field];
  return { [field]: [...(Array.isArray(before) ? before : []), ...more] };
};

export const patchOf = ({ patch, target }: KustomizePatches['patches'][number]): JsonObject => ({
  patch,
  ...(target === undefined ? {} : { target: { ...target } as JsonObject }),
});

/** One with the name of another goes into it; tag and digest count as one thing. */
function imagesOf(before: Json | undefined, more: KustomizePatches['images']): readonly Json[] {
  const images: JsonObject[] = Array.isArray(before) ? before.filter(isJsonObject) : [];
  for (const { name, newName, newTag, digest } of more) {
    const index = images.findIndex((image) => image.name === name);
    const chosen = {
      ...(newName ? { newName } : {}),
      ...(newTag || digest ? { newTag: newTag ?? '', digest: digest ?? '' } : {}),
    };
    if (index < 0) images.push({ name, ...chosen });
    else images[index] = { ...images[index], ...chosen };
  }
  return images;
}
