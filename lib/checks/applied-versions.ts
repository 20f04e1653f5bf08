import type { Cluster } from '../cluster/cluster.ts';
import { type AppliedVersions, appliedKey } from '../desired/declared-render.ts';
import { groupOf, isJsonObject, type KubernetesObject, partOf, referenceOf } from '../objects/objects.ts';
import { appliedChart } from './argocd-report.ts';

/** What a cluster says is taken for no more than a version. */
const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+_-]{0,127}$/;
/** Of one target. */
const VERSIONS = 2000;

/**
 * Which version of its chart each of the deployer's objects has applied, as it reports itself: where Git declares a
 * range, that is the version to judge against. By `kind/namespace/name`.
 */
export function appliedVersions(objects: readonly KubernetesObject[]): AppliedVersions {
  const found = objects.flatMap((object) => {
    const version = object.kind === 'Application' ? appliedChart(object) : deployedChart(object);
    return version !== undefined && VERSION.test(version)
      ? [[appliedKey(referenceOf(object)), version] as const]
      : [];
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, VERSIONS));
}

/** `status.history[0]` is the release's last (fluxcd/helm-controller, api/v2/snapshot_types.go). */
function deployedChart({ kind, status }: KubernetesObject): string | undefined {
  if (kind !== 'HelmRelease') return undefined;
  const { history } = partOf(status);
  const [latest] = Array.isArray(history) ? history : [];
  const { chartVersion } = isJsonObject(latest) ? latest : {};
  return typeof chartVersion === 'string' ? chartVersion : undefined;
}

const SPEAKING = [
  { group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease' },
  { group: 'argoproj.io', kind: 'Application' },
];

/** The same, asked of the cluster; nothing of what may not be listed. */
export async function reportedVersions(
  cluster: Pick<Cluster, 'discover' | 'list'>,
): Promise<AppliedVersions> {
  const discovery = await cluster.discover();
  if (discovery.kind !== 'answered') return {};
  const kinds = discovery.value.kinds.filter(({ apiVersion, kind }) =>
    SPEAKING.some((each) => each.kind === kind && each.group === groupOf(apiVersion)),
  );
  const answers = await Promise.all(kinds.map((kind) => cluster.list(kind)));
  return appliedVersions(answers.flatMap((answer) => (answer.kind === 'answered' ? answer.value : [])));
}
