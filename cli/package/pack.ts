import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { BESIDE, bundleAll } from '../../infra/bundle.ts';
import { bundle, bundleConstruct, OLDEST_NODE, PEERS } from './bundle.ts';
import { declarations } from './declarations.ts';
import { formatNotices } from './notices.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Makes `fairlead-<version>.tgz` in `into`, as it would be published, and gives its path. Reaches no network. */
export async function pack(into: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-package-'));
  try {
    await fill(folder);
    await mkdir(into, { recursive: true });
    const { stdout } = await promisify(execFile)('npm', ['pack', '--silent', '--ignore-scripts'], {
      cwd: folder,
    });
    const name = stdout.trim();
    const file = join(into, name);
    await copyFile(join(folder, name), `${file}.new`);
    await rename(`${file}.new`, file);
    return file;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(folder: string): Promise<void> {
  const construct = join(folder, 'construct');
  const metafiles = [
    await bundle(join(folder, 'lib')),
    await bundleConstruct(construct),
    ...bundleAll(join(construct, 'packages')),
  ];
  await writeFile(join(construct, 'index.d.cts'), declarations());
  await mkdir(join(folder, 'bin'));
  await copyFile(join(import.meta.dirname, 'fairlead.mjs'), join(folder, 'bin', 'fairlead.mjs'));
  await copyFile(join(import.meta.dirname, 'README.md'), join(folder, 'README.md'));
  // Whole: what the command line says of a page must be found by whoever has nothing but the package.
  await cp(join(ROOT, 'docs'), join(folder, 'docs'), { recursive: true });
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  await writeFile(
    join(folder, 'NOTICES'),
    await formatNotices(ROOT, metafiles, {
      folder: BESIDE.folder,
      at: join('construct', 'packages', 'image', 'deliver-uploads', BESIDE.as),
    }),
  );
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(await manifest(), null, 2)}\n`);
}

async function manifest() {
  const { name, version, description, license, dependencies, devDependencies } = ours.parse(
    JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')),
  );
  const versions = { ...devDependencies, ...dependencies };
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    bin: { fairlead: 'bin/fairlead.mjs' },
    // The last two are for TypeScript that does not read "exports" (`moduleResolution` node10).
    exports: {
      '.': { types: './construct/index.d.cts', default: './construct/index.cjs' },
      './package.json': './package.json',
    },
    main: './construct/index.cjs',
    types: './construct/index.d.cts',
    engines: { node: `>=${OLDEST_NODE}` },
    os: ['linux', 'darwin'],
    files: ['bin', 'construct', 'docs', 'lib', 'NOTICES'],
    // For the construct alone: who only calls the command line has none of them.
    peerDependencies: Object.fromEntries(PEERS.map((peer) => [peer, rangeOf(peer, versions[peer])])),
    peerDependenciesMeta: Object.fromEntries(PEERS.map((peer) => [peer, { optional: true }])),
  };
}

const ours = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});

/** Libraries may be newer; what brings programs that run in AWS (helm, kubectl) is the version that was tested. */
function rangeOf(peer: (typeof PEERS)[number], version: string | undefined): string {
  if (version === undefined) throw new Error(`package.json names no ${peer}`);
  return peer.includes('/') ? version : `^${version}`;
}

if (import.meta.main) console.log(await pack(join(ROOT, 'dist')));
