import { groupOf } from '../../objects/objects.ts';

/**
 * Kinds without a namespace: Kubernetes' own (pkg/apis, `NamespaceScoped() bool` of the strategies in pkg/registry)
 * and those of others that charts often hold. A kind that is not here counts as namespaced, as most are.
 */
const CLUSTER_SCOPED: Readonly<Record<string, readonly string[]>> = {
  '': ['Namespace', 'Node', 'PersistentVolume', 'ComponentStatus'],
  'admissionregistration.k8s.io': [
    'MutatingWebhookConfiguration',
    'ValidatingWebhookConfiguration',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
    'MutatingAdmissionPolicy',
    'MutatingAdmissionPolicyBinding',
  ],
  'apiextensions.k8s.io': ['CustomResourceDefinition'],
  'apiregistration.k8s.io': ['APIService'],
  'certificates.k8s.io': ['CertificateSigningRequest', 'ClusterTrustBundle'],
  'flowcontrol.apiserver.k8s.io': ['FlowSchema', 'PriorityLevelConfiguration'],
  'networking.k8s.io': ['IngressClass', 'IPAddress', 'ServiceCIDR'],
  'node.k8s.io': ['RuntimeClass'],
  policy: ['PodSecurityPolicy'],
  'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding'],
  'resource.k8s.io': ['DeviceClass', 'ResourceSlice', 'DeviceTaintRule'],
  'scheduling.k8s.io': ['PriorityClass'],
  'storage.k8s.io': ['StorageClass', 'VolumeAttachment', 'CSIDriver', 'CSINode', 'VolumeAttributesClass'],
  'internal.apiserver.k8s.io': ['StorageVersion'],
  'storagemigration.k8s.io': ['StorageVersionMigration'],
  'cert-manager.io': ['ClusterIssuer'],
  'crd.projectcalico.org': [
    'IPPool',
    'FelixConfiguration',
    'BGPConfiguration',
    'GlobalNetworkPolicy',
    'ClusterInformation',
  ],
  'external-secrets.io': ['ClusterSecretStore', 'ClusterExternalSecret', 'ClusterPushSecret'],
  'gateway.networking.k8s.io': ['GatewayClass'],
  'karpenter.sh': ['NodePool', 'NodeClaim'],
  'karpenter.k8s.aws': ['EC2NodeClass'],
  'keda.sh': ['ClusterTriggerAuthentication'],
  'kyverno.io': ['ClusterPolicy', 'ClusterCleanupPolicy'],
  'snapshot.storage.k8s.io': ['VolumeSnapshotClass', 'VolumeSnapshotContent'],
  'trust.cert-manager.io': ['Bundle'],
};

const CLUSTER_SCOPED_KINDS = new Set(
  Object.entries(CLUSTER_SCOPED).flatMap(([group, kinds]) => kinds.map((kind) => `${group}/${kind}`)),
);

export const isClusterScoped = (apiVersion: string, kind: string): boolean =>
  CLUSTER_SCOPED_KINDS.has(`${groupOf(apiVersion)}/${kind}`);

/** Groups that have a kind of that name without a namespace. */
export const clusterScopedGroups = (kind: string): readonly string[] =>
  Object.entries(CLUSTER_SCOPED).flatMap(([group, kinds]) => (kinds.includes(kind) ? [group] : []));
