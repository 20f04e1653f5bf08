import {
  annotation,
  EVERY,
  label,
  type PlatformWriter,
  spec,
  template,
  WORKLOADS,
} from './platform-writer.ts';

/** What well-known add-ons and the deployers themselves write. */
export const ADD_ONS: readonly PlatformWriter[] = [
  {
    kinds: [...WORKLOADS, 'ConfigMap', 'Secret', 'CronJob'],
    at: [
      ...annotation('reloader.stakater.com/*'),
      ...template('metadata', 'annotations', 'reloader.stakater.com/*'),
    ],
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
  { kinds: EVERY, at: annotation('karpenter.sh/*-hash', 'karpenter.sh/*-hash-version'), reason: 'Karpenter' },
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
      ...annotation('reconcile.fluxcd.io/*', 'kustomize.toolkit.fluxcd.io/*', 'helm.toolkit.fluxcd.io/*'),
      ...label('kustomize.toolkit.fluxcd.io/*', 'helm.toolkit.fluxcd.io/*'),
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
