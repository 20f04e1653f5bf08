import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openapiKey } from '../../../lib/charts/render-request.ts';
import { type Cluster, connect } from '../../../lib/cluster/cluster.ts';
import { CannotConnect } from '../../../lib/cluster/connection.ts';
import type { ServedKind } from '../../../lib/cluster/discovery.ts';
import { openapiCache } from '../../../lib/cluster/openapi.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import type { Json } from '../../../lib/objects/objects.ts';
import { SEALED_PREFIX } from '../../../lib/objects/secrets.ts';
import { type TestControlPlane, testControlPlane } from '../../control-plane.ts';
import { requirement } from '../../requirements.ts';

const sealing = Buffer.alloc(32, 7);

describe('a cluster, read', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let cluster: Cluster;
  before(async () => {
    plane = await testControlPlane();
    cluster = await connect({ kind: 'kubeconfig', path: plane.kubeconfig }, { sealing });
  });
  after(async () => {
    await cluster.close();
    await plane.end();
  });

  const kindOf = async (apiVersion: string, kind: string, of = cluster): Promise<ServedKind> => {
    const discovery = await of.discover();
    assert.equal(discovery.kind, 'answered');
    const found = discovery.kind === 'answered' ? discovery.value.find(apiVersion, kind) : undefined;
    assert.ok(found);
    return found;
  };

  test('its version and what it serves', async () => {
    assert.deepEqual(await cluster.version(), { kind: 'answered', value: plane.version });
    assert.deepEqual(
      await kindOf('apps/v1', 'Deployment').then(({ resource, scope }) => ({ resource, scope })),
      {
        resource: 'deployments',
        scope: 'namespaced',
      },
    );
    assert.equal((await kindOf('v1', 'Namespace')).scope, 'cluster');
  });

  test('a list longer than a page comes whole, each object once, with its kind', async () => {
    const names = Array.from({ length: 1203 }, (_, index) => `many-${String(index).padStart(4, '0')}`);
    const items = names.map((name) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default', labels: { many: 'yes' } },
    }));
    await plane.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const answer = await cluster.list(await kindOf('v1', 'ConfigMap'), {
      namespace: 'default',
      labelSelector: 'many=yes',
    });
    assert.equal(answer.kind, 'answered');
    const found = answer.kind === 'answered' ? answer.value : [];
    assert.deepEqual(found.map(({ metadata }) => metadata.name).sort(), names);
    assert.deepEqual(
      new Set(found.map(({ kind, apiVersion }) => `${apiVersion} ${kind}`)),
      new Set(['v1 ConfigMap']),
    );
  });

  test('Secret values are sealed before anybody sees them, and Helm keeps its own to itself', async () => {
    const secret = (name: string, type: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'default' },
      type,
      stringData: { password: 'hunter2' },
    });
    await plane.apply([secret('ours', 'Opaque'), secret('sh.helm.release.v1.web.v1', 'helm.sh/release.v1')]);
    const answer = await cluster.list(await kindOf('v1', 'Secret'), { namespace: 'default' });
    assert.equal(answer.kind, 'answered');
    const found = answer.kind === 'answered' ? answer.value : [];
    assert.deepEqual(
      found.map(({ metadata }) => metadata.name),
      ['ours'],
    );
    const { password } = (found[0]?.data ?? {}) as { password?: string };
    assert.ok(password?.startsWith(SEALED_PREFIX));
    assert.ok(!JSON.stringify(found).includes(Buffer.from('hunter2').toString('base64')));
  });

  test('a 403 names the rule that would allow it, and that rule allows it', async () => {
    const kubeconfig = await plane.addUser('reader', ['readers']);
    const reader = await connect({ kind: 'kubeconfig', path: kubeconfig }, { sealing });
    try {
      const deployments = await kindOf('apps/v1', 'Deployment');
      const refused = await reader.list(deployments);
      assert.equal(refused.kind, 'forbidden');
      const rule = refused.kind === 'forbidden' ? refused.rule : undefined;
      assert.equal(rule, '- apiGroups: ["apps"]\n  resources: ["deployments"]\n  verbs: ["get", "list"]');

      const indented = rule.split('\n').map((line) => `  ${line}`);
      const role = [
        'apiVersion: rbac.authorization.k8s.io/v1',
        'kind: ClusterRole',
        'metadata: {name: readers}',
        'rules:',
        ...indented,
      ].join('\n');
      await plane.kubectl(['apply', '-f', '-'], role);
      await plane.kubectl([
        'create',
        'clusterrolebinding',
        'readers',
        '--clusterrole=readers',
        '--group=readers',
      ]);
      assert.equal((await reader.list(deployments)).kind, 'answered');
    } finally {
      await reader.close();
    }
  });

  test('schemas are kept under the hash that they have, and read from there', async () => {
    const state = folderStore(join(plane.folder, 'state'));
    const readWith = async () => {
      const other = await connect(
        { kind: 'kubeconfig', path: plane.kubeconfig },
        { sealing, openapi: openapiCache(state) },
      );
      try {
        return await other.openapi('apps/v1');
      } finally {
        await other.close();
      }
    };
    const first = await readWith();
    assert.ok(
      first.kind === 'answered' && JSON.stringify(first.value).includes('io.k8s.api.apps.v1.Deployment'),
    );
    assert.deepEqual(await readWith(), first);
    assert.deepEqual(await cluster.openapi('nobody.example/v1'), { kind: 'answered', value: undefined });
  });

  test('all schemas are kept for those who may not read clusters, and read once', async () => {
    const state = folderStore(join(plane.folder, 'kept'));
    const openapi = openapiCache(state);
    const written: string[] = [];
    const counting = {
      ...openapi,
      keep: (hash: string, schemas: Json) => {
        written.push(hash);
        return openapi.keep(hash, schemas);
      },
    };
    const address = { kind: 'kubeconfig', path: plane.kubeconfig } as const;
    const other = await connect(address, { sealing, openapi: counting });
    try {
      const kept = await other.keepSchemas({});
      assert.deepEqual(
        ['v1', 'apps/v1', 'networking.k8s.io/v1'].filter((groupVersion) => kept[groupVersion] === undefined),
        [],
      );
      const stored = await state.get(openapiKey(kept['apps/v1'] ?? ''));
      assert.ok(stored?.body.includes('io.k8s.api.apps.v1.Deployment'));
      assert.equal(written.length, Object.keys(kept).length);
      assert.deepEqual(await other.keepSchemas(kept), kept);
      assert.equal(written.length, Object.keys(kept).length);
    } finally {
      await other.close();
    }
  });

  test('a token instead of a certificate', async () => {
    await plane.kubectl(['create', 'serviceaccount', 'robot']);
    const token = (await plane.kubectl(['create', 'token', 'robot'])).trim();
    const config = JSON.parse(await plane.kubectl(['config', 'view', '--raw', '-o', 'json']));
    config.users = [{ name: config.users[0].name, user: { token } }];
    const path = join(plane.folder, 'token-kubeconfig');
    await writeFile(path, JSON.stringify(config), { mode: 0o600 });
    const robot = await connect({ kind: 'kubeconfig', path }, { sealing });
    try {
      assert.equal((await robot.list(await kindOf('v1', 'Pod'))).kind, 'forbidden');
      assert.equal((await robot.version()).kind, 'answered');
    } finally {
      await robot.close();
    }
  });

  test('credentials that the cluster does not know are forbidden, not drift', async () => {
    const config = JSON.parse(await plane.kubectl(['config', 'view', '--raw', '-o', 'json']));
    config.users = [{ name: config.users[0].name, user: { token: 'nonsense' } }];
    const path = join(plane.folder, 'bad-kubeconfig');
    await writeFile(path, JSON.stringify(config), { mode: 0o600 });
    const nobody = await connect({ kind: 'kubeconfig', path }, { sealing });
    try {
      const answer = await nobody.discover();
      assert.equal(answer.kind, 'forbidden');
      assert.match(answer.kind === 'forbidden' ? answer.reason : '', /401/);
      assert.doesNotMatch(JSON.stringify(answer), /nonsense/);
    } finally {
      await nobody.close();
    }
  });
});

describe('a cluster that does not answer as one', () => {
  const kubeconfigOf = (server: string) => ({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  });
  const connected = async (server: string, work: (cluster: Cluster) => Promise<void>) => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    const path = join(folder, 'kubeconfig');
    await writeFile(path, JSON.stringify(kubeconfigOf(server)), { mode: 0o600 });
    const cluster = await connect({ kind: 'kubeconfig', path }, { sealing });
    try {
      await work(cluster);
    } finally {
      await cluster.close();
      await rm(folder, { recursive: true });
    }
  };
  const serving = async (handler: RequestListener, work: (url: string) => Promise<void>) => {
    const server = createServer(handler);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  };

  test('nothing listens: unreachable, in words, without the token', async () => {
    let free = '';
    await serving(
      () => {},
      async (url) => {
        free = url;
      },
    );
    await connected(free, async (cluster) => {
      const answer = await cluster.version();
      assert.equal(answer.kind, 'unreachable');
      assert.match(answer.kind === 'unreachable' ? answer.reason : '', /connection refused/);
      assert.doesNotMatch(JSON.stringify(answer), /secret-token/);
    });
  });

  test('a login page instead of an API is a failure, not an empty cluster', async () => {
    await serving(
      (_request, response) => response.end('<html>Sign in</html>'),
      async (url) =>
        await connected(url, async (cluster) => {
          assert.equal((await cluster.version()).kind, 'failed');
          assert.equal((await cluster.discover()).kind, 'failed');
        }),
    );
  });

  test('what is refused for now is asked again after as long as the server says', async () => {
    let asked = 0;
    await serving(
      (_request, response) => {
        asked++;
        if (asked < 3) response.writeHead(429, { 'retry-after': '0' }).end();
        else response.end(JSON.stringify({ gitVersion: 'v1.35.0' }));
      },
      async (url) =>
        await connected(url, async (cluster) => {
          assert.deepEqual(await cluster.version(), { kind: 'answered', value: 'v1.35.0' });
          assert.equal(asked, 3);
        }),
    );
  });

  test('a server that hangs in the middle of a check is not waited for with every list', async () => {
    let asked = 0;
    await serving(
      (request) => {
        asked++;
        request.socket.destroy();
      },
      async (url) =>
        await connected(url, async (cluster) => {
          const pods: ServedKind = {
            apiVersion: 'v1',
            kind: 'Pod',
            resource: 'pods',
            scope: 'namespaced',
            verbs: ['list'],
          };
          const four = await Promise.all(Array.from({ length: 4 }, () => cluster.list(pods)));
          assert.deepEqual([...new Set(four.map(({ kind }) => kind))], ['unreachable']);
          const before = asked;
          assert.equal((await cluster.version()).kind, 'unreachable');
          assert.equal(asked, before);
        }),
    );
  });

  test('a list whose continuation expires is begun anew', async () => {
    const served: ServedKind = {
      apiVersion: 'v1',
      kind: 'Pod',
      resource: 'pods',
      scope: 'namespaced',
      verbs: ['list'],
    };
    let expired = false;
    await serving(
      (request, response) => {
        const token = new URL(request.url ?? '', 'http://x').searchParams.get('continue');
        const answer = (names: string[], more: string) =>
          response.end(
            JSON.stringify({
              kind: 'PodList',
              apiVersion: 'v1',
              metadata: { continue: more },
              items: names.map((name) => ({ metadata: { name } })),
            }),
          );
        if (token === null) return answer(['a'], 'second');
        if (!expired) {
          expired = true;
          return response
            .writeHead(410)
            .end(JSON.stringify({ kind: 'Status', code: 410, reason: 'Expired' }));
        }
        return answer(['b'], '');
      },
      async (url) =>
        await connected(url, async (cluster) => {
          const answer = await cluster.list(served);
          assert.deepEqual(
            answer.kind === 'answered' ? answer.value.map(({ metadata }) => metadata.name) : answer,
            ['a', 'b'],
          );
        }),
    );
  });

  test('only GET is ever sent', async () => {
    const methods = new Set<string>();
    await serving(
      (request, response) => {
        methods.add(request.method ?? '');
        response.writeHead(404).end('{}');
      },
      async (url) =>
        await connected(url, async (cluster) => {
          await cluster.version();
          await cluster.discover();
          await cluster.openapi('v1');
        }),
    );
    assert.deepEqual([...methods], ['GET']);
  });
});

describe('a kubeconfig that leads nowhere', () => {
  test('is said, with what there is instead', async () => {
    await assert.rejects(
      connect({ kind: 'kubeconfig', path: '/nowhere/kubeconfig' }, { sealing }),
      (error: unknown) =>
        error instanceof CannotConnect && /cannot be read as a kubeconfig/.test(error.message),
    );
    await assert.rejects(
      connect({ kind: 'eks', name: 'main', region: 'eu-central-1' }, { sealing }),
      (error: unknown) => error instanceof CannotConnect && /DescribeCluster/.test(error.message),
    );
  });
});
