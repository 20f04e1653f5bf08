import type { Alert } from '../../lib/alerts/alert.ts';
import { headlineOf } from '../../lib/alerts/headline.ts';
import { maskedAlert } from '../../lib/alerts/masked-alert.ts';
import type { TimelineEntry } from '../../lib/alerts/timeline.ts';
import type { IncidentView, PageSource, PageState } from '../../page/state.ts';
import { timelineView } from '../../page/timeline-view.ts';
import { DEPLOYMENT, finding, wholeObject } from '../fixtures/findings.ts';

/** A page's worth of incidents: long names, hostile texts, secrets, many members, silence. */
const COMMIT = '3f9c1d2e4b5a69788796a5b4c3d2e1f001234567';
const MINUTE = 60_000;
const ago = (minutes: number): string => new Date(Date.now() - minutes * MINUTE).toISOString();

export const LONG_SCOPE = 'customer-portal-production/subscription-invoice-reconciliation-worker';
export const HOSTILE = '<img src=x onerror=document.title="owned">\u202Egpj.exe';

const base = (scope: string, of: string, sequence: number, minutes: number) =>
  ({
    schema: 1,
    installation: 'fairlead',
    target: 'staging',
    scope,
    incident: `fairlead/staging/${scope}/${of}/1`,
    sequence,
    at: ago(minutes),
    severity: 'warning',
  }) as const;

const where = {
  commit: COMMIT,
  repository: 'https://git.example.com/team/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  chart: { name: 'web', version: '1.4.2' },
} as const;

const by = (manager: string) => ({
  attribution: { manager, operation: 'Update' as const, since: ago(12), likely: `likely with ${manager}` },
});

const image = finding(
  'spec.template.spec.containers[name=web].image',
  { desired: 'registry.example.com/shop/web:1.4.2', live: 'registry.example.com/shop/web:1.4.3-hotfix' },
  by('kubectl-edit'),
);
const replicas = finding('spec.replicas', { desired: 2, live: 5 }, by('kubectl-edit'));
const resources = finding(
  'spec.template.spec.containers[name=web].resources.limits',
  { live: { cpu: '2', memory: '4Gi' } },
  by('kubectl-edit'),
);
const file = finding(
  'data.nginx.conf',
  {
    desired: 'server {\n  listen 8080;\n  client_max_body_size 1m;\n  keepalive_timeout 65;\n}\n',
    live: 'server {\n  listen 8080;\n  client_max_body_size 100m;\n  keepalive_timeout 65;\n  autoindex on;\n}\n',
  },
  {
    object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'web-nginx' },
    ...by('kubectl-edit'),
  },
);
const password = finding(
  'data.password',
  {},
  {
    verdict: 'changed',
    secret: true,
    object: { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'web-database' },
    ...by('kubectl-patch'),
  },
);

const WEB = [
  { ...base('shop/web', 'drift', 1, 192), ...where, kind: 'drift', findings: [replicas], since: ago(192) },
  {
    ...base('shop/web', 'drift', 2, 60),
    ...where,
    kind: 'reminder',
    of: 'drift',
    findings: [replicas],
    since: ago(192),
    quiet: { until: ago(30), reason: 'load test until noon' },
  },
  {
    ...base('shop/web', 'drift', 3, 12),
    ...where,
    severity: 'critical',
    kind: 'drift-changed',
    findings: [image, resources, file, password, replicas],
    fresh: 4,
    gone: [finding('metadata.labels.team', { desired: 'shop', live: 'ops' })],
    since: ago(192),
  },
] as const satisfies readonly Alert[];

const DELETED = [
  {
    ...base('shop/checkout', 'drift', 1, 4),
    ...where,
    severity: 'critical',
    kind: 'drift',
    findings: [wholeObject('missing', { name: 'checkout' })],
    since: ago(4),
  },
] as const satisfies readonly Alert[];

const LONG = [
  {
    ...base(LONG_SCOPE, 'drift', 1, 9000),
    ...where,
    chart: { name: 'subscription-invoice-reconciliation-worker', version: '12.104.3-rc.1+build.20261121' },
    kind: 'drift',
    findings: [
      finding(
        'spec.template.spec.containers[name=subscription-invoice-reconciliation-worker].env[name=DOWNSTREAM_BILLING_ENDPOINT_ADDRESS].value',
        { desired: 'https://billing.example.com/api/v2/reconciliation', live: HOSTILE },
        {
          object: {
            ...DEPLOYMENT,
            namespace: 'customer-portal-production',
            name: 'subscription-invoice-reconciliation-worker',
          },
          ...by('kubectl-client-side-apply'),
        },
      ),
    ],
    since: ago(9000),
  },
] as const satisfies readonly Alert[];

const BURST = [
  {
    ...base('target', 'drift', 1, 25),
    ...where,
    kind: 'drift',
    findings: [
      finding(
        'spec.template.spec.nodeSelector',
        { live: { 'cloud.example.com/pool': 'arm' } },
        by('pool-injector'),
      ),
    ],
    members: Array.from({ length: 14 }, (_, index) => ({
      scope: `team-${index % 4}/service-${index + 1}`,
      findings: 1 + (index % 3),
      severity: index === 3 ? ('critical' as const) : ('warning' as const),
    })),
    left: 60,
    more: 80,
    since: ago(25),
  },
] as const satisfies readonly Alert[];

const UNKNOWN = [
  {
    ...base('manifests', 'unknown', 1, 47),
    kind: 'unknown',
    reason: 'The cluster refuses to list networkpolicies.networking.k8s.io in namespace shop.',
    rule: '- apiGroups: [networking.k8s.io]\n  resources: [networkpolicies]\n  verbs: [get, list]',
    since: ago(47),
  },
] as const satisfies readonly Alert[];

const CLOSED = [
  { ...base('shop/api', 'drift', 1, 400), ...where, kind: 'drift', findings: [replicas], since: ago(400) },
  {
    ...base('shop/api', 'drift', 2, 380),
    ...where,
    severity: 'info',
    kind: 'converged',
    told: ['warning'],
    since: ago(400),
  },
] as const satisfies readonly Alert[];

const ALL: readonly (readonly Alert[])[] = [DELETED, WEB, BURST, UNKNOWN, LONG, CLOSED];

const told = (alerts: readonly Alert[]): readonly TimelineEntry[] =>
  alerts.map((alert) => ({ alert: maskedAlert(alert), told: 'told' }));

function viewOf(alerts: readonly Alert[]): IncidentView {
  const last = alerts.at(-1);
  if (last === undefined) throw new Error('an incident has an alert');
  const isClosed = last.kind === 'converged';
  const findings = 'findings' in last ? last.findings.length + (last.more ?? 0) : undefined;
  return {
    key: last.incident,
    target: last.target,
    scope: last.scope,
    class: last.incident.split('/').at(-2) === 'unknown' ? 'unknown' : 'drift',
    state: isClosed ? 'closed' : 'open',
    ...(isClosed
      ? { closedAt: last.at }
      : { severity: last.severity, since: 'since' in last ? last.since : last.at }),
    ...(findings === undefined ? {} : { findings }),
    ...('left' in last && last.left !== undefined ? { members: last.left } : {}),
    alerts: alerts.length,
    headline: headlineOf(last),
    ...(last.scope === LONG_SCOPE
      ? { snooze: { until: ago(-500), by: 'ada', reason: 'billing moves house this week', at: ago(100) } }
      : {}),
  };
}

const verdict = (scope: string, state: string, more = {}) => ({
  scope,
  verdict: state,
  findings: 0,
  unready: 0,
  at: ago(2),
  commit: COMMIT,
  chart: { name: scope.split('/').at(-1) ?? scope, version: '1.4.2' },
  ...more,
});

/** What a page over an installation in AWS would be given. */
export const STATE: PageState = {
  installation: 'fairlead',
  bucket: 'charts',
  incidents: ALL.map(viewOf),
  targets: [
    {
      name: 'staging',
      repository: 'cluster',
      branch: 'main',
      deployer: 'flux',
      namespaces: ['shop'],
      commit: COMMIT,
      checkedAt: ago(2),
      scopes: [
        verdict('shop/api', 'in-sync'),
        verdict('shop/checkout', 'drift', { findings: 1 }),
        verdict('shop/web', 'drift', { findings: 5 }),
        verdict(LONG_SCOPE, 'drift', {
          findings: 1,
          snooze: { until: ago(-500), by: 'ada', reason: 'billing moves house this week', at: ago(100) },
        }),
      ],
    },
    {
      name: 'production',
      repository: 'cluster',
      branch: 'main',
      deployer: 'argocd',
      namespaces: ['shop'],
      scopes: [],
    },
  ],
  deliveries: [
    {
      key: 'staging/shop/web/web-1.4.2.tgz',
      versionId: 'v1',
      state: 'delivered',
      commit: COMMIT,
      receivedAt: ago(300),
      replays: 0,
      reasons: [],
      warnings: [],
    },
  ],
};

export const SOURCE: PageSource = {
  state: () => STATE,
  timeline: async (key) => {
    const alerts = ALL.find((some) => some.some(({ incident }) => incident === key));
    return alerts === undefined ? undefined : timelineView(key, { entries: told(alerts), older: 0 });
  },
};

/** Nothing was ever checked. */
export const EMPTY: PageState = { ...STATE, incidents: [], deliveries: [], targets: [] };
