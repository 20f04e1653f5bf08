import { isJsonObject, type Json, type JsonObject, partOf } from '../../../objects/objects.ts';
import {
  annotation,
  EVERY,
  label,
  type PlatformWriter,
  spec,
  template,
  WORKLOADS,
} from './platform-writer.ts';

/** Reloader, internal/pkg/handler/upgrade.go: `STAKATER_<name>_<kind>`, the SHA-1 of what is in it. */
const isReloadDigest = (variable: Json): boolean =>
  isJsonObject(variable) &&
  Object.keys(variable).length === 2 &&
  typeof variable.name === 'string' &&
  typeof variable.value === 'string' &&
  /^STAKATER_[A-Z0-9_]{1,253}_(CONFIGMAP|SECRET)$/.test(variable.name) &&
  /^[0-9a-f]{40}$/.test(variable.value);

/** Of open-policy-agent/cert-controller (pkg/rotator) and of Knative (pkg/webhook/certificates/resources). */
const CERTIFICATES = [
  ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'],
  ['ca-cert.pem', 'server-cert.pem', 'server-key.pem'],
];

const holdsOnly = (data: JsonObject, names: readonly string[]): boolean =>
  Object.keys(data).every((name) => names.includes(name));

const ROLLOUTS = ['rollouts-controller', 'argo-rollouts'];

/** What well-known add-ons and the deployers themselves write. */
export const ADD_ONS: readonly PlatformWriter[] = [
  {
    kinds: [...WORKLOADS, 'ConfigMap', 'Secret', 'CronJob'],
    at: [
      ...annotation('reloader.stakater.com/last-reloaded-from'),
      ...template('metadata', 'annotations', 'reloader.stakater.com/last-reloaded-from'),
    ],
    reason: 'Reloader restarts workloads through it',
  },
  {
    kinds: WORKLOADS,
    // Its strategy by default: a variable that holds nothing but a digest, whoever writes it.
    at: ['containers', 'initContainers'].flatMap((containers) => [
      ['spec', 'template', 'spec', containers, '*', 'env'],
      ['spec', 'template', 'spec', containers, '*', 'env', '*'],
    ]),
    unrecorded: () => false,
    when: (_root, value) => (Array.isArray(value) ? value : [value]).every(isReloadDigest),
    reason: 'Reloader restarts workloads through it',
  },
  {
    kinds: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
    at: [['webhooks', '*', 'clientConfig', 'caBundle']],
    unrecorded: () => false,
    reason: 'certificate authority put in by an injector',
  },
  {
    kinds: ['APIService'],
    at: spec('caBundle'),
    unrecorded: () => false,
    reason: 'certificate authority put in by an injector',
  },
  {
    kinds: ['CustomResourceDefinition'],
    at: [['spec', 'conversion', 'webhook', 'clientConfig', 'caBundle']],
    unrecorded: () => false,
    reason: 'certificate authority put in by an injector',
  },
  {
    kinds: ['Secret'],
    // Declared empty for the certificate of a webhook, which its server makes by itself: beside a key of Git's, or
    // in its place, it is somebody else's.
    at: CERTIFICATES.flat().map((name) => ['data', name]),
    unrecorded: () => false,
    when: ({ data }, _value, declared) =>
      Object.keys(partOf(declared.data)).length === 0 &&
      CERTIFICATES.some((names) => isJsonObject(data) && holdsOnly(data, names)),
    reason: 'a certificate that the server of a webhook made for itself',
  },
  {
    kinds: ['NodePool', 'EC2NodeClass'],
    at: annotation(
      ...['karpenter.sh/*-hash', 'karpenter.sh/*-hash-version'],
      ...['karpenter.k8s.aws/*-hash', 'karpenter.k8s.aws/*-hash-version'],
    ),
    reason: 'Karpenter',
  },
  {
    kinds: ['Service', 'Ingress', 'VirtualService', 'DestinationRule'],
    at: annotation('argo-rollouts.argoproj.io/managed-by-rollouts'),
    managers: ROLLOUTS,
    reason: 'a Rollout shifts traffic through it',
  },
  {
    kinds: ['Service', 'DestinationRule'],
    at: [
      ['spec', 'selector', 'rollouts-pod-template-hash'],
      ['spec', 'subsets', '*', 'labels', 'rollouts-pod-template-hash'],
    ],
    managers: ROLLOUTS,
    when: (_root, value) => typeof value === 'string' && /^[a-z0-9]{1,10}$/.test(value),
    reason: 'a Rollout shifts traffic through it',
  },
  {
    kinds: EVERY,
    at: [
      ...annotation(
        'argocd.argoproj.io/tracking-id',
        'argocd.argoproj.io/installation-id',
        'argocd.argoproj.io/refresh',
      ),
      ...annotation('kubectl.kubernetes.io/last-applied-configuration'),
    ],
    managers: ['argocd-controller', 'argocd-application-controller', 'argocd-server'],
    reason: 'tracking of Argo CD',
  },
  {
    kinds: ['Application'],
    at: [['operation']],
    managers: ['argocd-server', 'argocd-application-controller', 'argocd-controller', 'argocd'],
    reason: 'a sync that Argo CD is at',
  },
  {
    kinds: ['Application', 'Rollout'],
    at: annotation('notified.notifications.argoproj.io'),
    reason: 'what Argo CD has notified of',
  },
  {
    kinds: EVERY,
    at: [
      // Not all of their annotations: by some of them people keep Flux from repairing, or from removing.
      ...annotation('reconcile.fluxcd.io/*', 'kustomize.toolkit.fluxcd.io/checksum'),
      ...label('kustomize.toolkit.fluxcd.io/name', 'kustomize.toolkit.fluxcd.io/namespace'),
      ...label('helm.toolkit.fluxcd.io/name', 'helm.toolkit.fluxcd.io/namespace'),
    ],
    managers: [
      'helm-controller',
      'kustomize-controller',
      'source-controller',
      'notification-controller',
      'flux',
      'gotk-helm-controller',
    ],
    reason: 'tracking of Flux',
  },
  {
    kinds: ['HelmRelease', 'Kustomization', 'GitRepository', 'HelmChart', 'HelmRepository', 'OCIRepository'],
    at: [['metadata', 'finalizers', '*']],
    when: (_root, value) => value === 'finalizers.fluxcd.io',
    managers: ['helm-controller', 'kustomize-controller', 'source-controller'],
    reason: 'life cycle: Flux holds its own objects until what they made is gone',
  },
  {
    kinds: EVERY,
    // What `flux reconcile`, `argocd app get --refresh` and our own alerts' "put it back" write.
    at: annotation(
      'reconcile.fluxcd.io/requestedAt',
      'reconcile.fluxcd.io/forceAt',
      'reconcile.fluxcd.io/resetAt',
      'argocd.argoproj.io/refresh',
    ),
    byAnyone: true,
    reason: 'a wish to the deployer: apply now',
  },
];
