import type { RenderedObject } from '../charts/render-request.ts';
import type { Target } from '../config/config.ts';
import type { LiveObjects } from './live.ts';
import type { DeclaredScope } from './scopes.ts';

const TRACKING_ID = 'argocd.argoproj.io/tracking-id';

/**
 * The scopes as this Argo CD marks their objects. Which way it tracks them stands in its own configuration
 * (argo-cd, docs/user-guide/resource_tracking.md: `annotation`, since 3.0 the default; `label`; `annotation+label`) and
 * is seen from the objects: where not a single one of the target has the annotation, it tracks them by label, and
 * declares none.
 */
export function asTracked(
  scopes: readonly DeclaredScope[],
  live: Pick<LiveObjects, 'find'>,
  { deployer }: Pick<Target, 'deployer'>,
): readonly DeclaredScope[] {
  if (deployer !== 'argocd') return scopes;
  let found = 0;
  for (const { tip, release } of scopes) {
    if (tip.kind !== 'rendered') continue;
    for (const { object, role } of tip.objects) {
      if (role === 'hook' || object.metadata.annotations?.[TRACKING_ID] === undefined) continue;
      const { apiVersion, kind, metadata } = object;
      const { namespace, name } = metadata;
      const place = { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
      const seen = live.find(place, release?.namespace);
      if (seen.kind !== 'found') continue;
      found++;
      if (seen.object.metadata.annotations?.[TRACKING_ID] !== undefined) return scopes;
    }
  }
  return found === 0 ? scopes : scopes.map(withoutTracking);
}

function withoutTracking(scope: DeclaredScope): DeclaredScope {
  const { tip, applied } = scope;
  return {
    ...scope,
    tip: tip.kind === 'rendered' ? { ...tip, objects: tip.objects.map(unmarked) } : tip,
    ...(applied === undefined ? {} : { applied: applied.map(unmarked) }),
  };
}

function unmarked(entry: RenderedObject): RenderedObject {
  const { object } = entry;
  if (object.metadata.annotations?.[TRACKING_ID] === undefined) return entry;
  const { [TRACKING_ID]: _, ...others } = object.metadata.annotations;
  const { annotations: _own, ...metadata } = object.metadata;
  const { name } = object.metadata;
  const isEmpty = Object.keys(others).length === 0;
  return {
    ...entry,
    object: { ...object, metadata: { ...metadata, name, ...(isEmpty ? {} : { annotations: others }) } },
  };
}
