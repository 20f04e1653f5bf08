import type { KubernetesObject } from '../../objects/objects.ts';
import type { ObjectRole, RenderRequest } from '../render-request.ts';

/**
 * Hooks come and go with a deployment and carry no verdict. Argo CD knows marks of its own; on other targets those are
 * an annotation like any other, and hide nothing.
 */
export function roleOf({ metadata }: KubernetesObject, deployer: RenderRequest['deployer']): ObjectRole {
  const marks = deployer === 'argocd' ? ['helm.sh/hook', 'argocd.argoproj.io/hook'] : ['helm.sh/hook'];
  // A definition that Helm 2 installed first is an object like any other there (argo-cd, gitops-engine, pkg/sync/hook/helm).
  const isHook = (mark: string) => {
    const value = metadata.annotations?.[mark];
    return (
      value !== undefined && !(deployer === 'argocd' && mark === 'helm.sh/hook' && value === 'crd-install')
    );
  };
  return marks.some(isHook) ? 'hook' : 'applied';
}

/** Where helm looks for CustomResourceDefinitions that are no templates, in a chart and its subcharts. */
export const CRDS_FOLDER = /^(charts\/[^/]+\/)*crds\//;
