/** Never a target's, whatever its configuration says: the cluster's, the deployers' and Fairlead's own namespaces. */
export const RESERVED_NAMESPACES = /^(kube-.*|flux-system|argocd|argo-cd|fairlead|fairlead-.*)$/;
