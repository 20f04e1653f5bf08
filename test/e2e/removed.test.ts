import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { formatBootstrap } from '../../lib/bootstrap/bootstrap.ts';
import { appliedValuesFile, chartFolder, deployerNamespace } from '../../lib/repository/layout.ts';
import { type FluxCluster, fluxCluster } from '../flux/flux.ts';
import { type FluxTarget, fluxTarget } from '../flux/target.ts';
import { requirement } from '../requirements.ts';

/**
 * What is left when Fairlead is removed as docs/removing.md says: a repository of plain Flux objects, a deployer that
 * goes on, and everything that a new cluster needs.
 */
const RELEASE = { namespace: 'shop', release: 'web' };

describe('when Fairlead is gone', requirement('deployers'), () => {
  let at: FluxTarget;
  let flux: FluxCluster;
  before(async () => {
    at = await fluxTarget({ namespaces: ['shop'] });
    flux = at.flux;
  });
  after(async () => {
    await flux.end();
    await at.pipe.stop();
  });

  const colourIn = (cluster: FluxCluster) =>
    cluster.plane
      .kubectl(['-n', 'shop', 'get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}'])
      .catch(() => '');
  const KEPT = 'clusters/staging/fairlead-staging.yaml';

  test('the deployer goes on to apply what people commit: values, and a chart of another version', async () => {
    await at.chart('shop/web', '1.0.0');
    await at.pipe.upload('staging/shop/web/values.yaml', 'colour: green\n');
    const manifest =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: shop}\ndata: {a: b}\n';
    await at.pipe.upload('staging/manifests/extra.yaml', manifest);
    await at.deployed('shop/web', '1.0.0');
    await flux.until('green', async () => (await colourIn(flux)) === 'green');
    // As docs/bootstrap.md says: a file in a repository that the deployer applies.
    const repository = { url: at.pipe.git.url, readCredential: { kind: 'none' } } as const;
    const printed = formatBootstrap({ target: at.target, repository, secrets: 'no-secrets' });
    at.pipe.git.commit({ [KEPT]: printed }, 'Keep what the cluster needs');

    // Its buckets, its table, its clones, its credential, and what lets its check in.
    at.pipe.table.items.clear();
    at.pipe.secrets.clear();
    await rm(at.pipe.parts.scratch, { recursive: true, force: true });
    const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'removing.md'), 'utf8');
    const commands = [...text.matchAll(/^ *kubectl (delete .*)$/gm)].map(([, argv = '']) => argv.split(' '));
    assert.ok(commands.length >= 2, 'docs/removing.md has the commands');
    for (const argv of commands) await flux.plane.kubectl(argv);
    const left = await flux.plane.kubectl([
      'get',
      'clusterroles,roles,rolebindings,clusterrolebindings',
      '-A',
      '-o',
      'name',
    ]);
    assert.doesNotMatch(left, /fairlead\S*check/);

    const values = appliedValuesFile(at.target, RELEASE);
    at.pipe.git.commit(
      { [values]: `${at.pipe.git.show(values)}\n`.replace('green', 'orange') },
      'Orange, by hand',
    );
    await flux.until('orange', async () => (await colourIn(flux)) === 'orange');
    const chart = `${chartFolder(at.target, RELEASE)}/Chart.yaml`;
    at.pipe.git.commit(
      { [chart]: `${at.pipe.git.show(chart)}\n`.replace('1.0.0', '1.1.0') },
      '1.1.0, by hand',
    );
    await at.deployed('shop/web', '1.1.0');
  });

  test('a new cluster has all of it from the repository alone', async () => {
    await flux.end();
    flux = await fluxCluster();
    await flux.plane.kubectl(['apply', '-f', '-'], at.pipe.git.show(KEPT));
    await flux.follow(deployerNamespace(at.target), at.pipe.git.bare);
    await flux.until('what was there', async () => (await colourIn(flux)) === 'orange');
    await flux.plane.kubectl(['-n', 'shop', 'get', 'configmap', 'extra']);
  });
});
