import type { FileTree } from '../../content/tree.ts';
import { argoGlobMatches } from '../../drift/deployer-rules/argo-glob.ts';
import type { JsonObject } from '../../objects/objects.ts';
import { type ReleaseSource, unresolved } from '../declaration.ts';
import { at, isEmpty, text } from '../json-reading.ts';
import { type Here, inFolder } from './here.ts';

const MANIFEST = /\.(ya?ml|json|jsonnet)$/;
/** What a file says that Argo CD is to pass over. */
const SKIPPED = '+argocd:skip-file-rendering';

/**
 * The manifests of a folder (argo-cd, reposerver/repository/repository.go, findManifests): YAML and JSON, below it too
 * with `recurse`; `exclude` goes before `include`. A YAML file that does not look like a manifest, such as values, is
 * passed over.
 */
export async function directorySource(
  directory: JsonObject | undefined,
  folder: string,
  here: Here,
): Promise<ReleaseSource> {
  const [exclude, include] = [text(directory?.exclude), text(directory?.include)];
  const taken = inFolder(here, folder)
    .filter((path) => MANIFEST.test(path))
    .filter((path) => directory?.recurse === true || !path.includes('/'))
    .filter((path) => exclude === undefined || !argoGlobMatches(exclude, path))
    .filter((path) => include === undefined || argoGlobMatches(include, path));
  const jsonnet = taken.find((path) => path.endsWith('.jsonnet'));
  if (jsonnet !== undefined)
    return unresolved(`${folder}/${jsonnet} is Jsonnet, which Fairlead does not run`);
  if (!isEmpty(at(directory, 'jsonnet') ?? null))
    return unresolved('its manifests are made with Jsonnet, which Fairlead does not run');
  const prefix = folder === '' ? '' : `${folder}/`;
  const read = await here.files.read(taken.map((path) => `${prefix}${path}`));
  const tree: FileTree = new Map(
    [...read]
      .filter(([path, { data }]) => isApplied(path, data.toString('utf8')))
      .map(([path, entry]) => [path.slice(prefix.length), entry]),
  );
  return { kind: 'manifests', folder, tree };
}

const isApplied = (path: string, content: string): boolean =>
  !content.includes(SKIPPED) && (path.endsWith('.json') || MARKS.every((mark) => mark.test(content)));

const MARKS = [/["']?\bapiVersion["']?\s*:/, /["']?\bkind["']?\s*:/, /["']?\bmetadata["']?\s*:/];
