import * as z from 'zod';
import type { Digest } from '../content/tree.ts';
import { commonMetadata, fluxBuild, kustomizePatches } from '../kustomize/flux-kustomization.ts';
import { digest } from '../messages/messages.ts';
import type { KubernetesObject } from '../objects/objects.ts';
import type { ImageList } from './image-list.ts';
import type { Reason } from './reasons.ts';

/** What the cluster serves, as rendering needs it (`.Capabilities`). From the profile, else from the configuration. */
export const capabilities = z.object({
  /** As the server says it: `v1.35.4-eks-113cf36`, or `v1.35.0` from the configuration. */
  kubernetesVersion: z.string(),
  /** `apps/v1` and `apps/v1/Deployment`; empty: helm's built-in list for the version. */
  apiVersions: z.array(z.string()),
});
export type Capabilities = z.output<typeof capabilities>;

/** What a target allows: an early answer, the cluster's RBAC is what enforces it (security.md). */
export const boundary = z.object({
  namespaces: z.array(z.string()),
  allowKinds: z.array(z.string()),
  allowPlainSecrets: z.boolean(),
  /** What is asked of images; absent: nothing. */
  images: z
    .object({
      digests: z.enum(['required', 'any']),
      /** Registries and paths of theirs that they may come from; absent: any. */
      registries: z.array(z.string()).optional(),
    })
    .optional(),
});
export type Boundary = z.output<typeof boundary>;

/** helm-controller's post-renderers, in this order, and what it does with `crds/` (api/v2/helmrelease_types.go). */
export const releaseShaping = z.object({
  postRenderers: z.array(kustomizePatches).default([]),
  commonMetadata: commonMetadata.optional(),
  /**
   * `upgraded`: CRDs of `crds/` follow the chart; `perhaps`: an upgrade creates them, an install does not; `never`: they
   * are nobody's.
   */
  crds: z.enum(['installed', 'upgraded', 'perhaps', 'never']).default('installed'),
});
export type ReleaseShaping = z.output<typeof releaseShaping>;

/** A values file of a chart from outside, by its path in the chart. */
export const chartFile = z.object({ chartFile: z.string(), ifMissing: z.enum(['fail', 'skip']) });
export type ChartFile = z.output<typeof chartFile>;

/** What Argo CD gives `helm template` beside values (argo-cd, util/helm/cmd.go). */
export const helmFlags = z.object({
  /** Laid over the values: in helm's order, `set`, `set-string`, `set-literal`. */
  sets: z.array(
    z.object({ flag: z.enum(['set', 'set-string', 'set-literal']), name: z.string(), value: z.string() }),
  ),
  crds: z.enum(['included', 'left-out']),
  /** `.Release.Namespace`, where it is not where the objects go. */
  namespace: z.string().optional(),
  /** Instead of the cluster's. */
  kubernetesVersion: z.string().optional(),
  apiVersions: z.array(z.string()).optional(),
});
export type HelmFlags = z.output<typeof helmFlags>;

const renderSubject = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('release'),
    namespace: z.string(),
    release: z.string(),
    /** Tree of the chart as committed below `chart/`. */
    chart: digest,
    /** `package`: the tree is one file, a package from outside that nobody has opened yet. Absent: a folder. */
    form: z.enum(['folder', 'package']).optional(),
    /** Of a package: its files that replace its values.yaml, merged in this order. */
    chartValues: z.array(chartFile).optional(),
    /** Values documents in helm's order, each a tree of one file, or of a package one of its own. */
    values: z.array(z.union([digest, chartFile])),
    flags: helmFlags.optional(),
    /** The HelmRelease or Application that declares it, where its name is not the one of our own layout. */
    deployedBy: z.object({ namespace: z.string(), name: z.string() }).optional(),
    /** The same with other placeholders for what only the cluster's Secrets say: what depends on it differs. */
    otherValues: z.array(digest).optional(),
    /** What the HelmRelease does to what helm renders. */
    shaping: releaseShaping.optional(),
  }),
  z.object({
    kind: z.literal('manifests'),
    /** Tree of YAML files as they lie below `apply/`, or of the one uploaded manifest. */
    tree: digest,
    /** Where it lies in the repository, for the places of reasons. */
    path: z.string(),
    /** The Application that applies them, and where what names no namespace goes. */
    deployedBy: z.object({ namespace: z.string(), name: z.string() }).optional(),
    namespace: z.string().optional(),
    /** With purpose `desired` and Flux: built as its Kustomization says, folders counted from the tree's root. */
    build: fluxBuild.optional(),
  }),
]);
export type RenderSubject = z.output<typeof renderSubject>;

export const renderRequest = z.object({
  schema: z.literal(1),
  /** `judge`: before a commit, with every check. `desired`: what is in Git already, rendered only. */
  purpose: z.enum(['judge', 'desired']),
  target: z.string(),
  deployer: z.enum(['flux', 'argocd', 'none']),
  capabilities,
  boundary,
  /**
   * Documents of the cluster's schemas in the state bucket, by group-version: what it would refuse is judged by them.
   * Absent before the cluster was seen; no render depends on them.
   */
  schemas: z.record(z.string(), z.string().regex(/^[0-9a-f]{128}$/)).optional(),
  subject: renderSubject,
});
export type RenderRequest = z.output<typeof renderRequest>;

/** An object that a subject declares as its own: no hook, nothing of `crds/`, no name that changes. */
export interface DeclaredObject {
  /** `identityOf` it. */
  readonly object: string;
  /** The template or manifest that it comes from. */
  readonly source: string;
}

export type RenderResponse =
  | {
      readonly schema: 1;
      readonly kind: 'rendered';
      readonly render: Digest;
      readonly warnings: readonly Reason[];
      /** With purpose `judge`. */
      readonly declares?: readonly DeclaredObject[];
      /** The images that its objects run, with purpose `judge`; absent: none. */
      readonly images?: ImageList;
      /** Of what rendered it: while that is the same, the same request has the same answer. */
      readonly renderer?: Digest;
    }
  | { readonly schema: 1; readonly kind: 'rejected'; readonly reasons: readonly Reason[] };

/**
 * A render, kept in the state bucket under `renders/<digest>.json` (digest of all that it depends on).
 * Secret values in it are HMACs.
 */
export interface Render {
  readonly schema: 1;
  readonly objects: readonly RenderedObject[];
}

export type ObjectRole =
  /** Applied and compared. */
  | 'applied'
  /** A hook or a test: carries no verdict. */
  | 'hook'
  /** Of `crds/`: installed once, no ownership marks. */
  | 'crd'
  /** Of `crds/`, and brought to what the chart has with each upgrade of it. No ownership marks; helm removes it never. */
  | 'upgraded-crd';

export interface RenderedObject {
  readonly object: KubernetesObject;
  readonly role: ObjectRole;
  /** Where it came from: the template's path inside the chart, or the manifest's. */
  readonly source: string;
  /**
   * Paths (JSON pointers) that differ from one render to the next: must exist, any value of the type will do.
   * `''` is the whole object: only some renders hold it, it may exist or not.
   */
  readonly unstable: readonly string[];
  /** Those of them that only some renders hold: they may exist or not. */
  readonly sometimes?: readonly string[];
  /** What every render's name begins and ends with, where the name is one of them. */
  readonly unstableName?: NamePattern;
  /** `lookup` stands in its template: a declared difference that only the deployer owns is not drift. */
  readonly usesLookup: boolean;
}

export interface NamePattern {
  readonly starts: string;
  readonly ends: string;
}

/** Where a document of a cluster's schemas lies in the state bucket; `hash` is the one that its server gives it. */
export const openapiKey = (hash: string): string => `openapi/${hash}.json`;

export const renderKey = (render: Digest): string => `renders/${render.slice('sha256:'.length)}.json`;
