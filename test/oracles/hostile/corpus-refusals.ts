import type { ReasonCode } from '../../../lib/charts/reasons.ts';

interface Refusal {
  readonly codes: readonly ReasonCode[];
  readonly why: string;
}

const SECRET: Refusal = {
  codes: ['plain-secret'],
  why: 'It writes a Secret with a value. One render does not tell a password that it made up from one that it was given, so each counts as given; what two renders show to be made up is let through.',
};
const RESERVED: Refusal = {
  codes: ['namespace-forbidden'],
  why: 'It writes into kube-system (leader election, the reader of the authentication settings), which no target may.',
};

/** Charts of the corpus that a target refuses although its administrator allowed their kinds, each with its defence. */
export const DEFENDED: Readonly<Record<string, Refusal>> = {
  'argo__argocd-applicationset-0.1.4': {
    codes: ['object-duplicate'],
    why: 'It brings one definition in crds/ and as a template: helm installs the first, then refuses the second as none of its own.',
  },
  'helm-stable__prometheus-operator-9.3.2': {
    codes: ['namespace-forbidden', 'plain-secret'],
    why: 'It writes Services into kube-system, and the passwords of Grafana and Alertmanager in clear.',
  },
  'bitnami__grafana-mimir-3.0.19': SECRET,
  'bitnami__jupyterhub-10.0.6': SECRET,
  'bitnami__kafka-32.4.4': SECRET,
  'bitnami__keycloak-25.4.0': SECRET,
  'bitnami__kube-arangodb-0.1.24': SECRET,
  'bitnami__matomo-11.0.1': SECRET,
  'bitnami__metallb-6.4.23': SECRET,
  'bitnami__mongodb-sharded-9.4.14': SECRET,
  'bitnami__postgresql-ha-16.3.4': SECRET,
  'bitnami__redis-23.1.1': SECRET,
  'fluxcd-community__flux2-notification-1.19.5': SECRET,
  'grafana-community__grafana-12.11.1': SECRET,
  'grafana__loki-canary-0.14.1': SECRET,
  'grafana__loki-stack-2.10.3': SECRET,
  'grafana__promtail-6.17.1': SECRET,
  'helm-incubator__patroni-0.16.3': SECRET,
  'helm-stable__pgadmin-1.2.3': SECRET,
  'helm-stable__sentry-4.3.3': SECRET,
  'helm-stable__stolon-1.6.5': SECRET,
  'prometheus-community__jiralert-1.9.0': SECRET,
  'prometheus-community__prometheus-postgres-exporter-8.2.0': SECRET,
  'bitnami__pinniped-2.4.24': RESERVED,
  'cert-manager__cert-manager-v0.0.0': RESERVED,
  'cert-manager__example-webhook-0.1.0': RESERVED,
  'helm-stable__cert-manager-v0.6.7': RESERVED,
  'prometheus-community__prometheus-adapter-5.3.0': RESERVED,
};
