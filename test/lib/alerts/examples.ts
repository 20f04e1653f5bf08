import type { Alert } from '../../../lib/alerts/alert.ts';
import { finding, wholeObject } from '../../fixtures/findings.ts';

const base = {
  schema: 1,
  installation: 'fairlead',
  target: 'staging',
  scope: 'shop/web',
  sequence: 1,
  at: '2026-11-21T12:52:00.000Z',
} as const;
const drift = { ...base, incident: 'fairlead/staging/shop/web/drift/3', severity: 'warning' } as const;
const where = {
  commit: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
  repository: 'https://git.example.com/platform/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  chart: { name: 'web', version: '1.4.2' },
} as const;
const since = '2026-11-21T12:40:00.000Z';

const image = finding(
  'spec.template.spec.containers[name=web].image',
  { desired: 'registry.example.com/web:1.4.2', live: 'registry.example.com/web:1.4.3-debug' },
  {
    attribution: {
      manager: 'kubectl-edit',
      operation: 'Update',
      since: '2026-11-21T12:38:12Z',
      likely: 'likely with kubectl-edit',
    },
  },
);
const variable = finding(
  'spec.template.spec.containers[name=web].env[name=DEBUG]',
  { live: { name: 'DEBUG', value: '1' } },
  { attribution: { manager: 'kubectl-set', operation: 'Update', likely: 'likely with kubectl-set' } },
);
const privileged = finding(
  'spec.template.spec.containers[name=web].securityContext.privileged',
  { desired: false, live: true },
  { attribution: { likely: 'by an unknown writer' } },
);
const secret = finding(
  'data.password',
  {},
  {
    verdict: 'changed',
    secret: true,
    object: { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'web-database' },
  },
);

/** One alert of each kind, and those of other deployers and scopes: what the golden files are made of. */
export const EXAMPLES: Readonly<Record<string, Alert>> = {
  drift: { ...drift, ...where, kind: 'drift', findings: [image, variable], since },
  'drift-critical': {
    ...drift,
    ...where,
    kind: 'drift',
    severity: 'critical',
    findings: [
      privileged,
      wholeObject('missing', { kind: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1', name: 'web-only' }),
      secret,
      wholeObject('extra', { kind: 'ConfigMap', apiVersion: 'v1', name: 'web-old' }),
    ],
    more: 41,
    since,
  },
  'drift-manifests': {
    ...drift,
    ...where,
    kind: 'drift',
    scope: 'manifests',
    findings: [
      finding(
        'spec.suspend',
        { live: true },
        {
          object: {
            apiVersion: 'helm.toolkit.fluxcd.io/v2',
            kind: 'HelmRelease',
            namespace: 'fairlead-staging',
            name: 'shop.web',
          },
          attribution: { manager: 'kubectl-patch', likely: 'likely with kubectl-patch' },
        },
      ),
    ],
    since,
  },
  // Nothing here that the deployer would take back: it is not told to.
  'drift-left': {
    ...drift,
    ...where,
    kind: 'drift',
    findings: [
      { ...secret, verdict: 'added' },
      wholeObject('extra', { kind: 'ConfigMap', apiVersion: 'v1', name: 'web-old' }),
      {
        ...wholeObject('extra', { kind: 'ConfigMap', apiVersion: 'v1', name: 'web-going' }),
        note: 'being deleted since 2026-11-21T12:00:00Z, held by its finalizers: example.com/cleanup',
      },
    ],
    since,
  },
  'drift-argocd': { ...drift, ...where, kind: 'drift', deployer: 'argocd', findings: [image], since },
  'drift-none': { ...drift, ...where, kind: 'drift', deployer: 'none', findings: [image], since },
  'drift-changed': {
    ...drift,
    ...where,
    kind: 'drift-changed',
    sequence: 2,
    findings: [variable, image],
    fresh: 1,
    gone: [finding('spec.replicas', { desired: 2, live: 4 })],
    since,
  },
  converged: {
    ...drift,
    ...where,
    kind: 'converged',
    severity: 'info',
    sequence: 3,
    told: ['warning'],
    since,
  },
  stalled: {
    ...base,
    ...where,
    incident: 'fairlead/staging/shop/web/stalled/7',
    severity: 'warning',
    kind: 'stalled',
    since: '2026-11-21T12:37:00.000Z',
    findings: [finding('spec.template.spec.containers[name=web].image', { desired: 'web:2', live: 'web:1' })],
    unready: ['Deployment/web: 0 of 2 replicas are available (ProgressDeadlineExceeded)'],
    deployerSays:
      'HelmRelease fairlead-staging/shop.web fails: UpgradeFailed: timed out waiting for Deployment/web',
  },
  'rolled-out': {
    ...base,
    ...where,
    incident: 'fairlead/staging/shop/web/stalled/7',
    severity: 'info',
    kind: 'rolled-out',
    sequence: 2,
    told: ['warning'],
    since: '2026-11-21T12:37:00.000Z',
    after: 'stalled',
  },
  unknown: {
    ...base,
    incident: 'fairlead/staging/shop/web/unknown/1',
    severity: 'warning',
    kind: 'unknown',
    reason: 'the cluster does not let the check list networkpolicies.networking.k8s.io (403)',
    rule: '- apiGroups: [networking.k8s.io]\n  resources: [networkpolicies]\n  verbs: [get, list]',
    since,
  },
  'known-again': {
    ...base,
    incident: 'fairlead/staging/shop/web/unknown/1',
    severity: 'info',
    kind: 'known-again',
    sequence: 2,
    told: ['warning'],
    since,
  },
  rejected: {
    ...base,
    scope: 'staging/shop/web/web-1.4.3.tgz',
    incident: 'fairlead/staging/rejected/web-1.4.3',
    severity: 'warning',
    kind: 'rejected',
    upload: 's3://charts/staging/shop/web/web-1.4.3.tgz (version 3sL4kqtJlcpXroDTDmJ)',
    claimedAuthor: 'pat@example.com',
    reasons: [
      {
        code: 'key-malformed',
        message: 'The template does not render.',
        place: { file: 'templates/deployment.yaml', line: 12 },
        whatToDo: 'Try "helm template" with the same values.',
        excerpt: 'nil pointer evaluating interface {}.tag',
      },
      {
        code: 'key-malformed',
        message: 'A Secret holds its value in clear.',
        place: { file: 'templates/secret.yaml', pointer: '/data/password' },
        whatToDo: 'Use a SealedSecret or an ExternalSecret.',
      },
    ],
  },
  blocked: {
    ...base,
    scope: 'target',
    incident: 'fairlead/staging/target/delivery/1',
    severity: 'warning',
    kind: 'blocked',
    reason: 'the repository refuses the push: protected branch hook declined',
    since,
  },
  'blocked-critical': {
    ...base,
    scope: 'target',
    incident: 'fairlead/staging/target/delivery/1',
    severity: 'critical',
    kind: 'blocked',
    sequence: 2,
    reason: 'Failed to connect to git.example.com port 443',
    since: '2026-11-21T11:50:00.000Z',
  },
  failed: {
    ...base,
    scope: 'target',
    incident: 'fairlead/staging/target/failed/1',
    severity: 'critical',
    kind: 'failed',
    uploads: [
      's3://charts/staging/shop/web/web-1.4.3.tgz?versionId=3sL4kqtJlcpXroDTDmJ',
      's3://charts/staging/shop/api/values.yaml?versionId=Xq0vcM2dMZuTf0ESLzQ',
    ],
    more: 198,
    reasons: [
      {
        code: 'repository-blocked',
        message: 'The repository took nothing for a day: Failed to connect to git.example.com port 443.',
        whatToDo: 'Once it works again, have the upload taken again: npx fairlead replay.',
      },
    ],
    prefix: 'staging/shop/',
  },
  unblocked: {
    ...base,
    scope: 'target',
    incident: 'fairlead/staging/target/delivery/1',
    severity: 'info',
    kind: 'unblocked',
    sequence: 2,
    since,
  },
};
