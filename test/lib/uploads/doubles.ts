import type { GetOptions, ObjectVersion, StoredObject, VersionedStore } from '../../../lib/aws/objects.ts';
import { ObjectTooLarge } from '../../../lib/aws/objects.ts';
import type { Queue } from '../../../lib/aws/queues.ts';
import type { Item, Table } from '../../../lib/aws/table.ts';

/** A table in memory, with the conditions of the real one. */
export function memoryTable(): Table & { readonly items: Map<string, Item> } {
  const items = new Map<string, Item>();
  const nameOf = ({ pk, sk }: { pk: string; sk: string }) => `${pk}\n${sk}`;
  return {
    items,
    get: async (key) => structuredClone(items.get(nameOf(key))),
    async put(item, expected) {
      // As DynamoDB answers it.
      if (Buffer.byteLength(item.pk) > 2048 || Buffer.byteLength(item.sk) > 1024)
        throw new Error('One or more parameter values were invalid: Size of a key has exceeded the limit');
      const before = items.get(nameOf(item));
      if ((before?.version ?? 'absent') !== expected) return 'conflict';
      items.set(nameOf(item), structuredClone(item));
      return 'written';
    },
    async remove(key, expected) {
      const before = items.get(nameOf(key));
      if (before !== undefined && before.version !== expected) return 'conflict';
      items.delete(nameOf(key));
      return 'removed';
    },
    async *query(pk, prefix = '') {
      const found = [...items.values()].filter((item) => item.pk === pk && item.sk.startsWith(prefix));
      yield* structuredClone(found.sort((a, b) => (a.sk < b.sk ? -1 : 1)));
    },
    async *untold() {
      yield* structuredClone([...items.values()].filter((item) => item.untold !== undefined));
    },
  };
}

export type MemoryStore = VersionedStore & {
  upload(key: string, body: Buffer | string, metadata?: Record<string, string>): string;
  tagsOf(key: string, versionId: string): Readonly<Record<string, string>>;
};

/** A versioned bucket in memory. */
export function memoryStore(now: () => Date = () => new Date()): MemoryStore {
  const versions: (ObjectVersion & StoredObject & { tags: Record<string, string> })[] = [];
  const find = (key: string, versionId?: string) =>
    versions.findLast((one) => one.key === key && (versionId === undefined || one.versionId === versionId));
  const upload = (key: string, body: Buffer | string, metadata: Record<string, string> = {}) => {
    const versionId = `v${versions.length + 1}`;
    versions.push({ key, versionId, lastModified: now(), body: Buffer.from(body), metadata, tags: {} });
    return versionId;
  };
  return {
    upload,
    tagsOf: (key, versionId) => find(key, versionId)?.tags ?? {},
    async get(key, { versionId, maxBytes }: GetOptions = {}) {
      const found = find(key, versionId);
      if (found !== undefined && maxBytes !== undefined && found.body.length > maxBytes)
        throw new ObjectTooLarge(key, found.body.length, maxBytes);
      return found;
    },
    async put(key, body) {
      upload(key, body);
    },
    async putOnce(key, body) {
      if (find(key) !== undefined) return 'present';
      upload(key, body);
      return 'written';
    },
    async mergeTags(key, versionId, tags) {
      const kept = find(key, versionId)?.tags ?? {};
      for (const [name, value] of Object.entries(tags)) {
        if (value === undefined) delete kept[name];
        else kept[name] = value;
      }
    },
    async tags(key, versionId) {
      const found = find(key, versionId);
      return found === undefined ? undefined : new Map(Object.entries(found.tags));
    },
    async *versions() {
      const byKey = Map.groupBy(versions, ({ key }) => key);
      for (const key of [...byKey.keys()].sort()) yield* (byKey.get(key) ?? []).toReversed();
    },
  };
}

export function memoryQueue<Message>(): Queue<Message> & { readonly messages: Message[] } {
  const messages: Message[] = [];
  return {
    messages,
    async send(message) {
      messages.push(message);
    },
  };
}
