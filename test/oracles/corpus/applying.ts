import { setTimeout as sleep } from 'node:timers/promises';
import { eachAtOnce } from '../../../lib/at-once/at-once.ts';
import { type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { type ApiServer, messageOf } from '../api-server.ts';

export type How = 'ssa' | 'create';

export type Applied =
  | { readonly kind: 'applied' | 'not-served' }
  | { readonly kind: 'refused'; readonly message: string };

const MANAGER = 'helm';
const FIRST = [
  'CustomResourceDefinition',
  'Namespace',
  'PriorityClass',
  'StorageClass',
  'RuntimeClass',
  'IngressClass',
];
/** What the admission of other objects goes by. */
const RESTRICTING = new Set([
  'ResourceQuota',
  'LimitRange',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);
/** Broken once their Service is missing, they make every later call fail. */
const BLOCKING = new Set(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'APIService']);

const PATIENCE_MS = 20_000;
const RETRY_MS = 500;
const AT_ONCE = 8;

/** Whether other calls to the server fail once it is there. */
export const isBlocking = ({ kind }: KubernetesObject): boolean => BLOCKING.has(kind);

/** Applies objects in the order in which they need each other, as field manager `helm`; one outcome each. */
export async function applyAll(
  server: ApiServer,
  objects: readonly KubernetesObject[],
  how: How,
): Promise<ReadonlyMap<KubernetesObject, Applied>> {
  const outcomes = new Map<KubernetesObject, Applied>();
  server.forget();
  await ensureNamespaces(server, objects);
  for (const rank of [...new Set(objects.map(rankOf))].sort((a, b) => a - b)) {
    const group = objects.filter((object) => rankOf(object) === rank);
    await eachAtOnce(group, AT_ONCE, async (object) => {
      outcomes.set(object, await put(server, object, how));
    });
    if (rank === 0) await established(server, group);
  }
  return outcomes;
}

async function put(server: ApiServer, object: KubernetesObject, how: How): Promise<Applied> {
  const path = await server.pathOf(referenceOf(object));
  if (path === undefined) return { kind: 'not-served' };
  const placed = path.namespaced ? object : withoutNamespace(object);
  const send = () =>
    how === 'ssa'
      ? server.call(
          'PATCH',
          `${path.object}?fieldManager=${MANAGER}&force=true`,
          placed,
          'application/apply-patch+yaml',
        )
      : server.call('POST', `${path.collection}?fieldManager=${MANAGER}`, placed);
  let answer = await send();
  for (
    let waited = 0;
    waited < PATIENCE_MS && isTransient(answer.status, messageOf(answer));
    waited += RETRY_MS
  ) {
    await sleep(RETRY_MS);
    answer = await send();
  }
  return answer.status < 300 ? { kind: 'applied' } : { kind: 'refused', message: messageOf(answer) };
}

/** What controllers have not made yet: a definition's address, a namespace's ServiceAccount. */
const isTransient = (status: number, message: string): boolean =>
  (status === 404 && /the server could not find the requested resource/.test(message)) ||
  (status === 403 && /service ?account/i.test(message) && /not found/.test(message));

async function established(server: ApiServer, definitions: readonly KubernetesObject[]): Promise<void> {
  for (const definition of definitions) {
    const path = await server.pathOf(referenceOf(definition));
    for (let waited = 0; path !== undefined && waited < PATIENCE_MS; waited += 100) {
      const { status, body } = await server.call('GET', path.object);
      const { conditions } =
        (body as { status?: { conditions?: { type: string; status: string }[] } }).status ?? {};
      if (
        status !== 200 ||
        conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True')
      )
        break;
      await sleep(100);
    }
  }
  server.forget();
}

async function ensureNamespaces(server: ApiServer, objects: readonly KubernetesObject[]): Promise<void> {
  const declared = new Set(
    objects.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.name] : [])),
  );
  const names = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  for (const name of names) {
    if (declared.has(name)) continue;
    await server.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  }
}

const rankOf = ({ kind }: KubernetesObject): number => {
  const first = FIRST.indexOf(kind);
  if (first >= 0) return first;
  if (BLOCKING.has(kind)) return FIRST.length + 2;
  return RESTRICTING.has(kind) ? FIRST.length + 1 : FIRST.length;
};

function withoutNamespace(object: KubernetesObject): KubernetesObject {
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as KubernetesObject['metadata'] };
}
