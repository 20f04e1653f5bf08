import { groupOf } from '../../objects/objects.ts';
import { type Reason, reason } from '../reasons.ts';
import { kindsDefinedBy } from '../render/placement.ts';
import type { RawObject } from '../render/release-render.ts';
import type { Capabilities } from '../render-request.ts';

/** `apiVersion`: kinds, the minor of 1.x that serves them no more, and what to write instead. */
type Removed = readonly [apiVersion: string, kinds: string, since: number, instead: string];

/** Kubernetes' own kinds that it has stopped serving (kubernetes.io, "Deprecated API Migration Guide"). */
const REMOVED: readonly Removed[] = [
  ['extensions/v1beta1', 'Deployment DaemonSet ReplicaSet', 16, 'apps/v1'],
  ['extensions/v1beta1', 'NetworkPolicy', 16, 'networking.k8s.io/v1'],
  ['extensions/v1beta1', 'PodSecurityPolicy', 16, 'Pod Security Admission'],
  ['extensions/v1beta1', 'Ingress', 22, 'networking.k8s.io/v1'],
  ['apps/v1beta1', 'Deployment StatefulSet ControllerRevision', 16, 'apps/v1'],
  ['apps/v1beta2', 'Deployment DaemonSet ReplicaSet StatefulSet ControllerRevision', 16, 'apps/v1'],
  [
    'admissionregistration.k8s.io/v1beta1',
    'MutatingWebhookConfiguration ValidatingWebhookConfiguration',
    22,
    'admissionregistration.k8s.io/v1',
  ],
  ['apiextensions.k8s.io/v1beta1', 'CustomResourceDefinition', 22, 'apiextensions.k8s.io/v1'],
  ['apiregistration.k8s.io/v1beta1', 'APIService', 22, 'apiregistration.k8s.io/v1'],
  ['certificates.k8s.io/v1beta1', 'CertificateSigningRequest', 22, 'certificates.k8s.io/v1'],
  ['coordination.k8s.io/v1beta1', 'Lease', 22, 'coordination.k8s.io/v1'],
  ['networking.k8s.io/v1beta1', 'Ingress IngressClass', 22, 'networking.k8s.io/v1'],
  [
    'rbac.authorization.k8s.io/v1beta1',
    'Role RoleBinding ClusterRole ClusterRoleBinding',
    22,
    'rbac.authorization.k8s.io/v1',
  ],
  [
    'rbac.authorization.k8s.io/v1alpha1',
    'Role RoleBinding ClusterRole ClusterRoleBinding',
    22,
    'rbac.authorization.k8s.io/v1',
  ],
  ['scheduling.k8s.io/v1beta1', 'PriorityClass', 22, 'scheduling.k8s.io/v1'],
  ['storage.k8s.io/v1beta1', 'CSIDriver CSINode StorageClass VolumeAttachment', 22, 'storage.k8s.io/v1'],
  ['storage.k8s.io/v1beta1', 'CSIStorageCapacity', 27, 'storage.k8s.io/v1'],
  ['batch/v1beta1', 'CronJob', 25, 'batch/v1'],
  ['discovery.k8s.io/v1beta1', 'EndpointSlice', 25, 'discovery.k8s.io/v1'],
  ['events.k8s.io/v1beta1', 'Event', 25, 'events.k8s.io/v1'],
  ['autoscaling/v2beta1', 'HorizontalPodAutoscaler', 25, 'autoscaling/v2'],
  ['autoscaling/v2beta2', 'HorizontalPodAutoscaler', 26, 'autoscaling/v2'],
  ['policy/v1beta1', 'PodDisruptionBudget', 25, 'policy/v1'],
  ['policy/v1beta1', 'PodSecurityPolicy', 25, 'Pod Security Admission'],
  ['node.k8s.io/v1beta1', 'RuntimeClass', 25, 'node.k8s.io/v1'],
  [
    'flowcontrol.apiserver.k8s.io/v1beta1',
    'FlowSchema PriorityLevelConfiguration',
    26,
    'flowcontrol.apiserver.k8s.io/v1',
  ],
  [
    'flowcontrol.apiserver.k8s.io/v1beta2',
    'FlowSchema PriorityLevelConfiguration',
    29,
    'flowcontrol.apiserver.k8s.io/v1',
  ],
  [
    'flowcontrol.apiserver.k8s.io/v1beta3',
    'FlowSchema PriorityLevelConfiguration',
    32,
    'flowcontrol.apiserver.k8s.io/v1',
  ],
];
const removed: ReadonlyMap<string, { readonly since: number; readonly instead: string }> = new Map(
  REMOVED.flatMap(([apiVersion, kinds, since, instead]) =>
    kinds.split(' ').map((kind) => [`${apiVersion}/${kind}`, { since, instead }] as const),
  ),
);

/**
 * Warnings of kinds that the cluster does not serve: by its own list where it was seen, else by what its configured
 * version has removed. No rejection: a definition may be on its way, and another release may bring it.
 */
export function checkServed(objects: readonly RawObject[], capabilities: Capabilities): Reason[] {
  const served = new Set(capabilities.apiVersions);
  const minor = Number(/^v?1\.(\d+)/.exec(capabilities.kubernetesVersion)?.[1] ?? 0);
  const brought = kindsDefinedBy(objects.map(({ object }) => object));
  const told = new Map<string, Reason>();
  for (const { object, place } of objects) {
    const { apiVersion, kind } = object;
    const name = `${apiVersion}/${kind}`;
    if (told.has(name) || served.has(name) || brought.has(`${groupOf(apiVersion)}/${kind}`)) continue;
    const old = removed.get(name);
    if (old !== undefined && (served.size > 0 || minor >= old.since)) {
      const { instead } = old;
      const details = { object: `${kind}/${object.metadata.name}`, apiVersion, since: `1.${old.since}` };
      told.set(name, reason('api-removed', { ...details, instead }, place));
    } else if (served.size > 0) told.set(name, reason('kind-not-served', { apiVersion, kind }, place));
  }
  return [...told.values()];
}
