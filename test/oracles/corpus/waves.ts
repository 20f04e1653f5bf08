import { groupOf, isJsonObject, type KubernetesObject } from '../../../lib/objects/objects.ts';
import type { RenderedChart } from './charts.ts';

/**
 * Charts that can live in one cluster at the same time: real charts share names of ClusterRoles and CRDs, and the
 * second to be installed would overwrite the first.
 */
export function wavesOf(
  charts: readonly RenderedChart[],
  isClusterScoped: (object: KubernetesObject) => boolean,
): RenderedChart[][] {
  const waves: { readonly charts: RenderedChart[]; readonly taken: Set<string> }[] = [];
  for (const chart of charts) {
    const wanted = chart.objects.map((object) => placeOf(object, isClusterScoped(object)));
    let wave = waves.find(({ taken }) => wanted.every((place) => !taken.has(place)));
    if (wave === undefined) {
      wave = { charts: [], taken: new Set() };
      waves.push(wave);
    }
    wave.charts.push(chart);
    for (const place of wanted) wave.taken.add(place);
  }
  return waves.map((wave) => wave.charts);
}

/** Where an object lies, whatever version of its kind it is written in. */
const placeOf = ({ apiVersion, kind, metadata }: KubernetesObject, clusterScoped: boolean): string =>
  [groupOf(apiVersion), kind, clusterScoped ? '' : metadata.namespace, metadata.name].join('/');

/** Kinds that the charts themselves define for the whole cluster, as `group/Kind`. */
export function definedForCluster(charts: readonly RenderedChart[]): ReadonlySet<string> {
  const defined = new Set<string>();
  for (const { kind, spec } of charts.flatMap(({ objects }) => objects)) {
    if (kind !== 'CustomResourceDefinition' || !isJsonObject(spec) || spec.scope !== 'Cluster') continue;
    if (isJsonObject(spec.names)) defined.add(`${spec.group}/${spec.names.kind}`);
  }
  return defined;
}
