import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';

/**
 * Defaults that Go code fills in and no schema says, by type and field: pkg/apis/<group>/<version>/defaults.go of
 * Kubernetes 1.35, the types' versions merged; and what their documentation says that an absent field means, where
 * nothing is filled in. A function derives its default from the struct that holds the field
 * (`parent`, as declared or as it is live) and from the whole live object (`root`).
 */
export type KnownDefault =
  | { readonly kind: 'value'; readonly values: readonly Json[] }
  | { readonly kind: 'derived'; readonly from: (parent: JsonObject, root: JsonObject) => Json | undefined }
  /** Derived from what is declared only: undeclared fields that follow from each other must not excuse each other. */
  | { readonly kind: 'declared'; readonly from: (declared: JsonObject) => Json | undefined };

const value = (...values: Json[]): KnownDefault => ({ kind: 'value', values });
const derived = (from: (parent: JsonObject, root: JsonObject) => Json | undefined): KnownDefault => ({
  kind: 'derived',
  from,
});
const sameAs = (field: string): KnownDefault => derived((parent) => parent[field]);
const sameAsDeclared = (field: string): KnownDefault => ({
  kind: 'declared',
  from: (declared) => declared[field],
});
const copyOfTemplateLabels = derived((_parent, root) => at(root, 'spec', 'template', 'metadata', 'labels'));

const CONTAINER: Readonly<Record<string, KnownDefault>> = {
  imagePullPolicy: derived(({ image }) => (typeof image === 'string' ? pullPolicy(image) : undefined)),
  terminationMessagePath: value('/dev/termination-log'),
  terminationMessagePolicy: value('File'),
};
const WEBHOOK: Readonly<Record<string, KnownDefault>> = {
  failurePolicy: value('Fail'),
  matchPolicy: value('Equivalent'),
  namespaceSelector: value({}),
  objectSelector: value({}),
  timeoutSeconds: value(10),
};
const SERVICE_PORT = { port: value(443) };
const OPTIONAL = { optional: value(false) };
const MODE = { defaultMode: value(420) };
const IMMUTABLE = { immutable: value(false) };
const RBAC = 'rbac.authorization.k8s.io';
const REPLICAS = value(1);
const HISTORY = value(10);

const SCALE_DOWN = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };
const SCALE_UP = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};

const DEFAULTS: Readonly<Record<string, Readonly<Record<string, KnownDefault>>>> = {
  'core.PodSpec': {
    dnsPolicy: value('ClusterFirst'),
    restartPolicy: value('Always'),
    securityContext: value({}),
    terminationGracePeriodSeconds: value(30),
    schedulerName: value('default-scheduler'),
    enableServiceLinks: value(true),
    serviceAccount: sameAs('serviceAccountName'),
    // Deprecated and live on, when only the old name is declared.
    serviceAccountName: sameAsDeclared('serviceAccount'),
    preemptionPolicy: value('PreemptLowerPriority'),
    hostUsers: value(true),
    setHostnameAsFQDN: value(false),
    shareProcessNamespace: value(false),
  },
  // Not `runAsNonRoot`: a container's false overrides its Pod's true.
  'core.SecurityContext': { privileged: value(false), readOnlyRootFilesystem: value(false) },
  'core.Container': CONTAINER,
  'core.EphemeralContainer': CONTAINER,
  'core.ContainerPort': {
    protocol: value('TCP'),
    hostPort: derived((port, root) => (onHostNetwork(root) ? port.containerPort : undefined)),
  },
  'core.Probe': {
    timeoutSeconds: value(1),
    periodSeconds: value(10),
    successThreshold: value(1),
    failureThreshold: value(3),
  },
  'core.HTTPGetAction': { path: value('/'), scheme: value('HTTP') },
  'core.GRPCAction': { service: value('') },
  'core.Volume': {
    emptyDir: derived((volume) => (Object.keys(volume).some(isOtherSource) ? undefined : {})),
  },
  'core.SecretVolumeSource': { ...MODE, ...OPTIONAL },
  'core.ConfigMapVolumeSource': { ...MODE, ...OPTIONAL },
  'core.DownwardAPIVolumeSource': MODE,
  'core.ProjectedVolumeSource': MODE,
  'core.HostPathVolumeSource': { type: value('') },
  'core.ServiceAccountTokenProjection': { expirationSeconds: value(3600) },
  'core.ISCSIVolumeSource': { iscsiInterface: value('default') },
  'core.ObjectFieldSelector': { apiVersion: value('v1') },
  // Filled in by nobody, and written out as long as it is zero: a quantity by value has no empty form.
  'core.ResourceFieldSelector': { divisor: value('0') },
  'core.ServiceSpec': {
    type: value('ClusterIP'),
    sessionAffinity: value('None'),
    sessionAffinityConfig: value({ clientIP: { timeoutSeconds: 10_800 } }),
    internalTrafficPolicy: value('Cluster'),
    externalTrafficPolicy: value('Cluster'),
    allocateLoadBalancerNodePorts: value(true),
  },
  'core.ServicePort': { protocol: value('TCP'), targetPort: sameAs('port') },
  'core.EndpointPort': { protocol: value('TCP') },
  'core.ConfigMap': IMMUTABLE,
  'core.Secret': { type: value('Opaque'), ...IMMUTABLE },
  'core.ConfigMapKeySelector': OPTIONAL,
  'core.SecretKeySelector': OPTIONAL,
  'core.ConfigMapEnvSource': OPTIONAL,
  'core.SecretEnvSource': OPTIONAL,
  'core.ConfigMapProjection': OPTIONAL,
  'core.SecretProjection': OPTIONAL,
  'core.PersistentVolumeSpec': {
    persistentVolumeReclaimPolicy: value('Retain'),
    volumeMode: value('Filesystem'),
  },
  'core.PersistentVolumeClaimSpec': {
    volumeMode: value('Filesystem'),
    // pkg/registry/core/persistentvolumeclaim: NormalizeDataSources copies one into the other.
    dataSource: sameAsDeclared('dataSourceRef'),
    dataSourceRef: sameAsDeclared('dataSource'),
  },
  // As an item of volumeClaimTemplates; of a whole object these are never compared.
  'core.PersistentVolumeClaim': {
    apiVersion: value('v1'),
    kind: value('PersistentVolumeClaim'),
    status: value({ phase: 'Pending' }),
  },
  'core.ReplicationControllerSpec': { replicas: REPLICAS, selector: copyOfTemplateLabels },
  'core.NamespaceSpec': { finalizers: value(['kubernetes']) },
  'apps.DeploymentSpec': {
    replicas: REPLICAS,
    strategy: value({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } }),
    revisionHistoryLimit: HISTORY,
    progressDeadlineSeconds: value(600),
  },
  'apps.DeploymentStrategy': {
    type: value('RollingUpdate'),
    rollingUpdate: value({ maxUnavailable: '25%', maxSurge: '25%' }),
  },
  'apps.RollingUpdateDeployment': { maxUnavailable: value('25%'), maxSurge: value('25%') },
  'apps.DaemonSetSpec': {
    updateStrategy: value({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } }),
    revisionHistoryLimit: HISTORY,
  },
  'apps.DaemonSetUpdateStrategy': {
    type: value('RollingUpdate'),
    rollingUpdate: value({ maxUnavailable: 1, maxSurge: 0 }),
  },
  'apps.RollingUpdateDaemonSet': { maxUnavailable: value(1), maxSurge: value(0) },
  'apps.StatefulSetSpec': {
    replicas: REPLICAS,
    podManagementPolicy: value('OrderedReady'),
    updateStrategy: value({ type: 'RollingUpdate', rollingUpdate: { partition: 0 } }),
    persistentVolumeClaimRetentionPolicy: value({ whenDeleted: 'Retain', whenScaled: 'Retain' }),
    revisionHistoryLimit: HISTORY,
  },
  'apps.StatefulSetUpdateStrategy': { type: value('RollingUpdate'), rollingUpdate: value({ partition: 0 }) },
  'apps.RollingUpdateStatefulSetStrategy': { partition: value(0), maxUnavailable: value(1) },
  'apps.StatefulSetPersistentVolumeClaimRetentionPolicy': {
    whenDeleted: value('Retain'),
    whenScaled: value('Retain'),
  },
  'apps.ReplicaSetSpec': { replicas: REPLICAS },
  'batch.JobSpec': {
    completions: derived(({ parallelism }) =>
      parallelism === undefined || parallelism === 1 ? 1 : undefined,
    ),
    parallelism: value(1),
    backoffLimit: derived(({ backoffLimitPerIndex }) =>
      backoffLimitPerIndex === undefined ? 6 : 2_147_483_647,
    ),
    completionMode: value('NonIndexed'),
    suspend: value(false),
    manualSelector: value(false),
    podReplacementPolicy: derived(({ podFailurePolicy }) =>
      podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
    ),
  },
  'batch.CronJobSpec': {
    concurrencyPolicy: value('Allow'),
    suspend: value(false),
    successfulJobsHistoryLimit: value(3),
    failedJobsHistoryLimit: value(1),
  },
  'batch.PodFailurePolicyOnPodConditionsPattern': { status: value('True') },
  'autoscaling.HorizontalPodAutoscalerSpec': {
    minReplicas: value(1),
    metrics: value([
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      },
    ]),
    targetCPUUtilizationPercentage: value(80),
  },
  'autoscaling.HorizontalPodAutoscalerBehavior': { scaleUp: value(SCALE_UP), scaleDown: value(SCALE_DOWN) },
  'autoscaling.HPAScalingRules': {
    selectPolicy: value('Max'),
    policies: derived((rules, root) => scalingDefaults(rules, root)?.policies),
    stabilizationWindowSeconds: derived(
      (rules, root) => scalingDefaults(rules, root)?.stabilizationWindowSeconds,
    ),
  },
  'networking.NetworkPolicyPort': { protocol: value('TCP') },
  'networking.NetworkPolicySpec': {
    policyTypes: derived(({ egress }) =>
      Array.isArray(egress) && egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'],
    ),
  },
  'networking.IngressClassParametersReference': { scope: value('Cluster') },
  'rbac.RoleRef': { apiGroup: value(RBAC) },
  'rbac.Subject': { apiGroup: derived(({ kind }) => (kind === 'User' || kind === 'Group' ? RBAC : '')) },
  'admissionregistration.ValidatingWebhook': WEBHOOK,
  'admissionregistration.MutatingWebhook': { ...WEBHOOK, reinvocationPolicy: value('Never') },
  'admissionregistration.RuleWithOperations': { scope: value('*') },
  'admissionregistration.NamedRuleWithOperations': { scope: value('*') },
  'admissionregistration.ServiceReference': SERVICE_PORT,
  'admissionregistration.ValidatingAdmissionPolicySpec': { failurePolicy: value('Fail') },
  'admissionregistration.MutatingAdmissionPolicySpec': { failurePolicy: value('Fail') },
  'admissionregistration.MatchResources': {
    matchPolicy: value('Equivalent'),
    namespaceSelector: value({}),
    objectSelector: value({}),
  },
  'apiextensions.CustomResourceDefinitionNames': {
    singular: derived(({ kind }) => (typeof kind === 'string' ? kind.toLowerCase() : undefined)),
    listKind: derived(({ kind }) => (typeof kind === 'string' ? `${kind}List` : undefined)),
  },
  'apiextensions.CustomResourceDefinitionSpec': { conversion: value({ strategy: 'None' }) },
  'apiextensions.ServiceReference': SERVICE_PORT,
  'apiregistration.ServiceReference': SERVICE_PORT,
  'storage.StorageClass': { reclaimPolicy: value('Delete'), volumeBindingMode: value('Immediate') },
  'storage.CSIDriverSpec': {
    attachRequired: value(true),
    podInfoOnMount: value(false),
    storageCapacity: value(false),
    fsGroupPolicy: value('ReadWriteOnceWithFSType'),
    volumeLifecycleModes: value(['Persistent']),
    requiresRepublish: value(false),
    seLinuxMount: value(false),
  },
  'scheduling.PriorityClass': { preemptionPolicy: value('PreemptLowerPriority') },
  'discovery.EndpointPort': { name: value(''), protocol: value('TCP') },
  'flowcontrol.FlowSchemaSpec': { matchingPrecedence: value(1000) },
  'flowcontrol.ExemptPriorityLevelConfiguration': {
    nominalConcurrencyShares: value(0),
    lendablePercent: value(0),
  },
  'flowcontrol.LimitedPriorityLevelConfiguration': {
    nominalConcurrencyShares: value(30),
    lendablePercent: value(0),
  },
  'flowcontrol.QueuingConfiguration': { handSize: value(8), queues: value(64), queueLengthLimit: value(50) },
  'resource.ExactDeviceRequest': { allocationMode: value('ExactCount'), count: value(1) },
  'resource.DeviceSubRequest': { allocationMode: value('ExactCount'), count: value(1) },
};

/** What Go code fills in for a field that is left out. `type` as in `core.Container`. */
export const knownDefault = (type: string, field: string): KnownDefault | undefined =>
  Object.hasOwn(DEFAULTS, type) && Object.hasOwn(DEFAULTS[type] ?? {}, field)
    ? DEFAULTS[type]?.[field]
    : undefined;

/** parsers.ParseImageName: no tag and no digest means `latest`. */
function pullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const named = image.slice(image.lastIndexOf('/') + 1);
  const digest = named.includes('@');
  const tag = named.split('@')[0]?.split(':')[1];
  return tag === 'latest' || (tag === undefined && !digest) ? 'Always' : 'IfNotPresent';
}

const isOtherSource = (field: string): boolean => field !== 'name' && field !== 'emptyDir';

function onHostNetwork(root: JsonObject): boolean {
  const pods = [at(root, 'spec'), at(root, 'spec', 'template', 'spec')];
  return pods.some((pod) => isJsonObject(pod) && pod.hostNetwork === true);
}

/** Both directions of scaling have one type, and other defaults: `rules` is told by its place in the live object. */
function scalingDefaults(rules: JsonObject, root: JsonObject): JsonObject | undefined {
  if (rules === at(root, 'spec', 'behavior', 'scaleUp')) return SCALE_UP;
  // The window is not filled in, but what its absence means.
  return rules === at(root, 'spec', 'behavior', 'scaleDown')
    ? { ...SCALE_DOWN, stabilizationWindowSeconds: 300 }
    : undefined;
}

function at(root: JsonObject, ...steps: readonly string[]): Json | undefined {
  let current: Json | undefined = root;
  for (const step of steps) current = isJsonObject(current) ? current[step] : undefined;
  return current;
}
