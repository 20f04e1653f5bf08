import type { CommitReader } from '../../../../lib/desired/commit-reader.ts';

/** A commit of these files, as a clone would give it; a text that begins with `link:` is a link. */
export const commitInMemory = (files: Readonly<Record<string, string>>): CommitReader => ({
  fetchTip: () => Promise.resolve({ id: '0'.repeat(40), committedAt: '2026-01-01T00:00:00Z' }),
  list: (_commit, path) =>
    Promise.resolve(
      Object.entries(files)
        .filter(([file]) => path === '' || file.startsWith(`${path}/`))
        .map(([file, text]) => ({
          path: path === '' ? file : file.slice(path.length + 1),
          mode: text.startsWith('link:') ? '120000' : '100644',
          id: `blob of ${file}`,
        })),
    ),
  blobs: (ids) =>
    Promise.resolve(
      new Map(ids.map((id) => [id, Buffer.from(files[id.slice('blob of '.length)] ?? '')] as const)),
    ),
  treeId: () => Promise.resolve(undefined),
});
