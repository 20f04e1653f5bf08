import { isJsonObject } from '../../../lib/objects/objects.ts';
import { nameAt } from './patches.ts';
import { GENERAL, kubectlTool, type Task, type Tool, target } from './tools.ts';

/** What kubectl has a command of its own for. */
const TEMPLATES = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Pod']);

/** Steps below the Pod's spec, where the place lies in one. */
function inPod({ before, candidate }: Task): readonly string[] | undefined {
  if (!TEMPLATES.has(before.kind)) return undefined;
  const prefix =
    before.kind === 'Pod'
      ? ['f:spec']
      : before.kind === 'CronJob'
        ? ['f:spec', 'f:jobTemplate', 'f:spec', 'f:template', 'f:spec']
        : ['f:spec', 'f:template', 'f:spec'];
  return prefix.every((step, depth) => candidate.place[depth] === step)
    ? candidate.place.slice(prefix.length)
    : undefined;
}

/** `containers[k].<field>` and no deeper. */
function containerField(task: Task, name: string): string | undefined {
  const steps = inPod(task);
  if (steps?.[0] !== 'f:containers' || steps[2] !== `f:${name}`) return undefined;
  return nameAt(steps, 1);
}

const SET_IMAGE: Tool = {
  ...kubectlTool(
    'set image',
    'kubectl-set',
    (task) =>
      containerField(task, 'image') !== undefined &&
      inPod(task)?.length === 3 &&
      typeof task.edit.value === 'string',
    (task) => ['set', 'image', target(task), `${containerField(task, 'image')}=${String(task.edit.value)}`],
  ),
  special: true,
};

/** A plain variable: added, changed, or taken away. */
function variable(task: Task): string | undefined {
  const steps = inPod(task);
  if (containerField(task, 'env') === undefined || steps === undefined) return undefined;
  const { value } = task.edit;
  const name = nameAt(steps, 3);
  if (
    steps.length === 3 &&
    isJsonObject(value) &&
    typeof value.value === 'string' &&
    Object.keys(value).length === 2
  )
    return `${String(value.name)}=${value.value}`;
  if (name === undefined) return undefined;
  if (steps.length === 4 && value === undefined) return `${name}-`;
  return steps.length === 5 && steps[4] === 'f:value' && typeof value === 'string'
    ? `${name}=${value}`
    : undefined;
}
const SET_ENV: Tool = {
  ...kubectlTool(
    'set env',
    'kubectl-set',
    (task) => variable(task) !== undefined,
    (task) => [
      'set',
      'env',
      target(task),
      `--containers=${containerField(task, 'env')}`,
      variable(task) ?? '',
    ],
  ),
  special: true,
};

function resources(task: Task): string | undefined {
  const steps = inPod(task);
  if (containerField(task, 'resources') === undefined || steps === undefined) return undefined;
  const { pointer, value } = task.edit;
  const [side, name] = [pointer.at(-2), pointer.at(-1)];
  if ((side !== 'limits' && side !== 'requests') || typeof value !== 'string') return undefined;
  return `--${side}=${String(name)}=${value}`;
}
const SET_RESOURCES: Tool = {
  ...kubectlTool(
    'set resources',
    'kubectl-set',
    (task) => resources(task) !== undefined,
    (task) => [
      'set',
      'resources',
      target(task),
      `-c=${containerField(task, 'resources')}`,
      resources(task) ?? '',
    ],
  ),
  special: true,
};

const SET_SERVICE_ACCOUNT: Tool = {
  ...kubectlTool(
    'set serviceaccount',
    'kubectl-set',
    (task) =>
      task.before.kind !== 'Pod' &&
      inPod(task)?.join() === 'f:serviceAccountName' &&
      typeof task.edit.value === 'string',
    (task) => ['set', 'serviceaccount', target(task), String(task.edit.value)],
  ),
  special: true,
};

const SET_SELECTOR: Tool = {
  ...kubectlTool(
    'set selector',
    'kubectl-set',
    ({ before, candidate, edit }) =>
      before.kind === 'Service' &&
      candidate.place[1] === 'f:selector' &&
      edit.pointer.length === 3 &&
      typeof edit.value === 'string',
    (task) => [
      'set',
      'selector',
      target(task),
      Object.entries((task.after.spec as { selector: Record<string, string> }).selector)
        .map(([name, value]) => `${name}=${value}`)
        .join(),
    ],
  ),
  special: true,
};

const metadataTool = (name: 'label' | 'annotate', map: 'labels' | 'annotations'): Tool => ({
  ...kubectlTool(
    name,
    `kubectl-${name}`,
    ({ edit: { pointer, value } }) =>
      pointer[0] === 'metadata' &&
      pointer[1] === map &&
      pointer.length === 3 &&
      (value === undefined || typeof value === 'string'),
    (task) => {
      const { pointer, value } = task.edit;
      const word = value === undefined ? `${String(pointer[2])}-` : `${String(pointer[2])}=${String(value)}`;
      return [name, target(task), word, '--overwrite'];
    },
  ),
  special: true,
});

const SCALE: Tool = {
  ...kubectlTool(
    'scale',
    'kubectl',
    ({ before, candidate, edit }) =>
      ['Deployment', 'StatefulSet', 'ReplicaSet'].includes(before.kind) &&
      candidate.place.join() === 'f:spec,f:replicas' &&
      typeof edit.value === 'number',
    (task) => ['scale', target(task), `--replicas=${String(task.edit.value)}`],
  ),
  special: true,
};

/** Every way of kubectl's. */
export const KUBECTL: readonly Tool[] = [
  ...GENERAL,
  SET_IMAGE,
  SET_ENV,
  SET_RESOURCES,
  SET_SERVICE_ACCOUNT,
  SET_SELECTOR,
  metadataTool('label', 'labels'),
  metadataTool('annotate', 'annotations'),
  SCALE,
];
