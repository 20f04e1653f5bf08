/** What Argo CD lets values refer to as `$NAME` (argo-cd, reposerver/repository/repository.go, newEnv). */
export interface BuildEnvironment {
  readonly application: string;
  readonly namespace: string;
  readonly project: string;
  readonly revision: string;
  readonly repoUrl: string;
  readonly path: string;
  readonly targetRevision: string;
}

/**
 * As Go's os.Expand: `$NAME` and `${NAME}`; `$$` is a `$`. A name that Argo CD does not set is nothing
 * (argo-cd, pkg/apis/application/v1alpha1/types.go, Envsubst).
 */
export function substituted(text: string, environment: BuildEnvironment): string {
  const known = variables(environment);
  return text.replace(
    /\$(?:\{([^}]*)\}|([*#$@!?0-9-])|([A-Za-z_]\w*))/g,
    (_whole, braced?: string, special?: string, bare?: string) =>
      special === '$' ? '$' : (known.get(braced ?? bare ?? '') ?? ''),
  );
}

const variables = (environment: BuildEnvironment): ReadonlyMap<string, string> =>
  new Map([
    ['ARGOCD_APP_NAME', environment.application],
    ['ARGOCD_APP_NAMESPACE', environment.namespace],
    ['ARGOCD_APP_PROJECT_NAME', environment.project],
    ['ARGOCD_APP_REVISION', environment.revision],
    ['ARGOCD_APP_REVISION_SHORT', environment.revision.slice(0, 7)],
    ['ARGOCD_APP_REVISION_SHORT_8', environment.revision.slice(0, 8)],
    ['ARGOCD_APP_SOURCE_REPO_URL', environment.repoUrl],
    ['ARGOCD_APP_SOURCE_PATH', environment.path],
    ['ARGOCD_APP_SOURCE_TARGET_REVISION', environment.targetRevision],
  ]);
