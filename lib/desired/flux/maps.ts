/** A ConfigMap that something is made of. */
export type FoundMap =
  | { readonly kind: 'found'; readonly data: Readonly<Record<string, string>> }
  /** In neither Git nor the cluster. */
  | { readonly kind: 'absent' }
  /** Not in Git, and nobody has looked into the cluster for it yet. */
  | { readonly kind: 'unseen' }
  /** Declared, but partly made of values that are never read. In words for people. */
  | { readonly kind: 'unstable'; readonly reason: string };

export type FindMap = (namespace: string, name: string) => FoundMap;

/**
 * ConfigMaps of the cluster, as its last check saw those that Git refers to and does not declare: by
 * `namespace/name`; null for one that is not there.
 */
export type ClusterMaps = Readonly<Record<string, Readonly<Record<string, string>> | null>>;

export const mapKey = (namespace: string, name: string): string => `${namespace}/${name}`;

/** Whether there can be such a ConfigMap: what Git calls otherwise is not asked for (DNS names, as the profile has them). */
export const isMapKey = (key: string): boolean => /^[a-z0-9.-]{1,63}\/[a-z0-9.-]{1,253}$/.test(key);
