import { isJsonObject, type KubernetesObject } from '../../lib/objects/objects.ts';
import type { ClusterClient } from './cluster-client.ts';

/** Applied before all else: others live in them, or are of their kind. */
const FIRST = ['CustomResourceDefinition', 'Namespace'];

/**
 * Server-side applies the objects in their order, those that others need first.
 * @returns them as the cluster has them; @throws ApplyFailed naming every object that was refused, after all were tried
 */
export async function applyAll(
  cluster: ClusterClient,
  objects: readonly KubernetesObject[],
  manager: string,
  namespace?: string,
): Promise<readonly KubernetesObject[]> {
  const isFirst = ({ kind }: KubernetesObject) => FIRST.includes(kind);
  const applied: KubernetesObject[] = [];
  const problems: string[] = [];
  for (const object of [...objects.filter(isFirst), ...objects.filter((entry) => !isFirst(entry))]) {
    try {
      const answer = await cluster.apply(object, manager, namespace);
      applied.push({ ...answer, apiVersion: object.apiVersion, kind: object.kind });
      if (object.kind === 'CustomResourceDefinition') await waitForDefined(cluster, object);
    } catch (error) {
      problems.push(
        `${object.kind}/${object.metadata.name}: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  if (problems.length > 0) throw new ApplyFailed(problems);
  return applied;
}

export class ApplyFailed extends Error {
  override readonly name = 'ApplyFailed';
  constructor(problems: readonly string[]) {
    super(problems.join('; '));
  }
}

async function waitForDefined(cluster: ClusterClient, { spec }: KubernetesObject): Promise<void> {
  if (!isJsonObject(spec) || !isJsonObject(spec.names) || !Array.isArray(spec.versions)) return;
  const served = spec.versions.filter(isJsonObject).find((version) => version.served === true);
  if (served === undefined) return;
  await cluster.waitUntilServed(`${String(spec.group)}/${String(served.name)}`, String(spec.names.kind));
}

export const withLabels = (
  object: KubernetesObject,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
): KubernetesObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    labels: { ...object.metadata.labels, ...labels },
    annotations: { ...object.metadata.annotations, ...annotations },
  },
});
