import type { KubernetesObject } from '../objects/objects.ts';
import type { Path } from './verdicts.ts';

/** What runs, and with which rights: a manager's name alone excuses nothing there, for anyone can take one. */
const SENSITIVE = new Set([
  ...['containers', 'initContainers', 'ephemeralContainers', 'image', 'command', 'args', 'env', 'envFrom'],
  ...[
    'volumes',
    'volumeMounts',
    'securityContext',
    'hostNetwork',
    'hostPID',
    'hostIPC',
    'serviceAccountName',
  ],
  'caBundle',
]);

export const isSensitive = (place: readonly string[]): boolean => place.some((step) => SENSITIVE.has(step));

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Whether what lies there is a Secret's value: only that it differs may be said. */
export function holdsSecret({ apiVersion, kind }: KubernetesObject, path: Path): boolean {
  if (kind !== 'Secret' || apiVersion !== 'v1') return false;
  const names = path.map((step) => (step.kind === 'field' ? step.name : ''));
  return names[0] === 'data' || names[0] === 'stringData' || names.includes(LAST_APPLIED);
}
