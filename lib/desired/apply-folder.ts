import type { Deployer } from '../config/config.ts';
import type { FileTree } from '../content/tree.ts';
import { isJsonObject, type Json, type KubernetesObject, referenceOf } from '../objects/objects.ts';
import { parseYamlDocuments } from '../objects/yaml.ts';

/** An object as a file below `apply/` declares it. */
export interface DeclaredObject {
  readonly object: KubernetesObject;
  /** From the repository's root. */
  readonly file: string;
  readonly line: number;
}

export interface ApplyFolder {
  readonly objects: readonly DeclaredObject[];
  /** Why the deployer can apply none of it, in words for people; absent where it can. */
  readonly broken?: string;
}

/** The files that the deployer reads: kustomize-controller's generator takes YAML, Argo CD's directories JSON too. */
export const isManifestFile = (deployer: Deployer) => (path: string) =>
  deployer === 'argocd' ? /\.(ya?ml|json)$/.test(path) : /\.ya?ml$/.test(path);

const KUSTOMIZATION = /(^|\/)(kustomization\.ya?ml|Kustomization)$/;

/**
 * The objects of `apply/`, read as the deployer reads YAML. One unreadable file stops the deployer, hence `broken`;
 * what the others declare is given all the same, since releases were deployed from it before.
 */
export function readApplyFolder(files: FileTree, folder: string, deployer: Deployer): ApplyFolder {
  const objects: DeclaredObject[] = [];
  const problems: string[] = [];
  for (const path of [...files.keys()].sort()) {
    const file = folder === '' ? path : `${folder}/${path}`;
    if (deployer === 'flux' && KUSTOMIZATION.test(path)) {
      problems.push(`${file} is a kustomization of its own, which Fairlead does not build`);
      continue;
    }
    const text = files.get(path)?.data.toString('utf8') ?? '';
    const parsed = parseYamlDocuments(text, deployer === 'flux' ? 'kustomize' : 'kubernetes');
    if (parsed.kind === 'invalid') {
      problems.push(`${file}:${parsed.line} cannot be read as YAML: ${parsed.message}`);
      continue;
    }
    for (const { value, line } of parsed.documents) {
      for (const entry of flattened(value)) {
        if (isKubernetesObject(entry)) objects.push({ object: entry, file, line });
        else
          problems.push(
            `${file}:${line} is no Kubernetes object: it needs apiVersion, kind and metadata.name`,
          );
      }
    }
  }
  const [first] = problems;
  if (first === undefined) return { objects };
  return { objects, broken: problems.length === 1 ? first : `${first} (and ${problems.length - 1} more)` };
}

/** `kind: List`, and every kind's own list, is applied as what it holds. */
function flattened(value: Json): readonly Json[] {
  if (!isJsonObject(value) || typeof value.kind !== 'string') return [value];
  return value.kind.endsWith('List') && Array.isArray(value.items)
    ? value.items.flatMap((item: Json) => flattened(item))
    : [value];
}

const isKubernetesObject = (value: Json): value is Json & KubernetesObject =>
  isJsonObject(value) &&
  typeof value.apiVersion === 'string' &&
  typeof value.kind === 'string' &&
  isJsonObject(value.metadata) &&
  typeof value.metadata.name === 'string';

/** The declared object of that kind and name, whatever its version. */
export function findDeclared(
  { objects }: ApplyFolder,
  kind: string,
  namespace: string,
  name: string,
): KubernetesObject | undefined {
  return objects
    .map(({ object }) => object)
    .findLast((object) => {
      const reference = referenceOf(object);
      return reference.kind === kind && reference.name === name && reference.namespace === namespace;
    });
}
