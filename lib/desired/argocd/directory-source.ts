import { argoGlobMatches } from '../../drift/deployer-rules/argo-glob.ts';
import type { JsonObject } from '../../objects/objects.ts';
import { type ReleaseSource, unresolved } from '../declaration.ts';
import { at, isEmpty, text } from '../json-reading.ts';
import type { Here } from './here.ts';

const MANIFEST = /\.(ya?ml|json|jsonnet)$/;
/** What a file says that Argo CD is to pass over. */
const SKIPPED = '+argocd:skip-file-rendering';
const WHOLE_FILES = 2000;

/**
 * The manifests of a folder (argo-cd, reposerver/repository/repository.go, findManifests): YAML and JSON, below it too
 * with `recurse`; `exclude` goes before `include`. A YAML file that does not look like a manifest, such as values, is
 * passed over.
 */
export async function directorySource(
  directory: JsonObject | undefined,
  { folder, files }: { readonly folder: string; readonly files: readonly string[] },
  here: Here,
): Promise<ReleaseSource> {
  const [exclude, include] = [text(directory?.exclude), text(directory?.include)];
  const taken = files
    .filter((path) => MANIFEST.test(path))
    .filter((path) => directory?.recurse === true || !path.includes('/'))
    .filter((path) => exclude === undefined || !argoGlobMatches(exclude, path))
    .filter((path) => include === undefined || argoGlobMatches(include, path));
  const jsonnet = taken.find((path) => path.endsWith('.jsonnet'));
  if (jsonnet !== undefined)
    return unresolved(`${folder}/${jsonnet} is Jsonnet, which Fairlead does not run`);
  if (!isEmpty(at(directory, 'jsonnet') ?? null))
    return unresolved('its manifests are made with Jsonnet, which Fairlead does not run');
  if (taken.length > WHOLE_FILES)
    return unresolved(`${folder} has ${taken.length} manifests; at most ${WHOLE_FILES} are read`);
  const applied: string[] = [];
  for (const path of taken) {
    const content = await here.read(folder === '' ? path : `${folder}/${path}`);
    if (
      content !== undefined &&
      !content.includes(SKIPPED) &&
      (path.endsWith('.json') || isManifest(content))
    )
      applied.push(path);
  }
  return { kind: 'folder', folder, files: applied };
}

const isManifest = (content: string): boolean =>
  ['apiVersion', 'kind', 'metadata'].every((key) =>
    new RegExp(`^(- )?["']?${key}["']?:|[{,]\\s*["']?${key}["']?:`, 'm').test(content),
  );
