import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { runLimited } from '../lib/charts/render/limited-child.ts';
import { makeFolder } from '../lib/content/make-folder.ts';
import { executable, tools } from '../local/tools.ts';

/**
 * What renders: the programs of the Lambda layer where they are (a checkout on Linux x64), else those of the PATH that
 * render alike, else the official releases, fetched once and held against their published hashes.
 */
export type ProgramName = 'helm' | 'kubectl';

interface Program {
  /** The version that the Lambda layer brings, and that is fetched. */
  readonly version: string;
  /** What for, in words for people. */
  readonly use: string;
  readonly install: string;
  /** Arguments that make it tell its version, and the answers of those that render alike. */
  readonly ask: readonly string[];
  readonly fits: RegExp;
  readonly downloads: string;
  fileFor(platform: string): string;
  /** Where it is inside what is fetched, where that is an archive. */
  entryFor?(platform: string): string;
  /** SHA-256 of what is fetched, by platform. */
  readonly sums: Readonly<Record<string, string>>;
}

/** As the projects write them, by Node's names of platform and architecture. */
const PLATFORMS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux/amd64',
  'linux-arm64': 'linux/arm64',
  'darwin-x64': 'darwin/amd64',
  'darwin-arm64': 'darwin/arm64',
};

export const PROGRAMS: Readonly<Record<ProgramName, Program>> = {
  helm: {
    version: 'v4.1.4',
    use: 'charts are rendered with helm 4',
    install: 'install helm 4 (https://helm.sh/docs/intro/install/)',
    ask: ['version', '--template', '{{.Version}}'],
    // Another major reads charts and answers `.Capabilities` otherwise.
    fits: /^v4\.\d/,
    downloads: 'https://get.helm.sh',
    fileFor: (platform) => `helm-v4.1.4-${platform.replace('/', '-')}.tar.gz`,
    entryFor: (platform) => `${platform.replace('/', '-')}/helm`,
    // Source: the release notes, https://github.com/helm/helm/releases/tag/v4.1.4
    sums: {
      'linux/amd64': '70b2c30a19da4db264dfd68c8a3664e05093a361cefd89572ffb36f8abfa3d09',
      'linux/arm64': '13d03672be289045d2ff00e4e345d61de1c6f21c1257a45955a30e8ae036d8f1',
      'darwin/amd64': 'abf09c8503ad1d8ef76d3737a058c3456a998aae5f5966fce4bb3031aeb1654e',
      'darwin/arm64': '7c2eca678e8001fa863cdf8cbf6ac1b3799f9404a89eb55c08260ef5732e658d',
    },
  },
  kubectl: {
    version: 'v1.35.2',
    use: 'what Flux applies is built with kubectl 1.31 or newer, which has kustomize in it',
    install: 'install kubectl (https://kubernetes.io/docs/tasks/tools/)',
    ask: ['version', '--client'],
    // Those with kustomize 5.4 or newer in them.
    fits: /^Client Version: v1\.(3[1-9]|[4-9]\d)\.[\s\S]*^Kustomize Version: v5\./m,
    downloads: 'https://dl.k8s.io/release/v1.35.2/bin',
    fileFor: (platform) => `${platform}/kubectl`,
    // Source: the files kubectl.sha256 beside them; that of linux/amd64 is the layer's own kubectl, byte for byte.
    sums: {
      'linux/amd64': '924eb50779153f20cb668117d141440b95df2f325a64452d78dff9469145e277',
      'linux/arm64': 'cd859449f54ad2cb05b491c490c13bb836cdd0886ae013c0aed3dd67ff747467',
      'darwin/amd64': '163955964d4ed9e66656eab45c0114f5c1110d1b430ace432b20ddc430023df5',
      'darwin/arm64': 'b0b59cdd7ba20ca20b85214943100e578dd50ddd85242fcddf277a87c2249706',
    },
  },
};

/** Twice what the largest has. */
const FETCHED_BYTES = 128 * 1024 * 1024;
const BINARY_BYTES = 192 * 1024 * 1024;
const FETCH_SECONDS = 120;

export class NoProgram extends Error {
  override readonly name = 'NoProgram';
}

export interface ProgramSearch {
  /** What is fetched or found is kept below it. */
  readonly cache: string;
  /** For what is gone when it ends. */
  readonly passing: string;
  /** The PATH, as the environment holds it. */
  readonly path: string;
  /** One line for people while something is being fetched. */
  readonly onProgress: (line: string) => void;
  /** The folder of those that come along, where this is a checkout. */
  readonly own?: () => Promise<string | undefined>;
  /** Tests bring their own download place and hashes. */
  readonly fetched?: { readonly url: string; readonly sums: Readonly<Record<ProgramName, string>> };
}

/** A folder that holds `helm/helm` and its like, as rendering wants it. @throws NoProgram with what to do */
export async function findPrograms(names: readonly ProgramName[], search: ProgramSearch): Promise<string> {
  const own = await (search.own ?? layerTools)();
  if (own !== undefined) return own;
  const files: string[] = [];
  for (const name of names) files.push((await onPath(name, search)) ?? (await fetched(name, search)));
  const folder = join(search.cache, 'tools', `used-${sha256(JSON.stringify(files)).slice(0, 16)}`);
  for (const [at, name] of names.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    await symlink(files[at] ?? '', join(folder, name, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return folder;
}

/** The layer's binaries are for Linux x64 alone, and its package is there in a checkout only. */
async function layerTools(): Promise<string | undefined> {
  if (here() !== 'linux-x64') return undefined;
  try {
    return (await tools()).folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

const here = (): string => `${process.platform}-${process.arch}`;

async function onPath(name: ProgramName, { path, passing }: ProgramSearch): Promise<string | undefined> {
  for (const place of path.split(delimiter)) {
    // An empty entry means the working directory: what lies there is no tool of the user's.
    if (!place.startsWith('/')) continue;
    const file = join(place, name);
    if (!(await executable(file))) continue;
    if (PROGRAMS[name].fits.test(await versionOf(file, PROGRAMS[name].ask, passing))) return realpath(file);
  }
  return undefined;
}

/** Asked as rendering will run it, so that a wrapper that needs its user's environment is not taken. */
async function versionOf(file: string, ask: readonly string[], passing: string): Promise<string> {
  const folder = await mkdtemp(join(passing, 'version-'));
  try {
    const answer = await runLimited({ program: file, arguments: ask, folder });
    return answer.kind === 'succeeded' ? answer.stdout.trim() : '';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetched(name: ProgramName, search: ProgramSearch): Promise<string> {
  const program = PROGRAMS[name];
  const platform = PLATFORMS[here()];
  const sum = platform === undefined ? undefined : (search.fetched?.sums[name] ?? program.sums[platform]);
  if (platform === undefined || sum === undefined) {
    throw new NoProgram(
      `${program.use}; none is on the PATH, and Fairlead fetches none for ${here()}: ${program.install}`,
    );
  }
  const folder = join(search.cache, 'tools', `${name}-${program.version}-${sum.slice(0, 16)}`);
  const file = join(folder, name);
  if (await executable(file)) return file;

  const url = `${search.fetched?.url ?? program.downloads}/${program.fileFor(platform)}`;
  const bytes = await download(url, program, `fetching ${name} ${program.version} (once)`, search.onProgress);
  const hash = sha256(bytes);
  if (hash !== sum) {
    throw new NoProgram(
      `${url} is not what was published: its SHA-256 is ${hash}, not ${sum}. It was thrown away. Does a proxy change downloads here? Or ${program.install} yourself`,
    );
  }
  const entry = program.entryFor?.(platform);
  // Written aside and renamed, so that two runs at once never see half of it.
  await makeFolder(dirname(folder));
  const aside = await mkdtemp(join(search.passing, `${name}-`));
  await writeFile(join(aside, name), entry === undefined ? bytes : await unpack(bytes, entry));
  await chmod(join(aside, name), 0o755);
  await rename(aside, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(aside, { recursive: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return file;
}

async function download(
  url: string,
  { use, install }: Program,
  step: string,
  onProgress: (line: string) => void,
): Promise<Buffer> {
  onProgress(step);
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_SECONDS * 1000) });
    if (!answer.ok || answer.body === null) throw new Error(`the server answered ${answer.status}`);
    const total = Number(answer.headers.get('content-length'));
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of answer.body as AsyncIterable<Uint8Array>) {
      parts.push(part);
      bytes += part.length;
      if (bytes > FETCHED_BYTES) throw new Error(`it has more than ${FETCHED_BYTES} bytes`);
      const of = total > 0 ? ` of ${mib(total)}` : '';
      onProgress(`${step}: ${mib(bytes)}${of} MiB`);
    }
    return Buffer.concat(parts);
  } catch (error) {
    const why =
      error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : String(error);
    throw new NoProgram(
      `${use}; none is on the PATH, and ${url} could not be fetched (${why}): ${install}, or try again`,
    );
  }
}

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

async function unpack(packed: Buffer, wanted: string): Promise<Buffer> {
  const archive = extract();
  const limit = { maxOutputLength: BINARY_BYTES };
  archive.end(await promisify<Buffer, typeof limit, Buffer>(gunzip)(packed, limit));
  for await (const entry of archive) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    if (entry.header.name === wanted) return Buffer.concat(parts);
  }
  throw new NoProgram(`what was fetched holds no ${wanted}`);
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
