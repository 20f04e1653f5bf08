import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { CredentialUnusable } from '../credentials/credential.ts';
import { git, gitBytes, NoAccess } from '../git.ts';
import type { CommitSigner } from './signing.ts';

/**
 * The same commits, signed: each gets its signature and, as its parent, the signed one before it. Returns their ids, in
 * the same order. fast-import cannot write signatures (git before 2.50), and one process a commit would be 200 a
 * delivery: they are signed here and given to git in one pack.
 * @param commits each upon the one before
 * @throws NoAccess where the key cannot be used; GitFailed
 */
export async function signCommits(
  folder: string,
  commits: readonly string[],
  signer: CommitSigner,
): Promise<readonly string[]> {
  const found = parseCommits(
    await gitBytes(folder, ['cat-file', '--batch'], { input: commits.map((id) => `${id}\n`).join('') }),
  );
  const signed = new Map<string, string>();
  const written: Buffer[] = [];
  for (const id of commits) {
    const payload = withParents(found.get(id) ?? Buffer.alloc(0), signed);
    const commit = withSignature(payload, await signatureOf(payload, signer));
    signed.set(id, objectId(commit));
    written.push(commit);
  }
  await git(folder, ['unpack-objects', '-q'], { input: packOf(written) });
  return [...signed.values()];
}

async function signatureOf(payload: Buffer, { sign }: CommitSigner): Promise<string> {
  try {
    return await sign(payload);
  } catch (error) {
    if (error instanceof CredentialUnusable) throw new NoAccess('sign', error.message);
    throw error;
  }
}

/** `<id> SP commit SP <size> LF <contents> LF` for each (git-cat-file(1)). */
function parseCommits(output: Buffer): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  let offset = 0;
  while (offset < output.length) {
    const end = output.indexOf(0x0a, offset);
    const [id = '', , size = ''] = output.toString('latin1', offset, end).split(' ');
    found.set(id, output.subarray(end + 1, end + 1 + Number(size)));
    offset = end + 1 + Number(size) + 1;
  }
  return found;
}

/** Headers end at the first empty line; below it is the message, which is not touched. */
const headersEnd = (commit: Buffer): number => commit.indexOf('\n\n') + 1;

function withParents(commit: Buffer, signed: ReadonlyMap<string, string>): Buffer {
  const end = headersEnd(commit);
  const headers = commit
    .toString('latin1', 0, end)
    .replace(/^parent ([0-9a-f]+)$/gm, (_, id: string) => `parent ${signed.get(id) ?? id}`);
  return Buffer.concat([Buffer.from(headers, 'latin1'), commit.subarray(end)]);
}

/** As git itself writes it: the last header, lines after the first indented by a space (gitformat-signature(5)). */
function withSignature(commit: Buffer, signature: string): Buffer {
  const end = headersEnd(commit);
  const header = `gpgsig ${signature.trimEnd().split('\n').join('\n ')}\n`;
  return Buffer.concat([commit.subarray(0, end), Buffer.from(header), commit.subarray(end)]);
}

const objectId = (commit: Buffer): string =>
  createHash('sha1').update(`commit ${commit.length}\0`).update(commit).digest('hex');

const COMMIT = 1;

/** A pack of whole objects (gitformat-pack(5)). */
function packOf(commits: readonly Buffer[]): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  head.writeUInt32BE(commits.length, 8);
  const pack = Buffer.concat([
    head,
    ...commits.flatMap((commit) => [entryHead(commit.length), deflateSync(commit)]),
  ]);
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
}

/** Type and size: four bits in the first byte, then seven a byte; the top bit says that more follow. */
function entryHead(size: number): Buffer {
  const bytes = [(COMMIT << 4) | (size & 0x0f)];
  for (let rest = size >>> 4; rest > 0; rest >>>= 7) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}
