import { shownWords } from '../objects/credentials.ts';
import { isJsonObject, type JsonObject, type KubernetesObject, partOf } from '../objects/objects.ts';

/**
 * Whether an object has become current, by the rules of kstatus (sigs.k8s.io/cli-utils, pkg/kstatus/status: core.go,
 * generic.go and status.go), in their order. `ready` is kstatus' Current; InProgress, Failed and Terminating are not.
 */
export type Readiness = { readonly kind: 'ready' } | { readonly kind: 'not-ready'; readonly because: string };

const READY: Readiness = { kind: 'ready' };
const notReady = (because: string): Readiness => ({ kind: 'not-ready', because });

export function readinessOf(object: KubernetesObject): Readiness {
  const status = partOf(object.status);
  const spec = partOf(object.spec);
  const { deletionTimestamp, generation } = object.metadata;
  if (text(deletionTimestamp) !== '') return notReady('it is being deleted');
  const observed = number(status.observedGeneration);
  if (observed !== undefined && number(generation) !== undefined && observed !== generation)
    return notReady('its controller has not seen the last change yet');
  const generic = genericConditions(status);
  if (generic !== undefined) return generic;
  switch (`${object.kind}.${object.apiVersion.replace(/\/.*$/, '')}`) {
    case 'Deployment.apps':
      return deployment(spec, status);
    case 'StatefulSet.apps':
      return statefulSet(spec, status);
    case 'DaemonSet.apps':
      return number(generation) === undefined || observed === undefined
        ? notReady('its controller has not seen it yet')
        : daemonSet(status);
    case 'ReplicaSet.apps':
      return replicaSet(spec, status);
    case 'Pod.v1':
      return pod(status);
    case 'Job.batch':
      return job(status);
    case 'PersistentVolumeClaim.v1':
      return status.phase === 'Bound' ? READY : notReady('it is not bound to a volume');
    case 'Service.v1':
      return spec.type === 'LoadBalancer' && text(spec.clusterIP) === ''
        ? notReady('it has no address yet')
        : READY;
    case 'CustomResourceDefinition.apiextensions.k8s.io':
      return definition(status);
    // Whatever conditions these have.
    case 'PodDisruptionBudget.policy':
    case 'CronJob.batch':
    case 'ConfigMap.v1':
    case 'Secret.v1':
      return READY;
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
    return notReady(`it does not progress${detail(progressing)}${refusal(status)}`);
  const wanted = number(spec.replicas) ?? 1;
  const { replicas, updatedReplicas, availableReplicas, readyReplicas } = counted(status);
  if (wanted > replicas) return notReady(`${replicas} of ${wanted} replicas exist${refusal(status)}`);
  if (wanted > updatedReplicas)
    return notReady(`${updatedReplicas} of ${wanted} are updated${refusal(status)}`);
  if (replicas > wanted) return notReady(`${replicas - wanted} old replicas have not ended`);
  if (updatedReplicas > availableReplicas)
    return notReady(`${availableReplicas} of ${updatedReplicas} are available`);
  if (wanted > readyReplicas) return notReady(`${readyReplicas} of ${wanted} are ready`);
  // Without a deadline its controller sets no such condition; this is how it writes "none".
  const isWatched = (number(spec.progressDeadlineSeconds) ?? NO_DEADLINE) !== NO_DEADLINE;
  if (isWatched && !(progressing?.status === 'True' && progressing.reason === 'NewReplicaSetAvailable'))
    return notReady(`its new ReplicaSet is not available${progressing ? detail(progressing) : ''}`);
  const available = condition(status, 'Available');
  return available?.status === 'True'
    ? READY
    : notReady(`it is not available${available === undefined ? '' : detail(available)}`);
}

const NO_DEADLINE = 2 ** 31 - 1;

/** What keeps Pods from being made, such as a quota. */
function refusal(status: JsonObject): string {
  const failure = condition(status, 'ReplicaFailure');
  return failure?.status === 'True' ? detail(failure) : '';
}

function statefulSet(spec: JsonObject, status: JsonObject): Readiness {
  const { type, rollingUpdate } = partOf(spec.updateStrategy);
  // The controller waits for a person to delete Pods: nothing more will happen by itself.
  if (type === 'OnDelete') return READY;
  const wanted = number(spec.replicas) ?? 1;
  const { replicas, readyReplicas, updatedReplicas, currentReplicas } = counted(status);
  if (wanted > replicas) return notReady(`${replicas} of ${wanted} replicas exist`);
  if (wanted > readyReplicas) return notReady(`${readyReplicas} of ${wanted} are ready`);
  if (replicas > wanted) return notReady(`${replicas - wanted} old replicas have not ended`);
  const partition = number(partOf(rollingUpdate).partition);
  // A real server fills in a partition of 0, which is all of them: then the revisions need not be asked.
  if (partition !== undefined)
    return updatedReplicas < wanted - partition
      ? notReady(`${updatedReplicas} of ${wanted - partition} are updated`)
      : READY;
  if (wanted > currentReplicas) return notReady(`${currentReplicas} of ${wanted} are current`);
  return status.currentRevision === status.updateRevision
    ? READY
    : notReady('it still runs its old revision');
}

function replicaSet(spec: JsonObject, status: JsonObject): Readiness {
  const refused = refusal(status);
  if (refused !== '') return notReady(`its Pods cannot be made${refused}`);
  const wanted = number(spec.replicas) ?? 1;
  const { replicas, readyReplicas, availableReplicas, fullyLabeledReplicas } = counted(status);
  if (wanted > fullyLabeledReplicas) return notReady(`${fullyLabeledReplicas} of ${wanted} replicas exist`);
  if (wanted > availableReplicas) return notReady(`${availableReplicas} of ${wanted} are available`);
  if (wanted > readyReplicas) return notReady(`${readyReplicas} of ${wanted} are ready`);
  return replicas > wanted ? notReady(`${replicas - wanted} old replicas have not ended`) : READY;
}

/** By nodes. How Pods are replaced (`OnDelete`) makes no difference here. */
function daemonSet(status: JsonObject): Readiness {
  const wanted = number(status.desiredNumberScheduled);
  if (wanted === undefined) return notReady('its controller has not counted the nodes yet');
  for (const [field, are] of [
    ['currentNumberScheduled', 'have a Pod'],
    ['updatedNumberScheduled', 'are updated'],
    ['numberAvailable', 'are available'],
    ['numberReady', 'are ready'],
  ] as const) {
    const count = number(status[field]) ?? 0;
    if (wanted > count) return notReady(`${count} of ${wanted} nodes ${are}`);
  }
  return READY;
}

/** One that has ended is current, however it ended. */
function pod(status: JsonObject): Readiness {
  switch (status.phase) {
    case 'Succeeded':
    case 'Failed':
      return READY;
    case 'Running': {
      if (condition(status, 'Ready')?.status === 'True') return READY;
      const names = crashing(status);
      return notReady(
        names.length > 0 ? `it crashes again and again: ${names.join(', ')}` : 'it is not ready',
      );
    }
    case 'Pending': {
      const scheduled = condition(status, 'PodScheduled');
      return notReady(
        scheduled?.status === 'False' && scheduled.reason === 'Unschedulable'
          ? `no node takes it${detail(scheduled)}`
          : 'it has not started',
      );
    }
    default:
      return notReady('no node has seen it yet');
  }
}

const crashing = (status: JsonObject): readonly string[] =>
  (Array.isArray(status.containerStatuses) ? status.containerStatuses : [])
    .filter(isJsonObject)
    .filter(({ state }) => partOf(partOf(state).waiting).reason === 'CrashLoopBackOff')
    .map(({ name }) => text(name));

/** A Job is current once it has started: how it ends is its own matter, unless it fails. */
function job(status: JsonObject): Readiness {
  if (isTrue(status, 'Complete')) return READY;
  const failed = condition(status, 'Failed');
  if (failed?.status === 'True') return notReady(`it failed${detail(failed)}`);
  return isTrue(status, 'Suspended') || text(status.startTime) !== ''
    ? READY
    : notReady('it has not started');
}

function definition(status: JsonObject): Readiness {
  const accepted = condition(status, 'NamesAccepted');
  if (accepted?.status === 'False') return notReady(`its names are refused${detail(accepted)}`);
  const established = condition(status, 'Established');
  if (established?.status === 'True') return READY;
  return notReady(`it is not served yet${established === undefined ? '' : detail(established)}`);
}

/** Any other kind: `Ready`, if its controller says that. */
function customReady(status: JsonObject): Readiness {
  const ready = condition(status, 'Ready');
  return ready === undefined || ready.status === 'True' ? READY : notReady(`not Ready${detail(ready)}`);
}

const COUNTS = [
  'replicas',
  'updatedReplicas',
  'availableReplicas',
  'readyReplicas',
  'currentReplicas',
  'fullyLabeledReplicas',
] as const;

/** A count that is not there is 0. */
const counted = (status: JsonObject): Readonly<Record<(typeof COUNTS)[number], number>> =>
  Object.fromEntries(COUNTS.map((name) => [name, number(status[name]) ?? 0])) as Record<
    (typeof COUNTS)[number],
    number
  >;

const isTrue = (status: JsonObject, type: string): boolean => condition(status, type)?.status === 'True';

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

/** Characters of a condition's reason and message. */
const MESSAGE = 200;
/** What a deployer says of a failure has names and what the API server answered to it, at its end. */
export const DEPLOYERS_MESSAGE = 1000;

/** The reason and message of a condition, for people: one line, cut; a cluster writes what it likes. */
export function detail({ reason, message }: Omit<Condition, 'status'>, longest = MESSAGE): string {
  const all = [reason, message].filter((each) => each !== '').join(': ');
  // Masked before it is cut: half a credential looks like none.
  const said = shownWords(all)
    .slice(0, 2 * longest)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  if (said === '') return '';
  return ` (${said.length > longest ? `${said.slice(0, longest)}…` : said})`;
}

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
