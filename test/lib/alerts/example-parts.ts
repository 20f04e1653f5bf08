import { finding } from '../../fixtures/findings.ts';

export const base = {
  schema: 1,
  installation: 'fairlead',
  target: 'staging',
  scope: 'shop/web',
  sequence: 1,
  at: '2026-11-21T12:52:00.000Z',
} as const;
export const drift = { ...base, incident: 'fairlead/staging/shop/web/drift/3', severity: 'warning' } as const;
export const where = {
  commit: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
  repository: 'https://git.example.com/platform/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  chart: { name: 'web', version: '1.4.2' },
} as const;
export const since = '2026-11-21T12:40:00.000Z';
export const helmRelease = {
  kind: 'HelmRelease',
  namespace: 'fairlead-staging',
  name: 'shop.web',
  putsBack: 'with-a-change-in-git',
} as const;
export const TEMPLATE = { source: 'templates/deployment.yaml' } as const;
/** A repository that somebody else has laid out. */
export const foreign = { ...where, root: 'clusters/staging', layout: 'foreign' } as const;
const { chart: _chart, ...whole } = where;
export const burst = {
  ...base,
  ...whole,
  scope: 'target',
  incident: 'fairlead/staging/target/drift/2',
  severity: 'warning',
} as const;

export const image = finding(
  'spec.template.spec.containers[name=web].image',
  { desired: 'registry.example.com/web:1.4.2', live: 'registry.example.com/web:1.4.3-debug' },
  {
    ...TEMPLATE,
    attribution: {
      manager: 'kubectl-edit',
      operation: 'Update',
      since: '2026-11-21T12:38:12Z',
      likely: 'likely with kubectl-edit',
    },
  },
);
export const variable = finding(
  'spec.template.spec.containers[name=web].env[name=DEBUG]',
  { live: { name: 'DEBUG', value: '1' } },
  {
    ...TEMPLATE,
    attribution: { manager: 'kubectl-set', operation: 'Update', likely: 'likely with kubectl-set' },
  },
);
export const privileged = finding(
  'spec.template.spec.containers[name=web].securityContext.privileged',
  { desired: false, live: true },
  { attribution: { likely: 'by an unknown writer' } },
);
export const secret = finding(
  'data.password',
  {},
  {
    verdict: 'changed',
    secret: true,
    object: { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'web-database' },
  },
);

export const SERVICE = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' } as const;
export const RELEASES = 'bank,blog,chat,desk,feed,gate,help,jobs,mail,news,play,shop'.split(',');
/** As a webhook rewrites images: the values differ, what it does is the same. */
export const rewritten = (namespace: string, app: string) =>
  finding(
    'spec.template.spec.containers[name=web].image',
    { desired: `${app}:1.4.2`, live: `mirror.example.com/${app}:1.4.2` },
    {
      object: { ...image.object, namespace },
      scope: `${namespace}/web`,
      group: 'XbMFbXkR0e9T2w0d',
      attribution: {
        manager: 'helm-controller',
        likely:
          'still owned by the deployer: rewritten at admission, or another revision or other values are live',
      },
    },
  );
export const REASON = {
  code: 'key-malformed',
  message: 'The template does not render.',
  place: { file: 'templates/deployment.yaml', line: 12 },
  whatToDo: 'Try "helm template" with the same values.',
} as const;
