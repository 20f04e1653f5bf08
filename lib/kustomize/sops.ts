import type { FileTree } from '../content/tree.ts';
import { isJsonObject, type KubernetesObject } from '../objects/objects.ts';

/**
 * What SOPS encrypted is applied in clear, and never read here: a placeholder stands for each value, so that builds
 * with different ones tell what depends on it (fluxcd/kustomize-controller, internal/decryptor/decryptor.go: fields
 * of objects, and files of generators).
 */
const ENCRYPTED = /ENC\[AES256_GCM,[^\]\n]*\]/g;
/** SOPS' own lines in an env file. */
const OWN_LINES = /^sops_[a-z0-9_]+=.*\n?/gm;

export const holdsSops = (tree: FileTree): boolean =>
  [...tree.values()].some(({ data }) => data.includes('ENC[AES256_GCM,'));

export function withoutSops(tree: FileTree, placeholder: string): FileTree {
  return new Map(
    [...tree].map(([path, entry]) => {
      if (!entry.data.includes('ENC[AES256_GCM,')) return [path, entry];
      const text = entry.data.toString('utf8').replace(ENCRYPTED, placeholder).replace(OWN_LINES, '');
      return [path, { ...entry, data: Buffer.from(text) }];
    }),
  );
}

/** The object without SOPS' account of what it encrypted, which is not applied. */
export function withoutSopsField(object: KubernetesObject): KubernetesObject {
  if (!isEncrypted(object)) return object;
  const { sops: _sops, ...rest } = object;
  return { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata };
}

/** Has been through SOPS as a whole (isSOPSEncryptedResource). */
export const isEncrypted = ({ sops }: KubernetesObject): boolean => isJsonObject(sops);
