import type { FileTree } from '../../content/tree.ts';
import { checkManifest, tooComplex } from '../files/file-checks.ts';
import { limited, OUTPUT_SECONDS } from '../files/limited.ts';
import { distinct, type Reason } from '../reasons.ts';
import type { RenderRequest } from '../render-request.ts';
import type { RawObject } from './release-render.ts';
import { roleOf } from './roles.ts';

export type RawManifests =
  | { readonly kind: 'rendered'; readonly objects: readonly RawObject[] }
  | { readonly kind: 'failed'; readonly reasons: readonly Reason[] };

const MANIFEST = /\.(ya?ml|json)$/;
/** Names that a deployer does not apply but reads as orders to itself. */
const KUSTOMIZATION = /(^|\/)kustomization(\.ya?ml)?$/i;

/**
 * The objects of a tree of YAML files as the deployer reads them: Flux through kustomize, Argo CD and plain kubectl
 * as Kubernetes does.
 */
export async function readManifests(
  request: RenderRequest,
  tree: FileTree,
  path: string,
): Promise<RawManifests> {
  const reader = request.deployer === 'flux' ? 'kustomize' : 'kubernetes';
  const files = [...tree]
    .filter(([name]) => MANIFEST.test(name) && !KUSTOMIZATION.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { data }]) => ({ file: placeOf(path, name), text: data.toString('utf8') }));
  const against = request.purpose === 'judge' ? await checkFiles(request, tree, path) : [];
  const read = await limited('readManifests', { files, reader }, OUTPUT_SECONDS);
  if (read.kind === 'too-complex')
    return { kind: 'failed', reasons: [...against, tooComplex(path, OUTPUT_SECONDS)] };
  const reasons = distinct([...against, ...read.result.reasons]);
  if (reasons.length > 0) return { kind: 'failed', reasons };
  const objects = read.result.objects.map((entry) => ({
    ...entry,
    // To kubectl and kustomize-controller helm's marks are annotations like any other.
    role: request.deployer === 'argocd' ? roleOf(entry.object, 'argocd') : ('applied' as const),
    source: entry.place.file ?? path,
    usesLookup: false,
  }));
  return { kind: 'rendered', objects };
}

async function checkFiles({ boundary }: RenderRequest, tree: FileTree, path: string): Promise<Reason[]> {
  const { allowPlainSecrets } = boundary;
  const reasons: Reason[] = [];
  for (const [name, { data }] of tree)
    reasons.push(...(await checkManifest(data, placeOf(path, name), { allowPlainSecrets })));
  return reasons;
}

/** `path` is the folder that the tree lies in, or the file itself where the tree is that one file. */
const placeOf = (path: string, name: string): string =>
  path === '' || path === name ? name : path.endsWith(`/${name}`) ? path : `${path}/${name}`;
