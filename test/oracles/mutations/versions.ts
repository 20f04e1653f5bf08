import type { ApiServer } from '../api-server.ts';
import type { Installed } from './cluster.ts';

/** Fields of these kinds that lie at the same place in every version that is served. */
const ALIKE: Readonly<Record<string, RegExp>> = {
  HorizontalPodAutoscaler: /^f:metadata,f:(labels|annotations)|^f:spec,f:(min|max)Replicas$/,
};

/** Answers with another apiVersion of an object's kind in which `place` means the same; undefined where there is none. */
export async function otherVersions(
  server: ApiServer,
  objects: readonly Installed[],
): Promise<(installed: Installed, place: readonly string[]) => string | undefined> {
  const groups = new Set(objects.map(({ declared }) => declared.apiVersion.split('/')[0] ?? ''));
  const versions = new Map<string, readonly string[]>();
  for (const group of groups) {
    const { status, body } = await server.call('GET', `/apis/${group}`);
    if (status !== 200) continue;
    const { versions: listed = [] } = body as {
      readonly versions?: readonly { readonly groupVersion: string }[];
    };
    versions.set(
      group,
      listed.map(({ groupVersion }) => groupVersion),
    );
  }
  const serving = new Map<string, string | undefined>();
  for (const { declared, path } of objects) {
    const key = `${declared.apiVersion} ${declared.kind}`;
    if (serving.has(key)) continue;
    const plural = path.collection.slice(path.collection.lastIndexOf('/') + 1);
    let found: string | undefined;
    for (const other of versions.get(declared.apiVersion.split('/')[0] ?? '') ?? []) {
      if (other === declared.apiVersion) continue;
      const { body } = await server.call('GET', `/apis/${other}`);
      const { resources = [] } = body as { readonly resources?: readonly { readonly name: string }[] };
      if (resources.some(({ name }) => name === plural)) found = other;
    }
    serving.set(key, found);
  }
  return ({ declared }, place) => {
    const other = serving.get(`${declared.apiVersion} ${declared.kind}`);
    if (other === undefined) return undefined;
    // Metadata is the same in all of them; of other kinds we know some fields.
    const alike = ALIKE[declared.kind] ?? /^f:metadata,f:(labels|annotations)/;
    return alike.test(place.join()) ? other : undefined;
  };
}
