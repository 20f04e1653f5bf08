import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import * as z from 'zod';
import type { ObjectStore } from '../aws/objects.ts';
import { type Digest, digestOfTree, type FileEntry, type FileTree } from './tree.ts';

/**
 * The content store: what uploads unpacked to, one object a tree, under its digest, written once, never executed.
 * An object is gzip of a JSON line (paths, modes, sizes) followed by the files' bytes in that order.
 */
const TREE_BYTES = 64 * 1024 * 1024;

const header = z.object({
  schema: z.literal(1),
  files: z.array(
    z.object({
      path: z.string(),
      mode: z.union([z.literal(0o644), z.literal(0o755)]),
      size: z.number().int().min(0),
    }),
  ),
});

export const TREES = 'trees/';
const keyOf = (digest: Digest): string => `${TREES}${digest.slice('sha256:'.length)}`;

/** The store, with somebody who remembers of some keys that they are there: nothing is ever removed from it. */
export interface TreeStore extends ObjectStore {
  readonly surelyHas?: (key: string) => boolean;
}

/** Stores a tree (once) and gives its digest. */
export async function putTree(store: ObjectStore, tree: FileTree): Promise<Digest> {
  const digest = digestOfTree(tree);
  const files = [...tree].sort(([a], [b]) => (a < b ? -1 : 1));
  const line = JSON.stringify({
    schema: 1,
    files: files.map(([path, { mode, data }]) => ({ path, mode, size: data.length })),
  });
  const bytes = Buffer.concat([Buffer.from(`${line}\n`), ...files.map(([, { data }]) => data)]);
  await store.putOnce(keyOf(digest), await promisify(gzip)(bytes, { level: 1 }));
  return digest;
}

/** Bytes of files. Larger trees are better written in vain than fetched in vain. */
const ASKED_FIRST_BYTES = 256 * 1024;

/**
 * The same for whoever may read there and mostly stores what is there already, as each reading of a branch does: S3
 * takes for a write twelve times what it takes for a question, also for one that it refuses.
 */
export async function keepTree(store: TreeStore, tree: FileTree): Promise<Digest> {
  const digest = digestOfTree(tree);
  if (store.surelyHas?.(keyOf(digest)) === true) return digest;
  const bytes = [...tree.values()].reduce((sum, { data }) => sum + data.length, 0);
  const isThere = bytes <= ASKED_FIRST_BYTES && (await store.get(keyOf(digest))) !== undefined;
  return isThere ? digest : putTree(store, tree);
}

export class MissingContent extends Error {
  override readonly name = 'MissingContent';
}

/** @throws MissingContent if the store has no such tree, or one that does not match its digest */
export async function getTree(store: ObjectStore, digest: Digest): Promise<FileTree> {
  const stored = await store.get(keyOf(digest), { maxBytes: TREE_BYTES });
  if (stored === undefined) throw new MissingContent(`the content store has no ${digest}`);
  const bytes = await promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)(stored.body, {
    maxOutputLength: TREE_BYTES,
  });
  const end = bytes.indexOf(0x0a);
  const { files } = header.parse(JSON.parse(bytes.subarray(0, end).toString('utf8')));
  const tree = new Map<string, FileEntry>();
  let offset = end + 1;
  for (const { path, mode, size } of files) {
    tree.set(path, { mode, data: bytes.subarray(offset, offset + size) });
    offset += size;
  }
  if (digestOfTree(tree) !== digest)
    throw new MissingContent(`what the content store has for ${digest} is not that`);
  return tree;
}
