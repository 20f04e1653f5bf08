import { groupOf, isJsonObject, type KubernetesObject } from '../../objects/objects.ts';
import { isClusterScoped } from './scopes.ts';

type IsClusterScoped = (object: KubernetesObject) => boolean;

/** `group/Kind` of the CustomResourceDefinitions among the objects, of one scope or of both. */
export function kindsDefinedBy(
  objects: readonly KubernetesObject[],
  scope?: 'Cluster' | 'Namespaced',
): ReadonlySet<string> {
  return new Set(
    objects.flatMap(({ kind, spec }) => {
      if (kind !== 'CustomResourceDefinition' || !isJsonObject(spec) || !isJsonObject(spec.names)) return [];
      return scope === undefined || spec.scope === scope ? [`${spec.group}/${spec.names.kind}`] : [];
    }),
  );
}

/** Scopes as Kubernetes' own kinds have them, and as the CustomResourceDefinitions among the objects say. */
export function clusterScopedBy(objects: readonly KubernetesObject[]): IsClusterScoped {
  const declared = kindsDefinedBy(objects, 'Cluster');
  return ({ apiVersion, kind }) =>
    isClusterScoped(apiVersion, kind) || declared.has(`${groupOf(apiVersion)}/${kind}`);
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
