import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { FLUX } from '../../lib/bootstrap/flux.ts';
import { type JsonObject, type KubernetesObject, partOf, referenceOf } from '../../lib/objects/objects.ts';
import type { ClusterClient } from '../../local/deployer/cluster-client.ts';
import { now, ready } from '../../local/deployer/flux-objects.ts';
import { tools } from '../../local/tools.ts';

const run = promisify(execFile);
const POLL_MS = 150;
const BYTES = 256 * 1024 * 1024;

/**
 * Plays Flux's source-controller for one namespace: the branch's tip as an artifact of the `GitRepository`, of which
 * only `sparseCheckout` is in it, and each `HelmChart` packaged by helm. As there, a chart is packaged anew when its
 * version changes (`ChartVersion`) or with each commit, which is then part of its version (`Revision`).
 */
export async function playSourceController(
  cluster: ClusterClient,
  namespace: string,
  bare: string,
  folder: string,
) {
  const artifacts = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const found = artifacts.get(request.url ?? '');
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { helm } = await tools();
  const git = async (...argv: string[]) =>
    (await run('git', ['-C', bare, ...argv], { encoding: 'buffer', maxBuffer: BYTES })).stdout;

  const serve = (path: string, revision: string, bytes: Buffer): JsonObject => {
    artifacts.set(path, bytes);
    return {
      path: path.slice(1),
      url: `http://127.0.0.1:${port}${path}`,
      revision,
      digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
      lastUpdateTime: now(),
      size: bytes.length,
    };
  };
  const write = (object: KubernetesObject, status: JsonObject) =>
    cluster.writeStatus(
      referenceOf(object),
      {
        ...status,
        observedGeneration: object.metadata.generation,
        conditions: [ready('True', 'Succeeded', 'stored', object.metadata.generation)],
      },
      'source-controller',
    );

  async function attendRepository(object: KubernetesObject, commit: string): Promise<void> {
    const { ref, sparseCheckout } = partOf(object.spec);
    const revision = `${String(partOf(ref).branch)}@sha1:${commit}`;
    if (partOf(partOf(object.status).artifact).revision === revision) return;
    const roots = Array.isArray(sparseCheckout) ? sparseCheckout.map(String) : [];
    const archive = await git('archive', '--format=tar.gz', commit, '--', ...roots);
    await write(object, { artifact: serve(`/git/${commit}.tar.gz`, revision, archive) });
  }

  async function attendChart(object: KubernetesObject, commit: string): Promise<void> {
    const { chart, reconcileStrategy } = partOf(object.spec);
    const path = String(chart).replace(/^\.\//, '');
    const chartFile = (await git('show', `${commit}:${path}/Chart.yaml`)).toString();
    const own = /^version: *(\S+)$/m.exec(chartFile)?.[1] ?? '';
    const version = reconcileStrategy === 'Revision' ? `${own}+${commit.slice(0, 12)}` : own;
    const { artifact, observedGeneration } = partOf(object.status);
    if (partOf(artifact).revision === version && observedGeneration === object.metadata.generation) return;
    const bytes = await packaged(path, version, commit);
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
    await write(object, {
      observedSourceArtifactRevision: `main@sha1:${commit}`,
      observedChartName: /^name: *(\S+)$/m.exec(chartFile)?.[1] ?? '',
      artifact: serve(`/charts/${object.metadata.name}/${version}-${hash}.tgz`, version, bytes),
    });
  }

  async function packaged(path: string, version: string, commit: string): Promise<Buffer> {
    const aside = await mkdtemp(join(folder, 'chart-'));
    try {
      const tree = join(aside, 'tree');
      await mkdir(tree);
      await run('sh', [
        '-c',
        'git -C "$1" archive "$2" -- "$3" | tar -x -C "$4"',
        'sh',
        bare,
        commit,
        path,
        tree,
      ]);
      await run(helm, ['package', join(tree, path), '--version', version, '--destination', aside], {
        env: { PATH: process.env.PATH, HOME: aside },
      });
      const [archive = ''] = (await readdir(aside)).filter((name) => name.endsWith('.tgz'));
      return await readFile(join(aside, archive));
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }

  const ending = new AbortController();
  const troubles: string[] = [];
  const attend = async () => {
    const commit = (await git('rev-parse', 'refs/heads/main')).toString().trim();
    for (const object of await cluster.list(FLUX.source, 'GitRepository', namespace)) {
      await attendRepository(object, commit);
    }
    for (const object of await cluster.list(FLUX.source, 'HelmChart', namespace)) {
      // Of a chart that is not in the commit any more its release is about to go, too.
      await attendChart(object, commit).catch((error: Error) => troubles.push(error.message));
    }
  };
  const watching = (async () => {
    while (!ending.signal.aborted) {
      await attend().catch((error: Error) => troubles.push(error.message));
      await sleep(POLL_MS);
    }
  })();
  return {
    /** What went wrong, for the message of a test that waits in vain. */
    troubles,
    async stop() {
      ending.abort();
      await watching;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
