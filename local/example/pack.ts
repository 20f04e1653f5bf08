import { readdir, readFile } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { constants, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** The example chart that the local installation starts with, and a way to pack it: the same bytes each time. */
export interface PackedChart {
  /** `hello-0.1.0.tgz` */
  readonly fileName: string;
  readonly bytes: Buffer;
}

const FOLDER = join(import.meta.dirname, 'hello');
/** What stands for the version in Chart.yaml as it lies here. */
const VERSION_LINE = /^version: .*$/m;

/**
 * @param version of the package; the chart itself is the same, but for what shows its version
 * @param more files added to it, by their paths in the chart
 */
export async function packExample(
  version = '0.1.0',
  more: ReadonlyMap<string, string> = new Map(),
): Promise<PackedChart> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(FOLDER, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    files.set(
      file
        .slice(FOLDER.length + 1)
        .split(sep)
        .join(posix.sep),
      await readFile(file),
    );
  }
  const chartFile = files.get('Chart.yaml')?.toString('utf8') ?? '';
  for (const [path, text] of more) files.set(path, Buffer.from(text));
  files.set('Chart.yaml', Buffer.from(chartFile.replace(VERSION_LINE, `version: ${version}`)));
  return { fileName: `hello-${version}.tgz`, bytes: await packFiles('hello', files) };
}

/** A gzipped tar of one folder: sorted, without times, owners or the packer's operating system. */
export async function packFiles(
  folder: string,
  files: ReadonlyMap<string, Buffer | string>,
): Promise<Buffer> {
  const archive = pack();
  for (const path of [...files.keys()].sort())
    archive.entry({ name: `${folder}/${path}`, mode: 0o644, mtime: new Date(0) }, files.get(path) ?? '');
  archive.finalize();
  const bytes = gzipSync(await buffer(archive), { level: constants.Z_BEST_COMPRESSION });
  // RFC 1952: 255 is an unknown operating system.
  bytes[9] = 255;
  return bytes;
}
