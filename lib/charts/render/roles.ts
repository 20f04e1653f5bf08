import type { KubernetesObject } from '../../objects/objects.ts';
import type { ObjectRole, RenderRequest } from '../render-request.ts';

/**
 * Hooks come and go with a deployment and carry no verdict. Argo CD knows marks of its own; on other targets those are
 * an annotation like any other, and hide nothing.
 */
export function roleOf({ metadata }: KubernetesObject, deployer: RenderRequest['deployer']): ObjectRole {
  const marks = deployer === 'argocd' ? ['helm.sh/hook', 'argocd.argoproj.io/hook'] : ['helm.sh/hook'];
  return marks.some((mark) => metadata.annotations?.[mark] !== undefined) ? 'hook' : 'applied';
}

/** Where helm looks for CustomResourceDefinitions that are no templates, in a chart and its subcharts. */
export const CRDS_FOLDER = /^(charts\/[^/]+\/)*crds\//;
