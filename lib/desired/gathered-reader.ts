import type { CommitReader, TreeEntry } from './commit-reader.ts';

/**
 * The same commit, asked of Git in a few calls for all releases: each call is a process, and a blob that is not here yet
 * a round trip to the server. Below `root` everything is listed at once, and read at once in two lots: what is no part
 * of a chart, and the charts (most of which are not read at all while they are as they were).
 */
export function gatheredReader(clone: CommitReader, root: string): CommitReader {
  const listings = new Map<string, Promise<Listing | undefined>>();
  const listingOf = (commit: string) => {
    const known = listings.get(commit) ?? listingBelow(clone, commit, root);
    listings.set(commit, known);
    return known;
  };
  const isInside = (path: string) => root === '' || path === root || path.startsWith(`${root}/`);
  const lots = new Map<readonly string[], Promise<ReadonlyMap<string, Buffer>>>();
  /** @throws as `blobs` does */
  const lotOf = (ids: readonly string[]) => {
    const read = lots.get(ids) ?? clone.blobs(ids);
    lots.set(ids, read);
    return read;
  };
  return {
    fetchTip: () => clone.fetchTip(),
    async list(commit, path) {
      const listing = isInside(path) ? await listingOf(commit) : undefined;
      if (listing === undefined) return await clone.list(commit, path);
      const below = path === root ? '' : `${root === '' ? path : path.slice(root.length + 1)}/`;
      return listing.files
        .filter((entry) => entry.path.startsWith(below))
        .map((entry) => ({ ...entry, path: entry.path.slice(below.length) }));
    },
    async treeId(commit, path) {
      const listing = isInside(path) ? await listingOf(commit) : undefined;
      if (listing?.ids === undefined || path === '') return await clone.treeId(commit, path);
      return listing.ids.get(path);
    },
    async blobs(ids) {
      for (const listing of await Promise.all(listings.values())) {
        const lot = listing?.lots.find((each) => ids.every((id) => each.known.has(id)));
        // One that is too large to be read is told where it is asked for by itself.
        const read = lot === undefined ? undefined : await lotOf(lot.ids).catch(() => undefined);
        if (read !== undefined) return new Map(ids.flatMap((id) => entryOf(read, id)));
      }
      return await clone.blobs(ids);
    },
  };
}

const entryOf = (read: ReadonlyMap<string, Buffer>, id: string): readonly [string, Buffer][] => {
  const data = read.get(id);
  return data === undefined ? [] : [[id, data]];
};

interface Lot {
  readonly ids: readonly string[];
  readonly known: ReadonlySet<string>;
}

/** Of a whole repository the rest may be anything: that is read where something asks for it. */
const isManifest = (path: string): boolean => /\.(ya?ml|json)$/.test(path);

interface Listing {
  /** Paths below the root. */
  readonly files: readonly TreeEntry[];
  /** By path in the commit; undefined where the clone does not say it of folders. */
  readonly ids: ReadonlyMap<string, string> | undefined;
  readonly lots: readonly Lot[];
}

/** More files are read release by release: together they may be more than is held in memory. */
const FILES_AT_ONCE = 10_000;

async function listingBelow(clone: CommitReader, commit: string, root: string): Promise<Listing | undefined> {
  const [files, ids] = await Promise.all([clone.list(commit, root), clone.treeIds?.(commit, root)]);
  const charts = new Set(
    files.flatMap(({ path }) => (path.endsWith('/Chart.yaml') ? [path.slice(0, -'Chart.yaml'.length)] : [])),
  );
  const isOfChart = (path: string): boolean => {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (charts.has(path.slice(0, slash + 1))) return true;
    }
    return false;
  };
  const isFile = ({ mode }: TreeEntry) => mode.startsWith('100');
  const lotOf = (entries: readonly TreeEntry[]): Lot[] => {
    const known = new Set(entries.map(({ id }) => id));
    return entries.length === 0 || entries.length > FILES_AT_ONCE ? [] : [{ ids: [...known], known }];
  };
  const readable = files.filter(isFile);
  return {
    files,
    ids:
      ids === undefined
        ? undefined
        : new Map([
            ...ids,
            ...files.map(({ path, id }) => [root === '' ? path : `${root}/${path}`, id] as const),
          ]),
    lots: [
      ...lotOf(readable.filter(({ path }) => !isOfChart(path) && (root !== '' || isManifest(path)))),
      ...lotOf(readable.filter(({ path }) => isOfChart(path))),
    ],
  };
}
