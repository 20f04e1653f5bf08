import type { FluxBuild, VariableSource } from '../../kustomize/flux-kustomization.ts';
import type { KustomizationDeclaration } from './kustomization.ts';
import type { FindMap } from './maps.ts';

export type Variables =
  | { readonly kind: 'known'; readonly substitute: NonNullable<FluxBuild['substitute']> }
  /** In words for people. */
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Where the variables of `postBuild` come from: `substituteFrom` in its order, then `substitute`, which wins
 * (fluxcd/pkg, kustomize/kustomize_varsub.go, LoadVariables).
 * @param namesIn keys of a Secret that Git declares, encrypted or not
 */
export function variablesFor(
  { substitute, substituteFrom, substituteStrategy }: NonNullable<KustomizationDeclaration['postBuild']>,
  namespace: string,
  findMap: FindMap,
  namesIn: (secret: string) => readonly string[] | undefined,
): Variables {
  const sources: VariableSource[] = [];
  for (const { kind, name, optional } of substituteFrom) {
    if (kind === 'Secret') {
      const names = namesIn(name);
      sources.push({ kind: 'secret', name, ...(names === undefined ? {} : { names: [...names] }) });
      continue;
    }
    const map = findMap(namespace, name);
    const what = `spec.postBuild.substituteFrom: ConfigMap/${name} in ${namespace}`;
    switch (map.kind) {
      case 'found':
        sources.push({ kind: 'known', values: map.data });
        continue;
      case 'absent':
        if (optional) continue;
        return { kind: 'unknown', reason: `${what} is neither declared in Git nor in the cluster` };
      case 'unseen':
        return {
          kind: 'unknown',
          reason: `${what} is not declared in Git, and no check of the cluster has seen it yet`,
        };
      case 'unstable':
        return { kind: 'unknown', reason: `${what} is made of what Fairlead does not read: ${map.reason}` };
    }
  }
  sources.push({ kind: 'known', values: substitute });
  return { kind: 'known', substitute: { always: substituteStrategy === 'Always', sources } };
}
