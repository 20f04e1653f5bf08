import type { Expected, Item, ItemKey } from '../../../lib/aws/table.ts';

/**
 * The table in memory, for thousands of runs a minute. What it answers is what the embedded table answers
 * (memory-table.test.ts asks both the same); that it answers at once is what the interleaving needs.
 */
export interface MemoryTable {
  get(key: ItemKey): Item | undefined;
  put(item: Item, expected: Expected): 'written' | 'conflict';
  remove(key: ItemKey, expected: number): 'removed' | 'conflict';
  /** Up to `limit` items after a sort key, in the order of their sort keys. */
  page(pk: string, prefix: string, after: string | undefined, limit: number): readonly Item[];
  /** The index as it was when it last caught up. */
  untold(): readonly Item[];
  /** The index catches up with the table. */
  indexed(): void;
}

export function memoryTable(written: (before: Item | undefined, after: Item) => void): MemoryTable {
  const partitions = new Map<string, Map<string, Item>>();
  let index: readonly Item[] = [];
  const at = ({ pk, sk }: ItemKey): Item | undefined => partitions.get(pk)?.get(sk);

  return {
    get: (key) => copied(at(key)),
    put(item, expected) {
      const before = at(item);
      if (expected === 'absent' ? before !== undefined : before?.version !== expected) return 'conflict';
      const after = stored(item) as Item;
      const partition = partitions.get(item.pk) ?? new Map<string, Item>();
      partitions.set(item.pk, partition.set(item.sk, after));
      written(before, after);
      return 'written';
    },
    remove(key, expected) {
      const before = at(key);
      if (before !== undefined && before.version !== expected) return 'conflict';
      partitions.get(key.pk)?.delete(key.sk);
      return 'removed';
    },
    page: (pk, prefix, after, limit) =>
      [...(partitions.get(pk)?.values() ?? [])]
        .filter(({ sk }) => sk.startsWith(prefix) && (after === undefined || inBytes(sk, after) > 0))
        .sort((a, b) => inBytes(a.sk, b.sk))
        .slice(0, limit)
        .map((item) => stored(item) as Item),
    untold: () => index.map((item) => stored(item) as Item),
    indexed() {
      index = [...partitions.values()]
        .flatMap((partition) => [...partition.values()])
        .filter((item) => item.untold === 'untold' && typeof item.untoldAt === 'string')
        .sort((a, b) => inBytes(String(a.untoldAt), String(b.untoldAt)));
    },
  };
}

const copied = (item: Item | undefined): Item | undefined =>
  item === undefined ? undefined : (stored(item) as Item);

/** As the client writes it: without what is undefined, however deep. */
function stored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stored);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => [name, stored(each)]),
  );
}

/** Sort keys are in the order of their UTF-8 bytes. */
const inBytes = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
