import { isJsonObject, type JsonObject, type KubernetesObject, partOf } from '../objects/objects.ts';

/**
 * Whether a workload has become current, by the rules of kstatus
 * (sigs.k8s.io/cli-utils, pkg/kstatus/status/core.go and generic.go). `ready` is kstatus' Current.
 */
export type Readiness = { readonly kind: 'ready' } | { readonly kind: 'not-ready'; readonly because: string };

const READY: Readiness = { kind: 'ready' };
const notReady = (because: string): Readiness => ({ kind: 'not-ready', because });

export function readinessOf(object: KubernetesObject): Readiness {
  const status = partOf(object.status);
  const generation = number(object.metadata.generation);
  const observed = number(status.observedGeneration);
  if (observed !== undefined && generation !== undefined && observed !== generation) {
    return notReady('its controller has not seen the last change yet');
  }
  const generic = genericConditions(status);
  if (generic !== undefined) return generic;
  switch (`${object.kind}.${object.apiVersion.replace(/\/.*$/, '')}`) {
    case 'Deployment.apps':
      return deployment(partOf(object.spec), status);
    case 'StatefulSet.apps':
      return statefulSet(partOf(object.spec), status);
    case 'DaemonSet.apps':
      return daemonSet(partOf(object.spec), status);
    case 'ReplicaSet.apps':
      return replicas(number(partOf(object.spec).replicas) ?? 1, status, [
        'availableReplicas',
        'readyReplicas',
      ]);
    case 'Job.batch':
      return job(status);
    case 'PersistentVolumeClaim.v1':
      return status.phase === 'Bound' ? READY : notReady('it is not bound to a volume');
    default:
      return customReady(status);
  }
}

/** `Reconciling` and `Stalled` speak for any kind, and only when true. */
function genericConditions(status: JsonObject): Readiness | undefined {
  for (const type of ['Stalled', 'Reconciling']) {
    const found = condition(status, type);
    if (found?.status === 'True') return notReady(`${type}${detail(found)}`);
  }
  return undefined;
}

function deployment(spec: JsonObject, status: JsonObject): Readiness {
  const progressing = condition(status, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    return notReady(`it does not progress${detail(progressing)}`);
  const wanted = number(spec.replicas) ?? 1;
  const counted = replicas(wanted, status, ['updatedReplicas', 'availableReplicas', 'readyReplicas']);
  if (counted.kind === 'not-ready') return counted;
  return noOldReplicas(wanted, status);
}

function statefulSet(spec: JsonObject, status: JsonObject): Readiness {
  // The controller waits for a person to delete Pods: nothing more will happen by itself.
  if (partOf(spec.updateStrategy).type === 'OnDelete') return READY;
  const wanted = number(spec.replicas) ?? 1;
  const counted = replicas(wanted, status, ['readyReplicas']);
  if (counted.kind === 'not-ready') return counted;
  const partition = number(partOf(partOf(spec.updateStrategy).rollingUpdate).partition) ?? 0;
  if (partition > 0) {
    const updated = number(status.updatedReplicas) ?? 0;
    return updated >= wanted - partition
      ? READY
      : notReady(`${updated} of ${wanted - partition} replicas are updated`);
  }
  if (status.currentRevision !== status.updateRevision) return notReady('it still runs its old revision');
  return noOldReplicas(wanted, status);
}

function daemonSet(spec: JsonObject, status: JsonObject): Readiness {
  if (partOf(spec.updateStrategy).type === 'OnDelete') return READY;
  const wanted = number(status.desiredNumberScheduled);
  if (wanted === undefined) return notReady('its controller has not counted the nodes yet');
  return replicas(wanted, status, ['updatedNumberScheduled', 'numberAvailable', 'numberReady']);
}

/** A Job is current once it has started: how it ends is its own matter, unless it fails. */
function job(status: JsonObject): Readiness {
  const failed = condition(status, 'Failed');
  if (failed?.status === 'True') return notReady(`it failed${detail(failed)}`);
  if (condition(status, 'Complete')?.status === 'True' || status.startTime !== undefined) return READY;
  return notReady('it has not started');
}

/** Custom resources: `Ready` or `Available`, if the controller says either. */
function customReady(status: JsonObject): Readiness {
  for (const type of ['Ready', 'Available', 'Established']) {
    const found = condition(status, type);
    if (found === undefined) continue;
    return found.status === 'True' ? READY : notReady(`not ${type}${detail(found)}`);
  }
  return READY;
}

function replicas(wanted: number, status: JsonObject, fields: readonly string[]): Readiness {
  for (const field of fields) {
    const count = number(status[field]) ?? 0;
    if (count < wanted) return notReady(`${count} of ${wanted} are ${WORDS[field] ?? field}`);
  }
  return READY;
}

function noOldReplicas(wanted: number, status: JsonObject): Readiness {
  const extra = (number(status.replicas) ?? 0) - wanted;
  return extra > 0 ? notReady(`${extra} old replicas have not ended`) : READY;
}

const WORDS: Readonly<Record<string, string>> = {
  updatedReplicas: 'updated',
  availableReplicas: 'available',
  readyReplicas: 'ready',
  updatedNumberScheduled: 'updated',
  numberAvailable: 'available',
  numberReady: 'ready',
};

interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function condition(status: JsonObject, type: string): Condition | undefined {
  const conditions = Array.isArray(status.conditions) ? status.conditions : [];
  const found = conditions.filter(isJsonObject).find((each) => each.type === type);
  return found === undefined
    ? undefined
    : { status: text(found.status), reason: text(found.reason), message: text(found.message) };
}

const MESSAGE = 200;

/** The reason and message of a condition, for people: one line, cut; a cluster writes what it likes. */
export function detail({ reason, message }: Condition): string {
  const said = [reason, message].filter((each) => each !== '').join(': ');
  return said === '' ? '' : ` (${said.replace(/[\p{C}\s]+/gu, ' ').slice(0, MESSAGE)})`;
}

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
