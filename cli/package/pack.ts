import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundle, OLDEST_NODE } from './bundle.ts';
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
  const metafile = await bundle(join(folder, 'lib'));
  await mkdir(join(folder, 'bin'));
  await copyFile(join(import.meta.dirname, 'fairlead.mjs'), join(folder, 'bin', 'fairlead.mjs'));
  await copyFile(join(import.meta.dirname, 'README.md'), join(folder, 'README.md'));
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  await writeFile(join(folder, 'NOTICES'), await formatNotices(ROOT, metafile));
  const { name, version, description, license } = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  ) as Readonly<Record<string, unknown>>;
  const published = {
    name,
    version,
    description,
    license,
    type: 'module',
    bin: { fairlead: 'bin/fairlead.mjs' },
    engines: { node: `>=${OLDEST_NODE}` },
    os: ['linux', 'darwin'],
    files: ['bin', 'lib', 'NOTICES'],
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
}

if (import.meta.main) console.log(await pack(join(ROOT, 'dist')));
