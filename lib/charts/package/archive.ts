import { extract, type Header } from 'tar-stream';
import type { FileEntry, FileTree } from '../../content/tree.ts';
import { formatBytes, type Reason, reason } from '../reasons.ts';
import { checkPath, checkPaths } from './entry-names.ts';
import { gunzipOneMember } from './gunzip.ts';
import { checkFrame } from './tar-frame.ts';

/** Bytes of a package as it is uploaded. */
export const PACKAGE_BYTES = 10 * 1024 * 1024;
/** Bytes that a package unpacks to, the packages in it counted in. */
export const UNPACKED_BYTES = 50 * 1024 * 1024;
/** Entries of a package, those of the packages in it counted in. */
export const ENTRIES = 5_000;
/** Bytes of one file in a package. */
export const FILE_BYTES = 5 * 1024 * 1024;
/** More reasons than this of one package help nobody. */
const REASONS_SHOWN = 100;

/** What a package and the packages in it may still use up. */
export interface Budget {
  unpackedBytes: number;
  entries: number;
}
export const fullBudget = (): Budget => ({ unpackedBytes: UNPACKED_BYTES, entries: ENTRIES });

export interface Archive {
  readonly reasons: readonly Reason[];
  /** What could be read, also where there are reasons against it, so that all of them are found at once. */
  readonly contents?: {
    /** The one top-level directory. */
    readonly folder: string;
    /** What lies in it, paths relative to it. */
    readonly tree: FileTree;
  };
}

/** `outside`: rendered and never committed, so that names and modes that Git would mind do no harm. */
export type ArchiveUse = 'upload' | 'outside';
const HARMLESS_OUTSIDE: readonly Reason['code'][] = ['entry-mode', 'entry-forbidden-name', 'entry-twin'];

/** Reads a gzipped tar into memory, taking what it unpacks to from the budget. Nothing is written anywhere. */
export async function readArchive(
  bytes: Buffer,
  budget: Budget,
  use: ArchiveUse = 'upload',
): Promise<Archive> {
  if (bytes.length > PACKAGE_BYTES) {
    const size = formatBytes(bytes.length);
    return refused(reason('package-too-large', { size, limit: formatBytes(PACKAGE_BYTES) }));
  }
  const unzipped = await gunzipOneMember(bytes, budget.unpackedBytes);
  switch (unzipped.kind) {
    case 'unreadable':
      return refused(reason('package-unreadable', { problem: unzipped.problem }));
    case 'too-large':
      return refused(reason('package-unpacks-too-large', { limit: formatBytes(UNPACKED_BYTES) }));
    case 'trailing':
      return refused(reason('package-trailing-data', { part: 'gzip data' }));
    case 'unzipped':
      budget.unpackedBytes -= unzipped.data.length;
      return readTar(unzipped.data, budget, use);
  }
}

async function readTar(tar: Buffer, budget: Budget, use: ArchiveUse): Promise<Archive> {
  const minds = ({ code }: Reason) => use === 'upload' || !HARMLESS_OUTSIDE.includes(code);
  const frame = checkFrame(tar);
  if (frame !== undefined) return refused(frame);
  const reasons: Reason[] = [];
  const files: { path: string; entry: FileEntry }[] = [];
  const top = new Set<string>();
  const unpacked = extract();
  try {
    unpacked.end(tar);
    for await (const entry of unpacked) {
      if (--budget.entries < 0) {
        unpacked.destroy();
        return refused(...reasons, reason('package-too-many-entries', { limit: ENTRIES }));
      }
      const { header } = entry;
      const isFolder = header.type === 'directory';
      const path = isFolder ? header.name.replace(/\/$/, '') : header.name;
      const against = [...checkPath(path), ...checkHeader(header, path)].filter(minds);
      reasons.push(...against);
      const slash = path.indexOf('/');
      if (against.length === 0)
        top.add(slash < 0 && !isFolder ? '' : path.slice(0, slash < 0 ? undefined : slash));
      if (isFolder || against.length > 0) {
        entry.resume();
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
      files.push({
        path,
        entry: { mode: permissions(header) === 0o755 ? 0o755 : 0o644, data: Buffer.concat(chunks) },
      });
    }
  } catch {
    unpacked.destroy();
    return refused(...reasons, reason('package-unreadable', { problem: 'its tar data is damaged' }));
  }
  reasons.push(...checkPaths(files.map(({ path }) => path)).filter(minds));
  const folder = [...top].find((name) => name !== '') ?? '';
  const outside = files.filter(({ path }) => !path.startsWith(`${folder}/`));
  for (const { path } of outside) reasons.push(reason('entry-outside-chart', { folder }, { file: path }));
  if (outside.length === 0 && top.size > 1)
    reasons.push(reason('entry-outside-chart', { folder }, { file: [...top].at(-1) ?? '' }));
  if (files.length === 0 && reasons.length === 0)
    reasons.push(reason('package-unreadable', { problem: 'there is no file in it' }));
  const inside = files.filter(({ path }) => path.startsWith(`${folder}/`));
  const tree = new Map(inside.map(({ path, entry }) => [path.slice(folder.length + 1), entry]));
  return { reasons: reasons.slice(0, REASONS_SHOWN), contents: { folder, tree } };
}

function checkHeader(header: Header, path: string): Reason[] {
  const { type } = header;
  if (type === 'directory') return [];
  if (type !== 'file')
    return [
      reason(
        'entry-not-a-file',
        { type: TYPE_NAMES[type ?? ''] ?? `special entry (${type})` },
        { file: path },
      ),
    ];
  const reasons: Reason[] = [];
  const size = header.size ?? 0;
  const mode = permissions(header);
  if (size > FILE_BYTES)
    reasons.push(
      reason('entry-too-large', { size: formatBytes(size), limit: formatBytes(FILE_BYTES) }, { file: path }),
    );
  // Go takes the bits of the kind before the entry's type: what they call a folder, helm passes over.
  const kind = (header.mode ?? 0) & ~0o7777;
  if ((mode !== 0o644 && mode !== 0o755) || (kind !== 0 && kind !== PLAIN_FILE))
    reasons.push(reason('entry-mode', { mode: (header.mode ?? 0).toString(8) }, { file: path }));
  return reasons;
}

/** As some archivers write it before the permissions (inode(7)). */
const PLAIN_FILE = 0o100000;
const permissions = (header: Header): number => (header.mode ?? 0) & 0o7777;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  link: 'hard link',
  symlink: 'symbolic link',
  'character-device': 'device',
  'block-device': 'device',
  fifo: 'named pipe',
};

const refused = (...reasons: Reason[]): Archive => ({ reasons });
