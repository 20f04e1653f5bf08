import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { PEERS } from '../../cli/package/bundle.ts';
import { pack } from '../../cli/package/pack.ts';
import { bundledPackages } from '../../infra/bundle.ts';
import { Fairlead } from '../../infra/fairlead.ts';
import { type ConfigInput, parseConfig } from '../../lib/config/config.ts';
import { nodes } from './command-line.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const CONFIG: ConfigInput = {
  repositories: [
    {
      name: 'cluster',
      url: 'https://git.example.com/platform/cluster.git',
      credential: { kind: 'token', secret: 'write' },
      readCredential: { kind: 'token', secret: 'read' },
    },
  ],
  targets: [
    {
      name: 'staging',
      repository: 'cluster',
      deployer: 'flux',
      namespaces: ['shop'],
      cluster: { kind: 'eks', name: 'staging', region: 'eu-central-1' },
      uploaders: { github: [{ repository: 'acme/shop', ref: 'refs/heads/main' }] },
    },
  ],
  audiences: [{ name: 'platform', form: 'email', address: 'platform@example.com' }],
  severity: [{ kinds: ['ConfigMap'], severity: 'info', reason: 'nobody is woken' }],
};

const inApp = (imported: string): string => `${imported}
const app = new App();
new Fairlead(app, 'Fairlead', ${JSON.stringify(CONFIG)});
app.synth();
`;
const IMPORTED = `import { App } from 'aws-cdk-lib';\nimport { Fairlead } from 'fairlead';`;
const REQUIRED = `const { App } = require('aws-cdk-lib');\nconst { Fairlead } = require('fairlead');`;

/** Every template of a cloud assembly by its file, and the hashes of all assets. */
async function assemblyIn(folder: string) {
  const names = (await readdir(folder)).filter((name) => /\.(template|assets)\.json$/.test(name)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}

describe('the construct of the published package, in an empty CDK project', () => {
  let folder: string;
  let project: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    project = join(folder, 'project');
    await mkdir(project);
    await writeFile(join(project, 'package.json'), '{"name":"platform","private":true}');
    const archive = await pack(join(folder, 'packed'));
    await promisify(execFile)('npm', ['install', '--offline', '--no-audit', '--no-fund', archive], {
      cwd: project,
      env: { PATH: process.env.PATH, HOME: folder, npm_config_cache: join(folder, 'npm') },
    });
    // As `npm install` would bring them; no registry is asked by a test.
    for (const name of PEERS) {
      const place = join(project, 'node_modules', name);
      await mkdir(dirname(place), { recursive: true });
      await symlink(join(ROOT, 'node_modules', name), place);
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function synthesised(node: string, file: string, text: string) {
    await writeFile(join(project, file), text);
    const outdir = join(folder, `out-${file}-${Math.random().toString(36).slice(2)}`);
    await promisify(execFile)(node, [file], {
      cwd: project,
      env: { PATH: '/usr/bin:/bin', HOME: folder, CDK_OUTDIR: outdir },
    });
    return assemblyIn(outdir);
  }

  test('gives what the app of the checkout gives, to the byte, on every Node that is here and by import and require alike', async () => {
    const app = new App({ outdir: join(folder, 'checkout') });
    new Fairlead(app, 'Fairlead', {
      config: parseConfig(CONFIG),
      packages: bundledPackages(join(folder, 'bundled')),
    });
    app.synth();
    const ours = await assemblyIn(join(folder, 'checkout'));
    assert.equal(Object.keys(ours).filter((name) => name.includes('.template.')).length, 4);
    for (const [version, node] of await nodes()) {
      assert.deepEqual(await synthesised(node, 'app.mjs', inApp(IMPORTED)), ours, `${version}, import`);
      assert.deepEqual(await synthesised(node, 'app.cjs', inApp(REQUIRED)), ours, `${version}, require`);
    }
  });

  test('names everything that is wrong with a configuration at once', async () => {
    const wrong = `${IMPORTED}\nnew Fairlead(new App(), 'Platform', { repositories: [], targets: [], nonsense: 1 });\n`;
    await assert.rejects(synthesised(process.execPath, 'wrong.mjs', wrong), (error: unknown) => {
      const { stderr } = z.object({ stderr: z.string() }).parse(error);
      assert.match(stderr, /new Fairlead\(…, "Platform", …\) has 3 errors/);
      assert.match(stderr, /no entry "nonsense"; there is installation/);
      return true;
    });
  });

  test('tells TypeScript of the same configuration that its schema does', async () => {
    await writeFile(
      join(project, 'types.mts'),
      [
        `import type { ConfigInput } from '${join(ROOT, 'lib/config/config.ts')}';`,
        "import { Fairlead, type FairleadConfig, defineConfig } from 'fairlead';",
        "import { App, type Stack } from 'aws-cdk-lib';",
        'declare const schema: ConfigInput;',
        'declare const published: FairleadConfig;',
        'export const one: FairleadConfig = schema;',
        'export const other: ConfigInput = published;',
        "export const run: Stack = new Fairlead(new App(), 'Fairlead', { ...defineConfig(published), env: { region: 'eu-central-1' } }).run;",
        '// @ts-expect-error',
        "export const wrong: FairleadConfig = { ...published, targets: [{ name: 'staging' }] };",
      ].join('\n'),
    );
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        extends: join(ROOT, 'tsconfig.json'),
        // What an entry that is left out may be written as, the schema says more exactly.
        compilerOptions: {
          types: ['node'],
          typeRoots: [join(ROOT, 'node_modules', '@types')],
          exactOptionalPropertyTypes: false,
        },
        include: ['types.mts'],
      }),
    );
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
    await promisify(execFile)(tsc, ['-p', '.'], { cwd: project }).catch(({ stdout }) => assert.fail(stdout));
  });
});
