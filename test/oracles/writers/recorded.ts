import type { Json } from '../../../lib/objects/objects.ts';

/** What a controller that does not run here writes, and where that is to be read. */
export interface RecordedWrite {
  readonly kind: string;
  /** As in `WRITTEN`. */
  readonly place: string;
  readonly value: Json;
  /** Its field manager; absent where the API server puts it in, and no writer is recorded. */
  readonly manager?: string;
  /** More of the object, where it matters. */
  readonly root?: Readonly<Record<string, Json>>;
  readonly source: string;
}

const INJECTED = 'cert-manager, pkg/controller/cainjector (field manager cert-manager-cainjector)';
const ARGO = 'argo-cd, common/common.go (annotation keys), util/argo/resource_tracking.go';
const FLUX = 'fluxcd/pkg/apis/meta/annotations.go, fluxcd/pkg/ssa/normalize';
const RELOADER = 'stakater/Reloader, internal/pkg/options/flags.go';
const RELOADER_VARIABLES =
  'stakater/Reloader, internal/pkg/handler/upgrade.go (reload strategy env-vars, the default)';
const SERVICE_ACCOUNTS = 'kubernetes, pkg/controller/serviceaccount/tokens_controller.go (until 1.23)';
const OPENSHIFT = 'openshift-controller-manager, pkg/serviceaccounts/controllers';

const each = (
  places: readonly string[],
  kind: string,
  value: Json,
  source: string,
  more: Omit<RecordedWrite, 'kind' | 'place' | 'value' | 'source'>,
): RecordedWrite[] => places.map((place) => ({ kind, place, value, source, ...more }));

export const RECORDED: readonly RecordedWrite[] = [
  ...each(
    [
      'metadata annotations reloader.stakater.com/last-reloaded-from',
      'spec template metadata annotations reloader.stakater.com/last-reloaded-from',
    ],
    'Deployment',
    '{}',
    RELOADER,
    { manager: 'Reloader' },
  ),
  ...each(
    ['spec jobTemplate spec template metadata annotations reloader.stakater.com/last-reloaded-from'],
    'CronJob',
    '{}',
    RELOADER,
    { manager: 'Reloader' },
  ),
  ...each(
    ['spec jobTemplate spec template metadata annotations kubectl.kubernetes.io/restartedAt'],
    'CronJob',
    '2026-01-01T00:00:00Z',
    'kubectl, pkg/polymorphichelpers/objectrestarter.go (templates; other tools restart CronJobs alike)',
    { manager: 'kubectl-rollout' },
  ),
  ...each(
    ['spec loadBalancerClass'],
    'Service',
    'service.k8s.aws/nlb',
    'aws-load-balancer-controller, webhooks/core/service_mutator.go',
    {},
  ),
  ...each(
    ['spec volumeAttributesClassName'],
    'PersistentVolumeClaim',
    'silver',
    'kubernetes, pkg/apis/core/types.go: PersistentVolumeClaimSpec (set by resizers and by admission)',
    { manager: 'csi-resizer' },
  ),
  ...each(
    ['metadata labels topology.kubernetes.io/zone', 'metadata labels failure-domain.beta.kubernetes.io/zone'],
    'PersistentVolume',
    'eu-1a',
    'kubernetes, plugin/pkg/admission/storage/persistentvolume/label (until 1.30); cloud-provider, volume labels',
    { manager: 'cloud-controller-manager' },
  ),
  ...each(
    ['metadata annotations volume.kubernetes.io/provisioner-deletion-secret-name'],
    'PersistentVolume',
    '',
    'external-provisioner, pkg/controller/controller.go',
    { manager: 'csi-provisioner' },
  ),
  ...each(
    ['spec nodeAffinity'],
    'PersistentVolume',
    { required: { nodeSelectorTerms: [] } },
    'kubernetes, plugin/pkg/admission/storage/persistentvolume/label (until 1.30)',
    {},
  ),
  ...each(
    ['metadata labels topology.kubernetes.io/region'],
    'Pod',
    'eu-1',
    'kubernetes, plugin/pkg/admission/podtopologylabels (the node here has a zone and no region)',
    {},
  ),
  ...each(
    ['metadata annotations container.apparmor.security.beta.kubernetes.io/c'],
    'Pod',
    'runtime/default',
    'kubernetes 1.33, pkg/registry/core/pod/strategy.go (seen in test/oracles/known, where that server is)',
    { root: { spec: { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } } } },
  ),
  ...each(
    ['metadata annotations batch.kubernetes.io/job-tracking'],
    'Job',
    '',
    'kubernetes, pkg/registry/batch/job/strategy.go (until 1.26)',
    {},
  ),
  ...each(
    ['rules *'],
    'ClusterRole',
    { verbs: ['get'] },
    'kubernetes, pkg/controller/clusterroleaggregation (a part of it, where it was declared in part)',
    {
      manager: 'clusterrole-aggregation-controller',
      root: { aggregationRule: {} },
    },
  ),
  ...each(['secrets', 'secrets *'], 'ServiceAccount', [{ name: 'robot-token-x' }], SERVICE_ACCOUNTS, {
    manager: 'kube-controller-manager',
  }),
  ...each(
    ['imagePullSecrets', 'imagePullSecrets *'],
    'ServiceAccount',
    [{ name: 'x-dockercfg-1' }],
    OPENSHIFT,
    {
      manager: 'openshift-controller-manager',
    },
  ),
  ...each(
    ['metadata labels kubernetes.io/legacy-token-invalid-since'],
    'Secret',
    '2026-01-01',
    'kubernetes, pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go',
    { manager: 'kube-controller-manager', root: { type: 'kubernetes.io/service-account-token' } },
  ),
  ...each(['webhooks * clientConfig caBundle'], 'MutatingWebhookConfiguration', 'eA==', INJECTED, {
    manager: 'cert-manager-cainjector',
  }),
  ...each(['spec caBundle'], 'APIService', 'eA==', INJECTED, { manager: 'cert-manager-cainjector' }),
  ...each(['spec conversion webhook clientConfig caBundle'], 'CustomResourceDefinition', 'eA==', INJECTED, {
    manager: 'cert-manager-cainjector',
  }),
  ...each(
    ['metadata labels kube-aggregator.kubernetes.io/automanaged'],
    'APIService',
    'true',
    'kube-aggregator, pkg/controllers/autoregister/autoregister_controller.go',
    { manager: 'kube-apiserver' },
  ),
  ...each(
    ['spec finalizers *'],
    'Namespace',
    'kubernetes',
    'kubernetes, pkg/registry/core/namespace/strategy.go',
    {},
  ),
  ...each(
    ['metadata annotations endpoints.kubernetes.io/last-change-trigger-time'],
    'Endpoints',
    '2026-01-01T00:00:00Z',
    'kubernetes, pkg/controller/endpoint/endpoints_controller.go (only where a Pod has told when it changed)',
    { manager: 'kube-controller-manager' },
  ),
  ...each(
    [
      'metadata annotations karpenter.sh/nodepool-hash',
      'metadata annotations karpenter.sh/nodepool-hash-version',
    ],
    'NodePool',
    '1',
    'kubernetes-sigs/karpenter, pkg/controllers/nodepool/hash/controller.go',
    { manager: 'karpenter' },
  ),
  ...each(
    [
      'metadata annotations karpenter.k8s.aws/ec2nodeclass-hash',
      'metadata annotations karpenter.k8s.aws/ec2nodeclass-hash-version',
    ],
    'EC2NodeClass',
    '1',
    'aws/karpenter-provider-aws, pkg/apis/v1/labels.go',
    { manager: 'karpenter' },
  ),
  ...each(
    ['spec template spec containers * env', 'spec template spec initContainers * env'],
    'Deployment',
    [{ name: 'STAKATER_WEB_CONFIGMAP', value: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' }],
    RELOADER_VARIABLES,
    { manager: 'Reloader' },
  ),
  ...each(
    ['spec template spec containers * env *', 'spec template spec initContainers * env *'],
    'Deployment',
    { name: 'STAKATER_WEB_SECRET', value: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' },
    RELOADER_VARIABLES,
    { manager: 'Reloader' },
  ),
  ...each(
    ['data ca.crt', 'data ca.key', 'data tls.crt', 'data tls.key'],
    'Secret',
    'eA==',
    'open-policy-agent/cert-controller, pkg/rotator/rotator.go (Gatekeeper and others)',
    { manager: 'gatekeeper', root: { data: { 'tls.crt': 'eA==', 'tls.key': 'eA==' } } },
  ),
  ...each(
    ['data ca-cert.pem', 'data server-cert.pem', 'data server-key.pem'],
    'Secret',
    'eA==',
    'knative/pkg, webhook/certificates/resources/secret.go (Tekton and others)',
    { manager: 'webhook', root: { data: { 'ca-cert.pem': 'eA==', 'server-key.pem': 'eA==' } } },
  ),
  ...each(
    [
      'metadata annotations argo-rollouts.argoproj.io/managed-by-rollouts',
      'spec selector rollouts-pod-template-hash',
    ],
    'Service',
    '687d76d795',
    'argo-rollouts, docs/FAQ.md; rollout/service.go',
    { manager: 'rollouts-controller' },
  ),
  ...each(
    ['spec subsets * labels rollouts-pod-template-hash'],
    'DestinationRule',
    '687d76d795',
    'argo-rollouts, rollout/trafficrouting/istio/istio.go',
    { manager: 'rollouts-controller' },
  ),
  ...each(
    [
      'metadata annotations argocd.argoproj.io/tracking-id',
      'metadata annotations argocd.argoproj.io/installation-id',
      'metadata annotations argocd.argoproj.io/refresh',
      'metadata annotations kubectl.kubernetes.io/last-applied-configuration',
    ],
    'ConfigMap',
    'x',
    ARGO,
    { manager: 'argocd-controller' },
  ),
  ...each(['operation'], 'Application', { sync: {} }, 'argo-cd, controller/appcontroller.go (autoSync)', {
    manager: 'argocd-application-controller',
  }),
  ...each(
    ['metadata annotations notified.notifications.argoproj.io'],
    'Application',
    '{}',
    'argo-cd, notifications-engine, pkg/subscriptions/annotations.go',
    { manager: 'argocd-notifications' },
  ),
  ...each(
    [
      'metadata annotations reconcile.fluxcd.io/requestedAt',
      'metadata annotations kustomize.toolkit.fluxcd.io/checksum',
      'metadata labels kustomize.toolkit.fluxcd.io/name',
      'metadata labels kustomize.toolkit.fluxcd.io/namespace',
      'metadata labels helm.toolkit.fluxcd.io/name',
      'metadata labels helm.toolkit.fluxcd.io/namespace',
    ],
    'ConfigMap',
    'x',
    FLUX,
    { manager: 'kustomize-controller' },
  ),
  ...each(
    ['metadata finalizers *'],
    'HelmRelease',
    'finalizers.fluxcd.io',
    'fluxcd/helm-controller, api/v2/helmrelease_types.go',
    {
      manager: 'helm-controller',
    },
  ),
  ...each(
    [
      'metadata annotations reconcile.fluxcd.io/requestedAt',
      'metadata annotations reconcile.fluxcd.io/forceAt',
      'metadata annotations reconcile.fluxcd.io/resetAt',
      'metadata annotations argocd.argoproj.io/refresh',
    ],
    'HelmRelease',
    'now',
    'fluxcd/flux2, cmd/flux/reconcile.go; argo-cd, cmd/argocd/commands/app.go',
    { manager: 'kubectl-annotate' },
  ),
  ...each(
    ['metadata finalizers', 'metadata ownerReferences *'],
    'ConfigMap',
    'x',
    'kubernetes, design of finalizers and owner references: controllers add their own',
    { manager: 'some-operator' },
  ),
];
