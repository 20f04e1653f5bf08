import * as z from 'zod';
import { shapingSpec } from '../../kustomize/flux-kustomization.ts';
import { holdsPlaceholder } from '../../kustomize/placeholders.ts';
import { formatJson } from '../../objects/json.ts';
import type { KubernetesObject } from '../../objects/objects.ts';
import { isEmpty, withoutNulls } from '../json-reading.ts';
import { treePath } from '../tree-path.ts';

export const isFluxKustomization = ({ apiVersion, kind }: KubernetesObject): boolean =>
  kind === 'Kustomization' && apiVersion.startsWith('kustomize.toolkit.fluxcd.io/');

const spec = z.object({
  ...shapingSpec.shape,
  path: z.string().default(''),
  suspend: z.boolean().default(false),
  sourceRef: z.object({ kind: z.string(), name: z.string(), namespace: z.string().optional() }),
  postBuild: z
    .object({
      substitute: z.record(z.string(), z.string()).default({}),
      substituteFrom: z
        .array(
          z.object({
            kind: z.enum(['ConfigMap', 'Secret']),
            name: z.string(),
            optional: z.boolean().default(false),
          }),
        )
        .default([]),
      substituteStrategy: z.string().optional(),
    })
    .optional(),
  decryption: z.object({ provider: z.string() }).optional(),
  kubeConfig: z.looseObject({}).optional(),
});

/** A Flux `Kustomization` as it stands in Git. */
export interface KustomizationDeclaration {
  readonly namespace: string;
  readonly name: string;
  readonly apiVersion: string;
  /** From the repository's root. */
  readonly path: string;
  readonly suspended: boolean;
  readonly source: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly spec: z.output<typeof shapingSpec>;
  readonly postBuild?: z.output<typeof spec>['postBuild'];
  readonly decrypts: boolean;
}

export type ReadKustomization =
  | { readonly kind: 'read'; readonly declaration: KustomizationDeclaration }
  /** What it declares cannot be told. In words for people. */
  | { readonly kind: 'unreadable'; readonly suspended: boolean; readonly reason: string };

/**
 * Reads it as kustomize-controller does (fluxcd/kustomize-controller, api/v1/kustomization_types.go). `prune`,
 * `dependsOn`, `wait`, `force` and the like say when and how it is applied, not what.
 */
export function readKustomization(object: KubernetesObject): ReadKustomization {
  const parsed = spec.safeParse(withoutNulls(object.spec ?? {}));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return unreadable(
      `spec.${issue?.path.join('.') ?? ''} of the Kustomization: ${issue?.message ?? 'is odd'}`,
    );
  }
  const { path, suspend, sourceRef, postBuild, decryption, kubeConfig, ...shaping } = parsed.data;
  if (kubeConfig !== undefined && !isEmpty(kubeConfig as never))
    return unreadable('the Kustomization has spec.kubeConfig: it applies to another cluster', suspend);
  // SecureJoin keeps every path inside; one that would leave is a mistake all the same.
  const folder = treePath(path.replace(/^\/+/, ''));
  if (folder === undefined)
    return unreadable(`spec.path "${path}" of the Kustomization leaves the repository`, suspend);
  if (holdsPlaceholder(formatJson([folder, sourceRef, shaping.commonMetadata])))
    return unreadable(
      'its path, source or commonMetadata comes from a Secret, which Fairlead does not read',
      suspend,
    );
  const { metadata } = object;
  const namespace = metadata.namespace ?? 'default';
  return {
    kind: 'read',
    declaration: {
      namespace,
      name: metadata.name,
      apiVersion: object.apiVersion,
      path: folder,
      suspended: suspend,
      source: { ...sourceRef, namespace: sourceRef.namespace ?? namespace },
      spec: shaping,
      ...(postBuild === undefined ? {} : { postBuild }),
      decrypts: decryption?.provider === 'sops',
    },
  };
}

const unreadable = (reason: string, suspended = false): ReadKustomization => ({
  kind: 'unreadable',
  suspended,
  reason,
});
