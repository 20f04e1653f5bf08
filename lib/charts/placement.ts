import { isJsonObject, type KubernetesObject } from '../objects/objects.ts';
import { isClusterScoped } from './scopes.ts';

type IsClusterScoped = (object: KubernetesObject) => boolean;

/** Scopes as Kubernetes' own kinds have them, and as the CustomResourceDefinitions among the objects say. */
export function clusterScopedBy(objects: readonly KubernetesObject[]): IsClusterScoped {
  const declared = new Set(
    objects.flatMap(({ kind, spec }) => {
      if (kind !== 'CustomResourceDefinition' || !isJsonObject(spec) || spec.scope !== 'Cluster') return [];
      return isJsonObject(spec.names) ? [`${spec.group}/${spec.names.kind}`] : [];
    }),
  );
  return ({ apiVersion, kind }) =>
    isClusterScoped(apiVersion, kind) || declared.has(`${apiVersion.split('/')[0]}/${kind}`);
}

/** The object where an apply would put it: in the release's namespace if it names none, in none if its kind has none. */
export function placed(
  object: KubernetesObject,
  namespace: string,
  clusterScoped: IsClusterScoped,
): KubernetesObject {
  const { namespace: own, ...metadata } = object.metadata;
  // Spelled out, since a rest of an index signature loses the name.
  const { name } = object.metadata;
  return clusterScoped(object)
    ? { ...object, metadata: { ...metadata, name } }
    : { ...object, metadata: { ...metadata, name, namespace: own || namespace } };
}
