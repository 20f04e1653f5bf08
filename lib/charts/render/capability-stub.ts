import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { groupOf } from '../../objects/objects.ts';
import type { Capabilities } from '../render-request.ts';
import { isClusterScoped } from './scopes.ts';

/** A kind that helm must be able to map though the cluster does not serve it: `apiVersion` and `kind`. */
export interface ExtraKind {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface CapabilityStub {
  /** For `--kube-apiserver`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Answers helm on the loopback as the cluster would: version and discovery from the profile, no object of any kind.
 * helm asks for discovery once for `.Capabilities`, and once more for kinds that it did not find then, before it maps
 * the rendered objects: only the second answer holds `extra`, so that what templates see stays exactly the profile.
 */
export async function startCapabilityStub(
  { kubernetesVersion, apiVersions }: Capabilities,
  extra: readonly ExtraKind[],
): Promise<CapabilityStub> {
  const served = kindsIn(apiVersions);
  const mapped = kindsIn([...apiVersions, ...extra.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`)]);
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://stub');
    const times = (asked.get(pathname) ?? 0) + 1;
    asked.set(pathname, times);
    const answer = answerTo(pathname, times === 1 ? served : mapped, kubernetesVersion, served);
    response.writeHead(answer === undefined ? 404 : 200, {
      'content-type': answer?.type ?? 'application/json',
    });
    response.end(JSON.stringify(answer?.body ?? NOT_FOUND));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const NOT_FOUND = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Group version → kinds. */
type Served = ReadonlyMap<string, ReadonlySet<string>>;

function answerTo(
  path: string,
  shown: Served,
  version: string,
  served: Served,
): { body: unknown; type: string } | undefined {
  if (path === '/version') {
    const [, major = '1', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
    return { body: { major, minor, gitVersion: version }, type: 'application/json' };
  }
  if (path === '/api' || path === '/apis')
    return { body: aggregated(shown, path === '/api'), type: AGGREGATED };
  const groupVersion = /^\/(?:api|apis)\/((?:[^/]+\/)?[^/]+)$/.exec(path)?.[1];
  const kinds = groupVersion === undefined ? undefined : served.get(groupVersion);
  return kinds === undefined
    ? undefined
    : { body: resourceList(groupVersion ?? '', kinds), type: 'application/json' };
}

/** `apps/v1`, `apps/v1/Deployment`, `v1`, `v1/Pod` → kinds of each group version. */
function kindsIn(apiVersions: readonly string[]): Served {
  const found = new Map<string, Set<string>>();
  for (const entry of apiVersions) {
    const parts = entry.split('/');
    // A kind begins in upper case, a version in lower.
    const kind = /^[A-Z]/.test(parts.at(-1) ?? '') ? parts.pop() : undefined;
    const groupVersion = parts.join('/');
    const kinds = found.get(groupVersion) ?? new Set();
    if (kind !== undefined) kinds.add(kind);
    found.set(groupVersion, kinds);
  }
  return found;
}

function aggregated(served: Served, core: boolean) {
  const groups = new Map<string, { version: string; resources: unknown[]; freshness: string }[]>();
  for (const [groupVersion, kinds] of served) {
    const group = groupOf(groupVersion);
    if ((group === '') !== core) continue;
    const version = groupVersion.slice(groupVersion.indexOf('/') + 1);
    const resources = [...kinds].map((kind) => ({
      resource: pluralOf(kind),
      responseKind: { group, version, kind },
      scope: isClusterScoped(groupVersion, kind) ? 'Cluster' : 'Namespaced',
      singularResource: kind.toLowerCase(),
      verbs: ['get', 'list'],
    }));
    groups.set(group, [...(groups.get(group) ?? []), { version, resources, freshness: 'Current' }]);
  }
  const items = [...groups].map(([name, versions]) => ({ metadata: { name }, versions }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

function resourceList(groupVersion: string, kinds: ReadonlySet<string>) {
  const resources = [...kinds].map((kind) => ({
    name: pluralOf(kind),
    singularName: kind.toLowerCase(),
    namespaced: !isClusterScoped(groupVersion, kind),
    kind,
    verbs: ['get', 'list'],
  }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** Any name will do that no other kind has: nothing is ever found under it. */
const pluralOf = (kind: string): string => `${kind.toLowerCase()}s`;
