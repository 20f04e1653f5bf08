/**
 * Does the same for each, so many at once, and gives the answers in the order of the items. After a failure no more are
 * begun; it is thrown when those under way have ended, so that nothing goes on behind the caller's back.
 */
export async function eachAtOnce<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const at = next++;
      try {
        results[at] = await work(items[at] as Item);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason;
  return results;
}

/** Calls to the table or a bucket: they wait more than they work. */
export const CALLS_AT_ONCE = 16;
