import { groupOf, isJsonObject, type Json, type KubernetesObject } from '../../objects/objects.ts';
import type { Path } from '../verdicts.ts';

/** Which program runs, and as whom. */
const RUNS = [
  ...['image', 'command', 'securityContext', 'hostNetwork', 'hostPID', 'hostIPC', 'hostPath'],
  'serviceAccountName',
];

/** What runs, and with which rights: a manager's name alone excuses nothing there, for anyone can take one. */
const SENSITIVE: ReadonlySet<string> = new Set([
  ...RUNS,
  ...['containers', 'initContainers', 'ephemeralContainers', 'args', 'env', 'envFrom'],
  ...['volumes', 'volumeMounts', 'caBundle'],
]);

/** Whether a place is one of those, or the value there (the root of an addition, say) holds one. */
export const isSensitive = (place: readonly string[], value?: Json): boolean =>
  place.some((step) => SENSITIVE.has(step)) || names(value, SENSITIVE);

const DECISIVE: ReadonlySet<string> = new Set(RUNS);
const RBAC = 'rbac.authorization.k8s.io';
const GRANTS: ReadonlySet<string> = new Set(['rules', 'subjects', 'roleRef', 'aggregationRule']);

/**
 * Whether a difference decides which program runs or who may do what. Narrower than `isSensitive`: charts do look up
 * what they tell a program (a cluster's id in its arguments or variables), and not which program it is.
 */
export const isDecisive = (
  { apiVersion }: Pick<KubernetesObject, 'apiVersion'>,
  place: readonly string[],
  value: Json | undefined,
): boolean =>
  place.some((step) => DECISIVE.has(step)) ||
  names(value, DECISIVE) ||
  (groupOf(apiVersion) === RBAC && GRANTS.has(place[0] ?? ''));

/** Whether any field inside the value has one of the names. */
function names(value: Json | undefined, among: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return value.some((item: Json) => names(item, among));
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(([name, inner]) => among.has(name) || names(inner, among));
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Whether what lies there is a Secret's value: only that it differs may be said. */
export function holdsSecret({ apiVersion, kind }: KubernetesObject, path: Path): boolean {
  if (kind !== 'Secret' || apiVersion !== 'v1') return false;
  const names = path.map((step) => (step.kind === 'field' ? step.name : ''));
  return names[0] === 'data' || names[0] === 'stringData' || names.includes(LAST_APPLIED);
}
