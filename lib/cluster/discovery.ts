/** A kind that the cluster serves, in one version. */
export interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** As in URLs and RBAC rules: `deployments`. */
  readonly resource: string;
  readonly scope: 'namespaced' | 'cluster';
  readonly verbs: readonly string[];
}

/** What the cluster serves. */
export interface Discovery {
  find(apiVersion: string, kind: string): ServedKind | undefined;
  readonly kinds: readonly ServedKind[];
  /** Group-versions whose own server did not answer (an APIService that is down): of these nothing is known. */
  readonly stale: ReadonlySet<string>;
}

export function discoveryOf(kinds: readonly ServedKind[], stale: Iterable<string>): Discovery {
  const byName = new Map(kinds.map((served) => [`${served.apiVersion}/${served.kind}`, served]));
  return {
    kinds,
    stale: new Set(stale),
    find: (apiVersion, kind) => byName.get(`${apiVersion}/${kind}`),
  };
}
