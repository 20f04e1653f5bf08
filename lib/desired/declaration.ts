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
    }
  /** In words for people: what it refers to, and why that is not to be had. */
  | { readonly kind: 'unresolved'; readonly reason: string };

export interface ValuesFile {
  readonly kind: 'file';
  /** From the repository's root. */
  readonly path: string;
  readonly ifMissing: 'unknown' | 'skip';
}

export type ValuesSource =
  | ValuesFile
  /** As it stands in a ConfigMap or in the Application. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'inline'; readonly values: JsonObject };

export const unresolved = (reason: string): ReleaseSource => ({ kind: 'unresolved', reason });
