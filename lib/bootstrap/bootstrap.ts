import type { Repository, Target } from '../config/config.ts';
import type { KubernetesObject } from '../objects/objects.ts';
import { deployerNamespace } from '../repository/layout.ts';
import { argocdDocuments } from './argocd.ts';
import { checkRights, type SecretsRead } from './check-rights.ts';
import { type Documented, formatDocuments } from './documented.ts';
import { fluxDocuments } from './flux.ts';
import { argocdAccess, fluxAccess } from './git-access.ts';
import { allowedKinds, notGranted } from './grants.ts';

/**
 * What a cluster needs once a target (docs/bootstrap.md): the boundary of a target is enforced there, by RBAC or
 * Argo CD's projects, and not by looking at YAML. Everything here follows from the configuration alone.
 */
export interface BootstrapQuestion {
  readonly target: Target;
  readonly repository: Pick<Repository, 'url' | 'readCredential'>;
  readonly secrets: SecretsRead;
  /** How the check gets in beside that (cluster-access.ts), in lines. */
  readonly access?: readonly string[];
}

export function bootstrapDocuments(question: BootstrapQuestion): readonly Documented[] {
  const { target, secrets } = question;
  return [...namespaces(target), ...deployerDocuments(question), ...checkRights(target, secrets)];
}

/** As YAML for `kubectl apply -f -`, with comments that say what each is for and what else is to be done. */
export function formatBootstrap(question: BootstrapQuestion): string {
  return formatDocuments(heading(question), bootstrapDocuments(question));
}

/** A target that Fairlead never writes to has a deployer of its own, set up by others. */
function deployerDocuments({ target, repository }: BootstrapQuestion): readonly Documented[] {
  if (target.driftOnly) return [];
  switch (target.deployer) {
    case 'flux':
      return fluxDocuments(target, fluxAccess(repository, deployerNamespace(target)));
    case 'argocd':
      return argocdDocuments(target, repository.url, argocdAccess(repository, target.argocdNamespace));
    case 'none':
      return [];
  }
}

function namespaces(target: Target): readonly Documented[] {
  if (target.driftOnly) return [];
  const allowed = target.namespaces.map(
    (name, index): Documented => ({
      object: namespace(name),
      about:
        index === 0
          ? [
              'The namespaces that uploads fill. One that exists keeps its labels; leave out what others make.',
              'Never "kubectl delete -f" this file: it would delete them with all that is in them.',
            ]
          : [],
    }),
  );
  if (target.deployer !== 'flux') return allowed;
  const about = [
    "Flux's objects of this target, and no Secret but the repository's key: values of a HelmRelease may come from any",
    'Secret of its namespace, whoever is allowed to read it.',
  ];
  return [...allowed, { object: namespace(deployerNamespace(target)), about }];
}

const namespace = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

function heading({ target, access = [] }: BootstrapQuestion): readonly string[] {
  const { name, deployer, driftOnly } = target;
  const notes = driftOnly ? [] : notGranted(allowedKinds(target.allowKinds));
  return [
    `What the cluster needs once for Fairlead's target ${name} (docs/bootstrap.md).`,
    ...(driftOnly || deployer === 'none'
      ? []
      : [`Deployer: ${NAMES[deployer]}, which must be installed already.`]),
    `Apply it as an administrator:  npx fairlead bootstrap ${name} | kubectl apply -f -`,
    'The same configuration gives the same text: keep it in Git, and apply it again when the target changes.',
    ...access,
    ...notes.map((note) => `Note: ${note}`),
  ];
}

const NAMES = { flux: 'Flux', argocd: 'Argo CD' } as const;
