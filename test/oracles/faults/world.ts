import type { ConfigInput } from '../../../lib/config/config.ts';

/** What the suite delivers to: three repositories, five targets, two of them on one branch, two branches in one. */
export interface Place {
  readonly target: string;
  readonly repository: string;
  readonly branch: string;
  readonly deployer: 'flux' | 'argocd' | 'none';
}

export const PLACES: readonly Place[] = [
  { target: 'staging', repository: 'alpha', branch: 'main', deployer: 'flux' },
  { target: 'edge', repository: 'alpha', branch: 'main', deployer: 'none' },
  { target: 'prod', repository: 'beta', branch: 'main', deployer: 'argocd' },
  { target: 'lab', repository: 'gamma', branch: 'main', deployer: 'flux' },
  // Begins with its first delivery.
  { target: 'next', repository: 'gamma', branch: 'next', deployer: 'flux' },
];
export const REPOSITORIES = ['alpha', 'beta', 'gamma'] as const;
export const NAMESPACES = ['shop', 'pay'] as const;
export const RELEASES = [
  { namespace: 'shop', release: 'web' },
  { namespace: 'shop', release: 'api' },
  { namespace: 'pay', release: 'web' },
] as const;
export const MANIFESTS = ['limits.yaml', 'net/rules.yaml'] as const;

export const INSTALLATION = 'faults';
/** Name of the secret that pushes. */
export const SECRET = 'write';

export const configOf = (urlOf: (repository: string) => string): ConfigInput => ({
  installation: INSTALLATION,
  repositories: REPOSITORIES.map((name) => ({
    name,
    url: urlOf(name),
    credential: { kind: 'token', secret: SECRET, username: 'fairlead' },
    minimumPushIntervalSeconds: name === 'beta' ? 0.3 : 0,
  })),
  targets: PLACES.map(({ target, repository, branch, deployer }) => ({
    name: target,
    repository,
    branch,
    deployer,
    namespaces: [...NAMESPACES],
    judgeAgainSeconds: 1,
  })),
});
