import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/**
 * The archive of kube-apiserver and etcd that the Kubernetes project publishes for tests
 * (github.com/kubernetes-sigs/controller-tools, releases `envtest-v…`), against a hash that we keep.
 */
const SHA512: Readonly<Record<string, string>> = {
  'envtest-v1.35.0-linux-amd64.tar.gz':
    '130369c16f076e724d089189afaede960316f5f5dea6cf57be7a4fc6f09c77342893192509790e4056e116e232dff832ed863f5bd55dcb55d38f3ab834828a11',
};
const RELEASES = 'https://github.com/kubernetes-sigs/controller-tools/releases/download';
const WANTED = ['kube-apiserver', 'etcd'];
/** A machine without a network must not wait long before the build begins. */
const CONNECT_TIMEOUT_MS = 5_000;
const STALL_TIMEOUT_MS = 15_000;
const PROGRESS_STEP = 0.1;

export interface Order {
  readonly version: string;
  readonly folder: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

export type Got = { readonly kind: 'got' } | { readonly kind: 'not-got'; readonly reason: string };

/** Downloads, checks and unpacks into `folder`; all of it or nothing. */
export async function downloadBinaries({ version, folder, onProgress, signal }: Order): Promise<Got> {
  const name = `envtest-v${version}-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}.tar.gz`;
  const expected = SHA512[name];
  if (expected === undefined)
    return { kind: 'not-got', reason: `no hash is kept for ${name}, so it is not downloaded` };

  const stopped = new AbortController();
  const stop = () => stopped.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  let timer = setTimeout(() => stopped.abort(new Error('no answer')), CONNECT_TIMEOUT_MS);
  const keepAlive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stopped.abort(new Error('the download stalled')), STALL_TIMEOUT_MS);
  };
  await mkdir(dirname(folder), { recursive: true });
  const aside = await mkdtemp(`${folder}-`);
  try {
    onProgress(`downloading ${name}`);
    const answer = await fetch(`${RELEASES}/envtest-v${version}/${name}`, { signal: stopped.signal });
    if (!answer.ok || answer.body === null) throw new Error(`HTTP status ${answer.status}`);
    keepAlive();
    const total = Number(answer.headers.get('content-length') ?? 0);
    const archive = join(aside, name);
    const hash = createHash('sha512');
    let bytes = 0;
    let told = 0;
    const watched = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        keepAlive();
        hash.update(chunk);
        bytes += chunk.length;
        if (total > 0 && bytes / total >= told + PROGRESS_STEP) {
          told = bytes / total;
          onProgress(`downloading ${name}: ${Math.floor(told * 100)} % of ${Math.round(total / 1e6)} MB`);
        }
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(answer.body), watched, createWriteStream(archive));
    clearTimeout(timer);
    if (hash.digest('hex') !== expected) throw new Error('it is not the archive that its hash was taken of');
    await unpack(archive, aside);
    await rm(archive);
    await rename(aside, folder);
    return { kind: 'got' };
  } catch (error) {
    return { kind: 'not-got', reason: `${name} could not be downloaded (${causeOf(error)})` };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    await rm(aside, { recursive: true, force: true });
  }
}

async function unpack(archive: string, into: string): Promise<void> {
  const entries = extract();
  const file = await open(archive);
  const reading = pipeline(file.createReadStream(), createGunzip(), entries);
  for await (const entry of entries) {
    const name = basename(entry.header.name);
    if (entry.header.type === 'file' && WANTED.includes(name)) {
      await pipeline(entry, createWriteStream(join(into, name), { mode: 0o755 }));
    } else {
      entry.resume();
    }
  }
  await reading;
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
