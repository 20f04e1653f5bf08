import * as z from 'zod';
import { commitId, digest } from '../messages/messages.ts';

/**
 * What a commit declares for a target: references to renders, kept in the state bucket under `desired/<digest>.json`.
 */
const rendering = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('rendered'),
    render: digest,
    /** Of what Git declares for it, whatever the cluster serves: the render may change without that. */
    inputs: digest.exactOptional(),
  }),
  /** It could not be rendered or resolved: one `unknown` of the release, with the reason for people. */
  z.object({ kind: z.literal('unknown'), reason: z.string() }),
]);

export const desiredRelease = z.object({
  namespace: z.string(),
  name: z.string(),
  chart: z
    .object({
      name: z.string(),
      version: z.string(),
      /** The range that is declared, where the deployer does not report which version of it runs. */
      newestOf: z.string().optional(),
    })
    .optional(),
  /** Of a chart in Git: its folder's content, as uploads and promotions name it. */
  chartTree: digest.exactOptional(),
  /** The deployer's object for it, in the cluster. */
  deployedBy: z
    .object({ apiVersion: z.string(), kind: z.string(), namespace: z.string(), name: z.string() })
    .optional(),
  /** `spec.suspend`, or a manual sync policy: said in the verdict, not hidden. */
  suspended: z.boolean(),
  rendering,
});
export type DesiredRelease = z.output<typeof desiredRelease>;

export const desiredKustomization = z.object({
  apiVersion: z.string(),
  namespace: z.string(),
  name: z.string(),
  suspended: z.boolean(),
  rendering,
});
export type DesiredKustomization = z.output<typeof desiredKustomization>;

const driftRules = z.object({
  rules: z
    .array(
      z.object({
        number: z.number(),
        line: z.number(),
        kind: z.string().exactOptional(),
        name: z.string().exactOptional(),
        namespace: z.string().exactOptional(),
        manager: z.string().exactOptional(),
        by: z.literal('admission').exactOptional(),
        chart: z.string().exactOptional(),
        path: z.string().exactOptional(),
        verdict: z.enum(['changed', 'added', 'missing', 'extra']).exactOptional(),
        waitSeconds: z.number().exactOptional(),
        severity: z.enum(['info', 'warning', 'critical']).exactOptional(),
        reason: z.string(),
        expires: z.string().exactOptional(),
      }),
    )
    .readonly(),
  problems: z.array(z.object({ line: z.number(), key: z.string(), message: z.string() })).readonly(),
});

export const desiredState = z.object({
  schema: z.literal(1),
  target: z.string(),
  commit: commitId,
  /** When the commit was made (ISO), as far as its committer says. */
  committedAt: z.string(),
  releases: z.array(desiredRelease),
  /** `apply/` itself: the deployer's objects and plain manifests. Absent where there is none. */
  manifests: rendering.optional(),
  /** Flux: the Kustomization that applies those, where it is not the one of Fairlead's own layout. */
  appliedBy: z.object({ namespace: z.string(), name: z.string() }).optional(),
  /** Flux: Kustomizations that they declare, and what each applies. */
  kustomizations: z.array(desiredKustomization).optional(),
  /** ConfigMaps of the cluster, `namespace/name`, that Git refers to and does not declare: the check learns them. */
  asks: z.array(z.string()).optional(),
  /** What people should know of what is not judged, such as an Application for another cluster. */
  remarks: z.array(z.string()).optional(),
  /** What `drift.yaml` says at the tip; absent where there is none. */
  rules: driftRules.optional(),
});
export type DesiredState = z.output<typeof desiredState>;

export const desiredKey = (state: string): string => `desired/${state.slice('sha256:'.length)}.json`;
