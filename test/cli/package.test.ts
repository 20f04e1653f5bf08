import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { pack } from '../../cli/package/pack.ts';
import { tools } from '../../local/tools.ts';
import { requirement } from '../requirements.ts';
import { type CheckedCluster, checkedCluster, commitAll } from './checked-cluster.ts';
import { nodes } from './command-line.ts';
import { standIn } from './stand-in-installation.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ROOT = join(import.meta.dirname, '..', '..');

const COMMANDS = [
  ...['check', 'diff', 'baseline', 'upload', 'uploads', 'replay'],
  ...['incidents', 'snooze', 'ui', 'bootstrap'],
  ...['doctor', 'drill', 'subscribe', 'redrive'],
];

describe('the published package', () => {
  let folder: string;
  let installed: string;
  let home: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    const archive = await pack(join(folder, 'packed'));
    home = join(folder, 'home');
    const project = join(folder, 'project');
    await mkdir(project, { recursive: true });
    await mkdir(home);
    await promisify(execFile)('npm', ['install', '--offline', '--no-audit', '--no-fund', archive], {
      cwd: project,
      env: { PATH: process.env.PATH, HOME: home, npm_config_cache: join(folder, 'npm') },
    });
    installed = join(project, 'node_modules', 'fairlead');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** As a user has it: nothing of this checkout is near. */
  const run = (node: string, argv: readonly string[], path = '/usr/bin:/bin'): Promise<Ran> =>
    promisify(execFile)(node, [join(installed, 'bin', 'fairlead.mjs'), ...argv], {
      cwd: home,
      env: { PATH: path, HOME: home },
    }).then(
      (done) => ({ code: 0, ...done }),
      (failed: Ran) => failed,
    );

  test('is installed offline into an empty folder: it needs no other package and runs nothing', async () => {
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    assert.equal(manifest.dependencies, undefined);
    assert.equal(manifest.scripts, undefined);
    for (const page of [join(installed, 'README.md'), join(installed, 'docs', 'deploying.md')]) {
      const text = await readFile(page, 'utf8');
      for (const [peer, wanted] of Object.entries<string>(manifest.peerDependencies))
        assert.ok(
          text.includes(wanted.startsWith('^') ? ` ${peer} ` : `${peer}@${wanted}`),
          `${page}: ${peer}`,
        );
    }
    assert.equal(manifest.bin.fairlead, 'bin/fairlead.mjs');
    assert.deepEqual(
      (await readdir(join(installed, '..'))).filter((name) => !name.startsWith('.')),
      ['fairlead'],
    );
    assert.ok(existsSync(join(installed, '..', '.bin', 'fairlead')));
  });

  test('hands on the licence of everything that is in it', async () => {
    const notices = await readFile(join(installed, 'NOTICES'), 'utf8');
    for (const name of ['yaml', 'zod', 'simple-git', '@aws-sdk/client-s3'])
      assert.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
    assert.match(notices, /Permission to use, copy, modify/);
  });

  test('has what is under the LGPL unchanged, as a file of its own, with its text, that of the GPL and its source', async () => {
    const [, at = ''] =
      /lies unchanged at (\S+)/.exec(await readFile(join(installed, 'NOTICES'), 'utf8')) ?? [];
    const published = join(ROOT, 'node_modules', 'openpgp', 'dist', 'node', 'openpgp.mjs');
    assert.deepEqual(await readFile(join(installed, at)), await readFile(published));
    const notices = await readFile(join(installed, 'NOTICES'), 'utf8');
    assert.match(notices, /^openpgp \d+\.\d+\.\d+ \(LGPL-3\.0\+\)$/m);
    assert.match(notices, /https:\/\/github\.com\/openpgpjs\/openpgpjs, version \d/);
    assert.match(notices, /GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007/);
    assert.match(notices, /GNU GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007/);
    assert.match(notices, /END OF TERMS AND CONDITIONS/);
  });

  test('names no path of the machine that it was made on', async () => {
    const all = await readdir(join(installed, 'lib'), { recursive: true, withFileTypes: true });
    for (const file of all.filter((entry) => entry.isFile())) {
      const text = await readFile(join(file.parentPath, file.name), 'utf8');
      assert.ok(!text.includes(join(import.meta.dirname, '..', '..')), file.name);
    }
  });

  test('tells its commands and their options, on every Node that is here', async () => {
    for (const [version, node] of await nodes()) {
      const help = await run(node, ['--help']);
      assert.equal(help.code, 0, version);
      for (const name of COMMANDS) {
        assert.match(help.stdout, new RegExp(`^ {2}${name} +\\S`, 'm'));
        const { code, stdout, stderr } = await run(node, [name, '--help']);
        assert.equal(code, 0, `${version} ${name}: ${stderr}`);
        assert.match(stdout, new RegExp(`^npx fairlead ${name}`), version);
      }
    }
  });

  test('serves the page out of what was installed, on every Node that is here', async () => {
    const installation = await standIn();
    try {
      for (const [version, node] of await nodes()) {
        const child = spawn(
          node,
          [join(installed, 'bin', 'fairlead.mjs'), 'ui', '--installation', 'test', '--port', '0'],
          { cwd: home, env: { PATH: '/usr/bin:/bin', HOME: home, ...installation.environment } },
        );
        const ended = once(child, 'close');
        let said = '';
        child.stderr.on('data', (part: Buffer) => {
          said += part.toString('utf8');
        });
        for await (const part of child.stdout) {
          said += part;
          if (/\?token=\w+\n/.test(said)) break;
        }
        const address = new URL(/http:\S+/.exec(said)?.[0] ?? assert.fail(`${version}: ${said}`));
        const authorization = `Bearer ${address.searchParams.get('token')}`;
        for (const path of [
          '/',
          '/page.js',
          '/incidents.js',
          '/findings.js',
          '/release-history.js',
          '/inbox.js',
          '/style.css',
          '/state.json',
        ]) {
          const answer = await fetch(new URL(path, address.origin), { headers: { authorization } });
          assert.equal(answer.status, 200, `${version} ${path}`);
        }
        child.kill('SIGINT');
        assert.deepEqual(await ended, [0, null], version);
      }
    } finally {
      await installation.stop();
    }
  });

  test('says of a configuration in TypeScript which Node reads it, where this one does not', async () => {
    const config = join(folder, 'fairlead.config.ts');
    await writeFile(config, 'const name: string = "staging";\nexport default { name };\n');
    for (const [version, node] of await nodes()) {
      const { code, stderr } = await run(node, ['bootstrap', 'staging', '--config', config]);
      assert.equal(code, 64, stderr);
      if (/^v?20\./.test(version)) assert.match(stderr, /in TypeScript needs Node 24, and this is v20\./);
      else assert.match(stderr, /fairlead\.config\.ts has \d+ errors/);
    }
  });

  test('says of kubectl that it belongs to the local installation', async () => {
    const { code, stderr } = await run(process.execPath, ['kubectl', 'get', 'pods']);
    assert.equal(code, 69);
    assert.match(stderr, /of the local installation: clone the repository/);
  });

  describe('against a cluster', requirement('control-plane'), () => {
    let cluster: CheckedCluster;
    let path: string;
    before(async () => {
      cluster = await checkedCluster();
      const bin = join(folder, 'bin');
      await mkdir(bin);
      const { helm, kubectl } = await tools();
      await symlink(helm, join(bin, 'helm'));
      await symlink(kubectl, join(bin, 'kubectl'));
      path = `${bin}${delimiter}/usr/bin${delimiter}/bin`;
    });
    after(() => cluster.end());
    const asked = () => ['--repo', cluster.repository, '--kubeconfig', cluster.plane.kubeconfig];

    test('judges as the checkout does, on every Node that is here, with the helm of the PATH', async () => {
      const { plane } = cluster;
      const seen = new Map<string, unknown>();
      for (const [version, node] of await nodes()) {
        const cache = ['--cache', join(folder, `cache-${version}`)];
        const well = await run(node, ['check', ...asked(), ...cache], path);
        assert.equal(well.code, 0, `${version}: ${well.stdout}${well.stderr}`);
        assert.match(well.stdout, /shop\/web .*in sync/);
      }
      await plane.kubectl(['-n', 'shop', 'scale', 'deployment/web', '--replicas=7']);
      for (const [version, node] of await nodes()) {
        const cache = ['--cache', join(folder, `cache-${version}`)];
        const drift = await run(node, ['check', ...asked(), ...cache, '-o', 'json'], path);
        assert.equal(drift.code, 1, `${version}: ${drift.stdout}${drift.stderr}`);
        assert.equal(drift.stderr, '', version);
        const { at: _at, ...observation } = JSON.parse(drift.stdout);
        // The render's digest holds a key of each cache's own.
        seen.set(version, JSON.stringify(observation).replace(/"render":"[^"]*"/g, ''));
        const shown = await run(node, ['diff', 'shop/web', ...asked(), ...cache], path);
        assert.match(shown.stdout, /^- {3}replicas: 3\n\+ {3}replicas: 7$/m, version);
      }
      assert.ok(seen.size > 0);
      assert.equal(new Set(seen.values()).size, 1, 'every Node judges alike');
    });

    test('builds what Flux applies with the kubectl of the PATH', async () => {
      const repository = join(folder, 'flux');
      const manifests = join(repository, 'fairlead', 'staging', 'apply', 'manifests');
      await mkdir(manifests, { recursive: true });
      const config = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'of-flux', namespace: 'shop' },
        data: { key: 'value' },
      };
      await writeFile(join(manifests, 'config.yaml'), JSON.stringify(config));
      await commitAll(repository);
      // As kustomize-controller marks what it applies.
      const of = 'kustomize.toolkit.fluxcd.io';
      const labels = { [`${of}/name`]: 'fairlead', [`${of}/namespace`]: 'fairlead-staging' };
      const applied = { ...config, metadata: { ...config.metadata, labels } };
      await cluster.plane.apply([applied], 'kustomize-controller');
      const argv = ['--repo', repository, '--kubeconfig', cluster.plane.kubeconfig, '--deployer', 'flux'];
      for (const [version, node] of await nodes()) {
        const { code, stdout, stderr } = await run(node, ['check', ...argv], path);
        assert.equal(code, 0, `${version}: ${stdout}${stderr}`);
        assert.match(stdout, /^manifests {2}in sync$/m, version);
      }
    });
  });
});
