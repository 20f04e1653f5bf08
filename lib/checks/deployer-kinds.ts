const KUSTOMIZATION = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' } as const;
const APPLICATION = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' } as const;
const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' } as const;

/** The kinds through which deployers speak, in the versions that are asked for. */
export const deployerKinds = { KUSTOMIZATION, APPLICATION, CONFIG_MAP };
