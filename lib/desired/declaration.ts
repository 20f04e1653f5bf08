import type { HelmFlags, ReleaseShaping } from '../charts/render-request.ts';
import type { FileTree } from '../content/tree.ts';
import type { FluxBuild } from '../kustomize/flux-kustomization.ts';
import type { JsonObject, KubernetesObject } from '../objects/objects.ts';

/** A release as the deployer's object declares it, before anything that it refers to was read. */
export interface ReleaseDeclaration {
  /** Where the chart's objects go, and the release's own name. */
  readonly namespace: string;
  readonly name: string;
  /** The HelmRelease or Application; absent for a target without a deployer. */
  readonly deployedBy?: KubernetesObject;
  readonly suspended: boolean;
  readonly source: ReleaseSource;
  /** What the HelmRelease does to what helm renders. */
  readonly shaping?: ReleaseShaping;
}

export type ReleaseSource =
  | {
      readonly kind: 'in-git';
      /** Of the chart's folder, from the repository's root. */
      readonly chart: string;
      /** Flux: files that replace the chart's own values.yaml, merged in this order. */
      readonly chartValues: readonly ValuesFile[];
      /** In helm's order: the last wins. */
      readonly values: readonly ValuesSource[];
      readonly flags?: HelmFlags;
    }
  | {
      /** A chart that lies in no repository of the configuration: fetched by exact version. */
      readonly kind: 'outside';
      readonly chart: OutsideChart;
      /** Flux: files of the chart that replace its own values.yaml, merged in this order. */
      readonly chartValues: readonly ChartFile[];
      readonly values: readonly ValuesSource[];
      readonly flags?: HelmFlags;
    }
  | {
      /** Argo CD: manifests as they lie in a folder, or as kustomize builds them. */
      readonly kind: 'manifests';
      /** From the repository's root; empty for the whole of it. */
      readonly folder: string;
      /** What is applied of the folder, or of the repository what the build reads. */
      readonly tree: FileTree;
      readonly build?: FluxBuild;
    }
  /** In words for people: what it refers to, and why that is not to be had. */
  | { readonly kind: 'unresolved'; readonly reason: string };

export type OutsideChart =
  | {
      readonly kind: 'helm-repository';
      /** `https://…`: index.yaml lies below it. */
      readonly url: string;
      readonly name: string;
      /** As it is declared: a version, a range, or nothing for the newest. */
      readonly version: string;
      /** The Secret that its source names, `namespace/name`: for the reason, if the repository lets nobody in. */
      readonly secret?: string;
    }
  | {
      readonly kind: 'oci';
      /** `oci://host/path/chart`: the chart's name is its last segment. */
      readonly url: string;
      readonly reference: OciReference;
      readonly secret?: string;
    };

export type OciReference =
  /** `sha256:…`, of the manifest. */
  | { readonly kind: 'digest'; readonly digest: string }
  | { readonly kind: 'tag'; readonly tag: string }
  /** A version, a range, or nothing for the newest: of the tags that are versions. */
  | { readonly kind: 'version'; readonly version: string };

export interface ValuesFile {
  readonly kind: 'file';
  /** From the repository's root. */
  readonly path: string;
  readonly ifMissing: 'unknown' | 'skip';
}

/** A file inside a chart from outside. */
export interface ChartFile {
  readonly kind: 'chart-file';
  /** From the chart's root. */
  readonly path: string;
  readonly ifMissing: 'unknown' | 'skip';
}

export type ValuesSource =
  | ValuesFile
  | ChartFile
  /** As it stands in a ConfigMap or in the Application. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'inline'; readonly values: JsonObject };

export const unresolved = (reason: string): ReleaseSource => ({ kind: 'unresolved', reason });
