import type { Target } from '../../config/config.ts';
import { holdsPlaceholder } from '../../kustomize/placeholders.ts';
import { formatJson } from '../../objects/json.ts';
import type { ReleaseDeclaration } from '../declaration.ts';
import type { Declared, DesiredParts } from '../desired.ts';
import { isHelmRelease, readHelmRelease } from '../helm-release.ts';
import { staleValues } from '../stale-values.ts';
import { readKustomizations } from './kustomizations.ts';

/** What a commit declares through Flux: Kustomizations built, and the HelmReleases in what they build. */
export async function declaredByFlux(target: Target, commit: string, parts: DesiredParts): Promise<Declared> {
  const { objects, manifests, appliedBy, kustomizations } = await readKustomizations(target, commit, parts);
  const context = {
    here: objects.here,
    find: (kind: string, namespace: string, name: string) => objects.find(kind, namespace, name),
    findMap: (namespace: string, name: string) => objects.findMap(namespace, name),
  };
  const releases = objects.all.filter(isHelmRelease).map((object): ReleaseDeclaration => {
    const declaration = readHelmRelease(object, context);
    const reason = objects.unstableIn(object) ?? secretNames(declaration);
    return reason === undefined ? declaration : { ...declaration, source: { kind: 'unresolved', reason } };
  });
  return {
    releases,
    ...(manifests === undefined ? {} : { manifests }),
    ...(appliedBy === undefined ? {} : { appliedBy }),
    kustomizations,
    asks: objects.asked,
    staleValues: await staleValues(releases, objects, target, parts.clone, commit),
  };
}

/** Values and patches may hold what is never read; what says which release it is, and of which chart, may not. */
function secretNames({ namespace, name, source, shaping }: ReleaseDeclaration): string | undefined {
  const chart = 'chart' in source ? [source.chart, source.chartValues] : undefined;
  return holdsPlaceholder(formatJson([namespace, name, chart, shaping?.commonMetadata]))
    ? 'the name, the chart or the commonMetadata of the HelmRelease comes from a Secret, which Fairlead does not read'
    : undefined;
}
