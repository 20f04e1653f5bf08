import { isJsonObject, type Json, type KubernetesObject } from '../../../lib/objects/objects.ts';
import type { ApiServer } from '../api-server.ts';
import { type Installed, install } from './cluster.ts';
import type { Node, OpenApi } from './openapi.ts';
import { guessOf, itemOf, type Random, randomOf } from './values.ts';

/** Objects of the kinds that charts define: charts bring few, so one is made of each kind from its own schema. */
const RICHNESS = [0.5, 0.25, 0.1, 0];
const DEPTH = 4;

/** @returns those that the server took */
export async function installCustoms(
  server: ApiServer,
  definitions: readonly Installed[],
  openApi: OpenApi,
  seed: string,
): Promise<Installed[]> {
  const made: Installed[] = [];
  for (const { declared, chart, identity } of definitions) {
    const kind = kindOf(declared);
    const node = kind === undefined ? undefined : openApi.of(kind.apiVersion, kind.kind);
    if (kind === undefined || node?.kind !== 'struct') continue;
    for (const [attempt, richness] of RICHNESS.entries()) {
      const random = randomOf(`${seed} ${identity} ${attempt}`);
      const content: Record<string, Json> = {};
      for (const name of new Set([...node.required, 'spec', 'data'])) {
        const inner = node.fields[name]?.();
        if (inner === undefined || RESERVED.has(name)) continue;
        content[name] = filledOf(inner, name, random, richness, attempt, 0);
      }
      const object = {
        ...kind,
        metadata: { name: 'made', namespace: 'default', labels: { app: 'made' } },
        ...content,
      } as KubernetesObject;
      const installed = await install(server, object, chart, 'apply');
      if (typeof installed === 'string') continue;
      made.push(installed);
      break;
    }
  }
  return made;
}

const RESERVED = new Set(['apiVersion', 'kind', 'metadata', 'status']);

function kindOf({ spec }: KubernetesObject): { apiVersion: string; kind: string } | undefined {
  if (!isJsonObject(spec) || !isJsonObject(spec.names) || !Array.isArray(spec.versions)) return undefined;
  const version = (spec.versions as readonly Json[]).find(
    (each) => isJsonObject(each) && each.served === true && each.storage === true,
  );
  return isJsonObject(version)
    ? { apiVersion: `${String(spec.group)}/${String(version.name)}`, kind: String(spec.names.kind) }
    : undefined;
}

/** Everything that is required, and of the rest as much as `richness` says. */
function filledOf(
  node: Node,
  name: string,
  random: Random,
  richness: number,
  attempt: number,
  depth: number,
): Json {
  if (node.kind === 'list' && node.items.kind === 'struct' && depth < DEPTH) {
    const keys = itemOf(node, name, undefined, random, attempt, depth);
    const item = filledOf(node.items, name, random, richness / 2, attempt, depth + 1);
    return [{ ...(isJsonObject(item) ? item : {}), ...(isJsonObject(keys) ? keys : {}) }];
  }
  if (node.kind !== 'struct' || depth >= DEPTH) return guessOf(node, name, undefined, random, attempt, depth);
  const made: Record<string, Json> = {};
  for (const [field, inner] of Object.entries(node.fields))
    if (node.required.includes(field) || random() < richness)
      made[field] = filledOf(inner(), field, random, richness / 2, attempt, depth + 1);
  return made;
}
