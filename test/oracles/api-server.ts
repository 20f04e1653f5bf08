import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import * as z from 'zod';
import { type OpenApiDocument, type Schemas, schemasFrom } from '../../lib/drift/drift.ts';
import { formatJson, parseJson } from '../../lib/objects/json.ts';
import type { KubernetesObject, ObjectReference } from '../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../lib/objects/yaml.ts';
import { agentOf } from '../../local/agent.ts';
import type { KubernetesVersion } from '../../local/control-plane/binaries.ts';
import { type ControlPlaneParts, startControlPlane } from '../../local/control-plane/control-plane.ts';
import { cacheFolder } from '../../local/tools.ts';

const CONNECTIONS = 8;

/** A real kube-apiserver with its etcd, and the few calls that oracles make of it. */
export interface ApiServer {
  readonly kubeconfig: string;
  call(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  /** A GET with a bearer token in place of the administrator's certificate. */
  callWith(token: string, path: string): Promise<Answer>;
  /** Where the object lies, or undefined where its kind is not served. */
  pathOf(reference: ObjectReference): Promise<ResourcePath | undefined>;
  /** Schemas as the server publishes them now. */
  schemas(): Promise<Schemas>;
  /** Forgets what it knew of the kinds: a CRD was installed or removed. */
  forget(): void;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface ResourcePath {
  readonly collection: string;
  readonly object: string;
  readonly namespaced: boolean;
}

export type Started =
  | { readonly kind: 'running'; readonly server: ApiServer }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly howTo: string };

const resourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});
const openApiIndex = z.object({ paths: z.record(z.string(), z.object({ serverRelativeURL: z.string() })) });

/**
 * Starts one, or says how to get it. `controllers`: with kube-controller-manager beside it, so that what controllers
 * write is there too; `nodes`: with scheduler and kwok as well, so that Pods run. A control plane alone starts faster.
 */
export async function startApiServer(
  parts: ControlPlaneParts = 'api',
  kubernetes?: KubernetesVersion,
): Promise<Started> {
  const plane = await startPlane(parts, kubernetes);
  if (plane.kind === 'unavailable') return plane;
  const { address, ...certificates } = await connectionOf(plane.kubeconfig);
  const dispatcher = agentOf(certificates, CONNECTIONS);
  const call: ApiServer['call'] = async (method, path, body, contentType) => {
    try {
      return await asked(method, path, body, contentType);
    } catch (error) {
      if (method === 'GET' || !isBrokenOff(error)) throw error;
      console.error(`broken off by the server: ${method} ${path}`);
      return { status: 500, body: { message: 'the server broke the connection off' } };
    }
  };
  const asked: ApiServer['call'] = async (method, path, body, contentType = 'application/json') => {
    const response = await request(new URL(path, address), {
      method: method as 'GET',
      dispatcher,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': contentType }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : formatJson(body) }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: asJson(text) };
  };

  const served = new Map<string, Promise<z.output<typeof resourceList>['resources']>>();
  const documents = new Map<string, OpenApiDocument>();
  let compiled: { readonly paths: string; readonly schemas: Schemas } | undefined;
  const resourcesOf = (apiVersion: string) => {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known =
      served.get(root) ??
      call('GET', root).then(({ status, body }) =>
        status === 200 ? resourceList.parse(body).resources : [],
      );
    served.set(root, known);
    return known.then((resources) => ({ root, resources }));
  };
  const server: ApiServer = {
    kubeconfig: plane.kubeconfig,
    call,
    async callWith(token, path) {
      const anonymous = agentOf({ ca: certificates.ca });
      const headers = { authorization: `Bearer ${token}` };
      const { statusCode, body } = await request(new URL(path, address), { dispatcher: anonymous, headers });
      const answer = { status: statusCode, body: asJson(await body.text()) };
      await anonymous.close();
      return answer;
    },
    async pathOf({ apiVersion, kind, namespace, name }) {
      const { root, resources } = await resourcesOf(apiVersion);
      const resource = resources.find((entry) => entry.kind === kind && !entry.name.includes('/'));
      if (resource === undefined) return undefined;
      const collection = resource.namespaced
        ? `${root}/namespaces/${namespace ?? 'default'}/${resource.name}`
        : `${root}/${resource.name}`;
      return {
        collection,
        object: `${collection}/${encodeURIComponent(name)}`,
        namespaced: resource.namespaced,
      };
    },
    async schemas() {
      const { paths } = openApiIndex.parse((await call('GET', '/openapi/v3')).body);
      const urls = Object.entries(paths)
        .filter(([path]) => path === 'api/v1' || /^apis\/[^/]+\/[^/]+$/.test(path))
        .map(([, { serverRelativeURL }]) => serverRelativeURL);
      const key = urls.join(' ');
      if (compiled?.paths === key) return compiled.schemas;
      // The URL carries a hash of the content.
      for (const url of urls) {
        if (documents.has(url)) continue;
        const { status, body } = await call('GET', url);
        // Gone with its CRD between the index and now.
        if (status === 200) documents.set(url, body as OpenApiDocument);
      }
      const present = urls.map((url) => documents.get(url)).filter((document) => document !== undefined);
      const schemas = schemasFrom(present);
      if (present.length === urls.length) compiled = { paths: key, schemas };
      return schemas;
    },
    forget: () => served.clear(),
    async stop() {
      await dispatcher.destroy();
      await plane.stop();
    },
  };
  return { kind: 'running', server };
}

/** Some of what is made up brings a handler of the server down, which then closes the connection (net/http, panics). */
const isBrokenOff = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'UND_ERR_SOCKET';

type Plane =
  | { readonly kind: 'running'; readonly kubeconfig: string; stop(): Promise<void> }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly howTo: string };

async function startPlane(
  parts: ControlPlaneParts,
  kubernetes: KubernetesVersion | undefined,
): Promise<Plane> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'fairlead-oracle-'));
  const plane = await startControlPlane({
    dataFolder,
    cacheFolder: cacheFolder(),
    parts,
    ...(kubernetes === undefined ? {} : { kubernetes }),
    missing: 'give-up',
  });
  if (plane.kind === 'unavailable') {
    await rm(dataFolder, { recursive: true, force: true });
    return plane;
  }
  return {
    kind: 'running',
    kubeconfig: plane.kubeconfig,
    async stop() {
      await plane.stop();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

const kubeconfigFile = z.object({
  clusters: z.array(z.object({ cluster: z.looseObject({ server: z.string() }) })).min(1),
  users: z.array(z.object({ user: z.looseObject({}) })).min(1),
});

async function connectionOf(
  file: string,
): Promise<{ address: string; ca: string; cert: string; key: string }> {
  const parsed = parseYamlDocuments(await readFile(file, 'utf8'), 'kubernetes');
  if (parsed.kind === 'invalid') throw new Error(`${file}:${parsed.line}: ${parsed.message}`);
  const { clusters, users } = kubeconfigFile.parse(parsed.documents[0]?.value);
  const [cluster, user] = [clusters[0]?.cluster ?? {}, users[0]?.user ?? {}];
  const pem = async (from: Readonly<Record<string, unknown>>, name: string) => {
    const data = from[`${name}-data`];
    return typeof data === 'string'
      ? Buffer.from(data, 'base64').toString('utf8')
      : readFile(String(from[name]), 'utf8');
  };
  return {
    address: clusters[0]?.cluster.server ?? '',
    ca: await pem(cluster, 'certificate-authority'),
    cert: await pem(user, 'client-certificate'),
    key: await pem(user, 'client-key'),
  };
}

function asJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** The object of an answer. @throws Error with the server's message where it refused */
export function objectOf({ status, body }: Answer): KubernetesObject {
  if (status >= 300) throw new Error(messageOf({ status, body }));
  return body as KubernetesObject;
}

export const messageOf = ({ status, body }: Answer): string =>
  `${status}: ${(body as { message?: string } | null)?.message ?? String(body).slice(0, 200)}`;
