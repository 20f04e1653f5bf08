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
