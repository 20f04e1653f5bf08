import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../tools.ts';
import { findBinaries, KUBERNETES } from './binaries.ts';
import { buildBinaries, MORE_PARTS } from './build.ts';
import { findArgocdProject, findDeployers, getArgocdProject, getDeployers } from './deployers.ts';

/**
 * Gets the control plane's binaries, for a machine that runs the tests:
 *   npx node local/control-plane/fetch.ts         kube-apiserver and etcd
 *   npx node local/control-plane/fetch.ts --deployers   and Flux's controllers, Flux's and Argo CD's definitions (needs Go)
 *   npx node local/control-plane/fetch.ts --argocd   and a program over Argo CD's own library (needs Go)
 *   npx node local/control-plane/fetch.ts --older   and an older minor, to hold verdicts against (needs Go)
 *   npx node local/control-plane/fetch.ts --all   and what makes Pods "run": scheduler, kwok (needs Go)
 */
const onProgress = (line: string) => console.error(line);
const order = { cacheFolder: cacheFolder(), onProgress };

const found = await findBinaries(order);
if (found.kind === 'unavailable') {
  console.error(`${found.reason}\n${found.howTo}`);
  process.exit(1);
}
console.log(`${found.apiServer}\n${found.etcd}`);
for (const [flag, find, get] of [
  ['--deployers', findDeployers, getDeployers],
  ['--argocd', findArgocdProject, getArgocdProject],
] as const) {
  if (!process.argv.includes(flag) || find(order.cacheFolder) !== undefined) continue;
  const got = await get(order.cacheFolder, order);
  if (got.kind === 'not-got') {
    console.error(got.reason);
    process.exit(1);
  }
}
const versions = process.argv.includes('--older') ? KUBERNETES : KUBERNETES.slice(0, 1);
for (const version of versions) {
  const server = await findBinaries({ ...order, kubernetes: version });
  if (server.kind === 'unavailable') {
    console.error(`${server.reason}\n${server.howTo}`);
    process.exit(1);
  }
  if (!process.argv.includes('--all')) continue;
  const folder = join(order.cacheFolder, 'control-plane', version);
  const missing = MORE_PARTS.filter(({ name }) => !existsSync(join(folder, name)));
  const got =
    missing.length === 0
      ? { kind: 'got' as const }
      : await buildBinaries({ ...order, folder, version }, missing);
  if (got.kind === 'not-got') {
    console.error(got.reason);
    process.exit(1);
  }
  console.log(MORE_PARTS.map(({ name }) => join(folder, name)).join('\n'));
}
