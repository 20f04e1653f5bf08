import type { ListMatch } from '../schema.ts';

/**
 * Lists whose items have keys, or that are sets, as Kubernetes 1.35 marks them (`x-kubernetes-list-type`). Servers
 * before 1.30 leave many unmarked; the types have not changed their meaning since.
 */
const MARKS: Readonly<Record<string, string>> = {
  'admissionregistration.MutatingWebhook.matchConditions': 'name',
  'admissionregistration.MutatingWebhookConfiguration.webhooks': 'name',
  'admissionregistration.ValidatingAdmissionPolicyBindingSpec.validationActions': 'set',
  'admissionregistration.ValidatingAdmissionPolicySpec.matchConditions': 'name',
  'admissionregistration.ValidatingAdmissionPolicySpec.variables': 'name',
  'admissionregistration.ValidatingWebhook.matchConditions': 'name',
  'admissionregistration.ValidatingWebhookConfiguration.webhooks': 'name',
  'apiextensions.JSONSchemaProps.x-kubernetes-validations': 'rule',
  'batch.PodFailurePolicyOnExitCodesRequirement.values': 'set',
  'batch.UncountedTerminatedPods.failed': 'set',
  'batch.UncountedTerminatedPods.succeeded': 'set',
  'core.Container.env': 'name',
  'core.Container.ports': 'containerPort protocol',
  'core.Container.volumeDevices': 'devicePath',
  'core.Container.volumeMounts': 'mountPath',
  'core.ContainerRestartRuleOnExitCodes.values': 'set',
  'core.EphemeralContainer.env': 'name',
  'core.EphemeralContainer.ports': 'containerPort protocol',
  'core.EphemeralContainer.volumeDevices': 'devicePath',
  'core.EphemeralContainer.volumeMounts': 'mountPath',
  'core.NodeSpec.podCIDRs': 'set',
  'core.PodSpec.containers': 'name',
  'core.PodSpec.ephemeralContainers': 'name',
  'core.PodSpec.hostAliases': 'ip',
  'core.PodSpec.imagePullSecrets': 'name',
  'core.PodSpec.initContainers': 'name',
  'core.PodSpec.resourceClaims': 'name',
  'core.PodSpec.schedulingGates': 'name',
  'core.PodSpec.topologySpreadConstraints': 'topologyKey whenUnsatisfiable',
  'core.PodSpec.volumes': 'name',
  'core.ResourceRequirements.claims': 'name',
  'core.ServiceAccount.secrets': 'name',
  'core.ServiceSpec.ports': 'port protocol',
  'discovery.Endpoint.addresses': 'set',
  'flowcontrol.NonResourcePolicyRule.nonResourceURLs': 'set',
  'flowcontrol.NonResourcePolicyRule.verbs': 'set',
  'flowcontrol.ResourcePolicyRule.apiGroups': 'set',
  'flowcontrol.ResourcePolicyRule.namespaces': 'set',
  'flowcontrol.ResourcePolicyRule.resources': 'set',
  'flowcontrol.ResourcePolicyRule.verbs': 'set',
  'meta.ObjectMeta.finalizers': 'set',
  'meta.ObjectMeta.ownerReferences': 'uid',
  'storage.CSIDriverSpec.volumeLifecycleModes': 'set',
  'storage.CSINodeSpec.drivers': 'name',
};

/** Atomic by their marks, but their order means nothing: compared as sets of whole items. */
const UNORDERED = new Set([
  // Stored as autoscaling/v1 and an annotation by older servers, which gives another order.
  'autoscaling.HorizontalPodAutoscalerSpec.metrics',
  // The server packs and sorts them (pkg/api/endpoints, RepackSubsets).
  'core.Endpoints.subsets',
  'core.EndpointSubset.addresses',
  'core.EndpointSubset.notReadyAddresses',
  'core.EndpointSubset.ports',
]);

/** How a built-in list's items are told apart, where we know better than the server's schema. */
export function knownMatch(type: string, field: string): ListMatch | undefined {
  const place = `${type}.${field}`;
  if (UNORDERED.has(place)) return { kind: 'unordered' };
  const mark = MARKS[place];
  if (mark === undefined) return undefined;
  return mark === 'set' ? { kind: 'set' } : { kind: 'map', keys: mark.split(' ') };
}
