import * as z from 'zod';
import { kustomizeEdits } from './kustomize-edits.ts';

/** A patch or an image as Flux's objects hold them (fluxcd/pkg, apis/kustomize). */
const patch = z.object({
  patch: z.string(),
  target: z
    .object({
      group: z.string(),
      version: z.string(),
      kind: z.string(),
      name: z.string(),
      namespace: z.string(),
      labelSelector: z.string(),
      annotationSelector: z.string(),
    })
    .partial()
    .optional(),
});
const image = z.object({
  name: z.string(),
  newName: z.string().optional(),
  newTag: z.string().optional(),
  digest: z.string().optional(),
});

export const kustomizePatches = z.object({
  patches: z.array(patch).default([]),
  images: z.array(image).default([]),
});
export type KustomizePatches = z.output<typeof kustomizePatches>;

export const commonMetadata = z.object({
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type CommonMetadata = z.output<typeof commonMetadata>;

/**
 * What of a Flux `Kustomization`'s spec shapes the objects that it applies (fluxcd/kustomize-controller,
 * api/v1/kustomization_types.go). The rest says when and as whom.
 */
export const shapingSpec = z.object({
  ...kustomizePatches.shape,
  targetNamespace: z.string().optional(),
  namePrefix: z.string().optional(),
  nameSuffix: z.string().optional(),
  components: z.array(z.string()).default([]),
  ignoreMissingComponents: z.boolean().default(false),
  buildMetadata: z.array(z.string()).default([]),
  commonMetadata: commonMetadata.optional(),
});
export type ShapingSpec = z.output<typeof shapingSpec>;

/** Where the values of `${VARIABLES}` come from, in the order in which later ones win. */
const variableSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('known'), values: z.record(z.string(), z.string()) }),
  /** Of a Secret: `names`, or where those are not known any variable, with a value that is never read. */
  z.object({ kind: z.literal('secret'), name: z.string(), names: z.array(z.string()).optional() }),
]);
export type VariableSource = z.output<typeof variableSource>;

/** How Flux builds a folder: by the `Kustomization` that is pointed at it. */
export const fluxBuild = z.object({
  /** Of the folder that is built, from the tree's root; '' for the tree itself. */
  folder: z.string(),
  /** Whose labels the objects get; absent where nothing in Git says who applies the folder. */
  owner: z.object({ namespace: z.string(), name: z.string() }).optional(),
  spec: shapingSpec,
  /** `postBuild`; absent where there is none. `always`: also where no variable is known. */
  substitute: z.object({ always: z.boolean(), sources: z.array(variableSource) }).optional(),
  /** `decryption`: what SOPS has encrypted is applied in clear. */
  decrypts: z.boolean().default(false),
  /** Of Argo CD alone. */
  edits: kustomizeEdits.optional(),
});
export type FluxBuild = z.output<typeof fluxBuild>;
