import { isJsonObject, type Json, type KubernetesObject } from '../../../lib/objects/objects.ts';
import { type Place, valueAt } from './places.ts';

/**
 * Where a difference is no drift whoever makes it, or where nobody but the server writes: this oracle's own reading of
 * drift.md, asked of nobody.
 */
export function leftAlone(declared: KubernetesObject, live: KubernetesObject, place: Place): boolean {
  const names = place.map((step) => (step.startsWith('f:') ? step.slice(2) : '*'));
  const at = names.join('.');
  const last = names.at(-1) ?? '';
  // Kept by the API server, rollouts and restarts.
  if (/^(deprecated\.daemonset\.template\.generation|deployment\.kubernetes\.io\/)/.test(last)) return true;
  if (last === 'kubectl.kubernetes.io/restartedAt' || last === 'kubernetes.io/metadata.name') return true;
  // The server's own part of metadata, which templates have too and nobody keeps there.
  if (
    /metadata\.(managedFields|creationTimestamp|deletion\w+|uid|resourceVersion|generation|selfLink)/.test(at)
  )
    return true;
  // What admission of Pods puts in: tokens and tolerations of nodes that fail.
  if (live.kind === 'Pod' && /kube-api-access-|node\.kubernetes\.io\//.test(place.join())) return true;
  // Rules of an aggregated role are written by a controller at once.
  if (declared.kind === 'ClusterRole' && isJsonObject(declared.aggregationRule) && at.startsWith('rules'))
    return true;
  // A controller writes the rules as soon as there is such a rule: what is found then depends on who is first.
  if (live.kind === 'ClusterRole' && names[0] === 'aggregationRule') return true;
  // The server's names of a Namespace's life.
  if (declared.kind === 'Namespace' && at.startsWith('spec')) return true;
  // A token that a controller fills in.
  if (live.type === 'kubernetes.io/service-account-token' && names[0] === 'data') return true;
  return false;
}

/** Defaults of a Job that the server does not fill into a CronJob's template (pkg/apis/batch/v1/defaults.go). */
const JOB_DEFAULTS = new Map<string, Json>([
  ['completionMode', 'NonIndexed'],
  ['completions', 1],
  ['parallelism', 1],
  ['backoffLimit', 6],
  ['suspend', false],
  ['manualSelector', false],
  ['podReplacementPolicy', 'TerminatingOrFailed'],
]);

/** Whether a value that is put there says what holds without it. */
export function isUnfilledDefault(kind: string, place: Place, value: Json | undefined): boolean {
  if (kind !== 'CronJob' || value === undefined) return false;
  const at = place.map((step) => (step.startsWith('f:') ? step.slice(2) : '*')).join('.');
  const [, field] = /^spec\.jobTemplate\.spec\.(\w+)$/.exec(at) ?? [];
  return field !== undefined && JOB_DEFAULTS.get(field) === value;
}

/** What controllers may write without anybody's saying so: only a person's doing is drift there. */
export function platformRemit(kind: string, place: Place): boolean {
  const at = place.map((step) => (step.startsWith('f:') ? step.slice(2) : '*')).join('.');
  if (/^metadata\.(finalizers|ownerReferences)/.test(at)) return true;
  if (/caBundle$/.test(at)) return true;
  switch (kind) {
    case 'ServiceAccount':
      return /^(secrets|imagePullSecrets)/.test(at);
    case 'Endpoints':
      return at.startsWith('subsets');
    case 'Service':
      return /^spec\.(clusterIPs?|ipFamil\w+|healthCheckNodePort|loadBalancerClass|ports(\.\*)?(\.nodePort)?$)/.test(
        at,
      );
    case 'PersistentVolumeClaim':
      return /^spec\.(volumeName|storageClassName|volumeAttributesClassName)/.test(at);
    case 'PersistentVolume':
      return /^spec\.(claimRef|nodeAffinity)|^metadata\.(labels|annotations)/.test(at);
    case 'StatefulSet':
      return /volumeClaimTemplates\.\*\.(status|apiVersion|kind)/.test(at);
    case 'Job':
      return /^spec\.selector|metadata\.labels/.test(at);
    case 'MutatingWebhookConfiguration':
    case 'ValidatingWebhookConfiguration':
      // Installed open and closed by its own controller.
      return /failurePolicy$/.test(at);
    default:
      return false;
  }
}

/**
 * A Job left without labels is given its template's (pkg/apis/batch/v1/defaults.go, SetDefaults_Job), those that the
 * server made up among them: with the record cleared nobody can tell them from labels that somebody copied.
 */
export const isTemplateLabel = (after: KubernetesObject, place: Place): boolean => {
  const [top, map, label] = place;
  if (after.kind !== 'Job' || top !== 'f:metadata' || map !== 'f:labels' || label === undefined) return false;
  const taken = valueAt(after as unknown as Json, ['f:spec', 'f:template', ...place]);
  return taken !== undefined && taken === valueAt(after as unknown as Json, place);
};

/** What the API server allocates and leaves no record of: with the record cleared nobody can tell whose it is. */
export const allocated = (kind: string, place: Place): boolean => {
  const at = place.map((step) => (step.startsWith('f:') ? step.slice(2) : '*')).join('.');
  if (kind === 'Service')
    return /^spec\.(clusterIPs?|ipFamil\w+|healthCheckNodePort|loadBalancerClass|ports\.\*\.nodePort)/.test(
      at,
    );
  // Its node's labels, and how long it stays on one that fails: admission puts both in (podtopologylabels,
  // defaulttolerationseconds, whose seconds a cluster may choose).
  if (kind === 'Pod')
    return /^spec\.tolerations|^metadata\.labels\.topology\.kubernetes\.io\/(zone|region)$/.test(at);
  return kind === 'PersistentVolumeClaim' && /^spec\.(storageClassName|volumeAttributesClassName)/.test(at);
};
