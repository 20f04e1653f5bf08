import { createHash } from 'node:crypto';

/** `sha256:` and 64 hex digits. */
export type Digest = `sha256:${string}`;

export interface FileEntry {
  readonly mode: 0o644 | 0o755;
  readonly data: Buffer;
}

/** A normalised tree: relative POSIX paths → files. Nothing else (no links, no folders of their own). */
export type FileTree = ReadonlyMap<string, FileEntry>;

export const digestOf = (bytes: Uint8Array | string): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The digest of a tree: of its sorted paths, modes and contents, not of the archive it came in. */
export function digestOfTree(tree: FileTree): Digest {
  const hash = createHash('sha256');
  for (const path of [...tree.keys()].sort()) {
    const file = tree.get(path);
    if (file === undefined) continue;
    const content = createHash('sha256').update(file.data).digest('hex');
    hash.update(`${file.mode.toString(8)} ${content} ${Buffer.byteLength(path)}:${path}\n`);
  }
  return `sha256:${hash.digest('hex')}`;
}

/** A single file, as values and manifests are kept: a tree with one path. */
export const treeOfFile = (path: string, data: Buffer): FileTree => new Map([[path, { mode: 0o644, data }]]);
