import { groupOf, type KubernetesObject } from '../../objects/objects.ts';

/** Who is behind a field manager's name. It names a tool, and its client chooses it: a hint, never a proof. */

export type Deployer = 'flux' | 'argocd' | 'none';

const DEPLOYERS: Readonly<Record<Deployer, readonly string[]>> = {
  none: ['helm'],
  flux: ['helm-controller', 'kustomize-controller'],
  argocd: ['argocd-controller'],
};

/** The field managers that a target's deployer applies with. */
export const managersOf = (deployer: Deployer): ReadonlySet<string> => new Set(DEPLOYERS[deployer]);

/** Tools that people hold in their hands. On a Flux or Argo CD target `helm` is one. */
const PEOPLE =
  /^(kubectl|oc|helm|k9s|lens|Lens|Mozilla|node-fetch|Terraform|terraform|pulumi|curl|python-requests|fluxctl)/;

export const isPerson = (manager: string): boolean => PEOPLE.test(manager);

const ARGO = new Set(['Application', 'ApplicationSet', 'AppProject']);
const POLICIES = new Set([
  'security.istio.io',
  'kyverno.io',
  'policies.kyverno.io',
  'cilium.io',
  'projectcalico.org',
  'crd.projectcalico.org',
  'constraints.gatekeeper.sh',
]);

/**
 * Whether an object tells a deployer what to deploy, or says who may do what. Their controllers write status, finalizers
 * and annotations of it, and leave its spec to Git (fluxcd, docs/spec; argo-cd, docs/operator-manual/declarative-setup.md).
 */
export const leavesSpecToGit = ({
  apiVersion,
  kind,
}: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean => {
  const group = groupOf(apiVersion);
  return (
    group.endsWith('.toolkit.fluxcd.io') || POLICIES.has(group) || (group === 'argoproj.io' && ARGO.has(kind))
  );
};

const WISHES =
  /^((kustomize|helm)\.toolkit\.fluxcd\.io\/|argocd\.argoproj\.io\/.*-options$|helm\.sh\/resource-policy$)/;

/**
 * Whether an annotation or label is one by which people ask a deployer to leave an object alone, or to keep it
 * (deployer-rules/asked.ts): no controller of another kind writes those.
 */
export const asksDeployers = (name: string): boolean => WISHES.test(name);
