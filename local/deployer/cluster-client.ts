import { setTimeout as sleep } from 'node:timers/promises';
import { type buildConnector, request } from 'undici';
import { type Connection, openConnection } from '../../lib/cluster/connection.ts';
import { formatJson, parseJson } from '../../lib/objects/json.ts';
import { isJsonObject, type KubernetesObject, type ObjectReference } from '../../lib/objects/objects.ts';
import { agentOf } from '../agent.ts';

/** What deployers do to a cluster: server-side apply, write status, delete. */
export interface ClusterClient {
  /** Server-side apply, taking fields over from whoever has them. `namespace`: where the object names none. */
  apply(object: KubernetesObject, manager: string, namespace?: string): Promise<KubernetesObject>;
  /** Merges into `status`, through the subresource. */
  writeStatus(reference: ObjectReference, status: unknown, manager: string): Promise<void>;
  /** What holds an object that is deleted; with none left it goes. */
  writeFinalizers(reference: ObjectReference, finalizers: readonly unknown[], manager: string): Promise<void>;
  get(reference: ObjectReference): Promise<KubernetesObject | undefined>;
  list(apiVersion: string, kind: string, namespace: string): Promise<readonly KubernetesObject[]>;
  /** Makes it if it is not there; leaves what is there as it is. */
  createIfAbsent(object: KubernetesObject, manager: string): Promise<void>;
  /** An object that is not there counts as removed. */
  remove(reference: ObjectReference): Promise<void>;
  /** Whether the kind lives in namespaces. @throws ClusterRefused if it is not served */
  isNamespaced(apiVersion: string, kind: string): Promise<boolean>;
  /** Waits until the kind is served, as it is some moments after its CustomResourceDefinition was made. */
  waitUntilServed(apiVersion: string, kind: string): Promise<void>;
  /** `apps/v1` and `apps/v1/Deployment`, and the version as the server says it. */
  capabilities(): Promise<{ readonly version: string; readonly apiVersions: readonly string[] }>;
}

export class ClusterRefused extends Error {
  override readonly name = 'ClusterRefused';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}

const SERVED_MS = 20_000;
const POLL_MS = 100;

export async function openCluster(
  kubeconfig: string,
  context: string | undefined,
  signal: AbortSignal,
): Promise<ClusterClient> {
  const connection = await openConnection({
    kind: 'kubeconfig',
    path: kubeconfig,
    ...(context === undefined ? {} : { context }),
  });
  const call = caller(connection, signal);
  /** By `apps/v1`; asked anew when a kind is not found, since kinds come and go. */
  const known = new Map<string, Map<string, Resource>>();

  const resource = async (apiVersion: string, kind: string): Promise<Resource> => {
    const found = known.get(apiVersion)?.get(kind);
    if (found !== undefined) return found;
    const fresh = await resources(call, apiVersion);
    known.set(apiVersion, fresh);
    const now = fresh.get(kind);
    if (now === undefined) throw new ClusterRefused(404, `the cluster serves no ${kind} in ${apiVersion}`);
    return now;
  };
  const pathOf = async ({ apiVersion, kind, namespace, name }: ObjectReference): Promise<string> => {
    const { plural, namespaced } = await resource(apiVersion, kind);
    const inside = namespaced ? `/namespaces/${encodeURIComponent(namespace ?? 'default')}` : '';
    return `${base(apiVersion)}${inside}/${plural}/${encodeURIComponent(name)}`;
  };

  return {
    async apply(object, manager, namespace) {
      const { namespaced } = await resource(object.apiVersion, object.kind);
      const placed = placedIn(object, namespaced ? (object.metadata.namespace ?? namespace) : undefined);
      const path = await pathOf(referenceTo(placed));
      const query = `?fieldManager=${encodeURIComponent(manager)}&force=true`;
      return (await call('PATCH', path + query, placed, 'application/apply-patch+yaml')) as KubernetesObject;
    },
    async writeStatus(reference, status, manager) {
      const query = `?fieldManager=${encodeURIComponent(manager)}`;
      await call(
        'PATCH',
        `${await pathOf(reference)}/status${query}`,
        { status },
        'application/merge-patch+json',
      );
    },
    async writeFinalizers(reference, finalizers, manager) {
      const query = `?fieldManager=${encodeURIComponent(manager)}`;
      const patch = { metadata: { finalizers } };
      await call('PATCH', (await pathOf(reference)) + query, patch, 'application/merge-patch+json');
    },
    async get(reference) {
      try {
        return (await call('GET', await pathOf(reference))) as KubernetesObject;
      } catch (error) {
        if (error instanceof ClusterRefused && error.status === 404) return undefined;
        throw error;
      }
    },
    async list(apiVersion, kind, namespace) {
      const { plural } = await resource(apiVersion, kind);
      const answer = await call(
        'GET',
        `${base(apiVersion)}/namespaces/${encodeURIComponent(namespace)}/${plural}`,
      );
      const items = isJsonObject(answer) && Array.isArray(answer.items) ? answer.items : [];
      return items.map((item) => ({ apiVersion, kind, ...(item as object) }) as KubernetesObject);
    },
    async createIfAbsent(object, manager) {
      const path = await pathOf(referenceTo(object));
      const query = `?fieldManager=${encodeURIComponent(manager)}`;
      try {
        await call('POST', path.slice(0, path.lastIndexOf('/')) + query, object, 'application/json');
      } catch (error) {
        if (!(error instanceof ClusterRefused) || error.status !== 409) throw error;
      }
    },
    async remove(reference) {
      try {
        await call('DELETE', `${await pathOf(reference)}?propagationPolicy=Background`);
      } catch (error) {
        if (!(error instanceof ClusterRefused) || error.status !== 404) throw error;
      }
    },
    isNamespaced: async (apiVersion, kind) => (await resource(apiVersion, kind)).namespaced,
    async waitUntilServed(apiVersion, kind) {
      for (const end = Date.now() + SERVED_MS; ; await sleep(POLL_MS, undefined, { signal })) {
        try {
          await resource(apiVersion, kind);
          return;
        } catch (error) {
          if (!(error instanceof ClusterRefused) || error.status !== 404 || Date.now() > end) throw error;
        }
      }
    },
    async capabilities() {
      const { gitVersion } = (await call('GET', '/version')) as { gitVersion: string };
      const { groups } = (await call('GET', '/apis')) as {
        groups: { versions: { groupVersion: string }[] }[];
      };
      const versions = [
        'v1',
        ...groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion)),
      ];
      const kinds = await Promise.all(
        versions.map(async (version) =>
          [...(await resources(call, version).catch(() => new Map())).keys()].map(
            (kind) => `${version}/${kind}`,
          ),
        ),
      );
      return { version: gitVersion, apiVersions: [...versions, ...kinds.flat()] };
    },
  };
}

const base = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

const referenceTo = ({
  apiVersion,
  kind,
  metadata: { name, namespace },
}: KubernetesObject): ObjectReference => ({
  apiVersion,
  kind,
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

function placedIn(object: KubernetesObject, namespace: string | undefined): KubernetesObject {
  const { namespace: _own, ...metadata } = object.metadata;
  return { ...object, metadata: namespace === undefined ? metadata : { ...metadata, namespace } };
}

type Call = (
  method: 'GET' | 'PATCH' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  contentType?: string,
) => Promise<unknown>;

function caller({ url, headers, tls }: Connection, signal: AbortSignal): Call {
  const dispatcher = agentOf(tls as buildConnector.BuildOptions);
  const lines = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
  return async (method, path, body, contentType) => {
    const answer = await request(`${url}${path}`, {
      method,
      dispatcher,
      signal,
      headers: {
        accept: 'application/json',
        ...lines,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: formatJson(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400)
      throw new ClusterRefused(answer.statusCode, messageOf(text, answer.statusCode));
    return parseJson(text);
  };
}

/** What the API server says in its Status object. */
function messageOf(text: string, status: number): string {
  try {
    const parsed = parseJson(text);
    if (isJsonObject(parsed) && typeof parsed.message === 'string') return parsed.message;
  } catch {
    // Not a Status: a proxy in between, or plain text.
  }
  return `HTTP ${status}: ${text.slice(0, 200)}`;
}

async function resources(call: Call, apiVersion: string): Promise<Map<string, Resource>> {
  const answer = (await call('GET', base(apiVersion))) as {
    resources: { name: string; kind: string; namespaced: boolean }[];
  };
  return new Map(
    answer.resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]),
  );
}
