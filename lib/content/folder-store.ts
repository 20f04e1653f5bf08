import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ObjectTooLarge } from '../aws/object-too-large.ts';
import type { ObjectStore } from '../aws/objects.ts';
import { makeFolder } from './make-folder.ts';

/** A folder as an object store: where the CLI keeps what a function keeps in a bucket. */
export function folderStore(folder: string): ObjectStore {
  const fileOf = (key: string) => join(folder, ...key.split('/'));
  const write = async (key: string, body: Buffer | string) => {
    const file = fileOf(key);
    await makeFolder(dirname(file));
    const aside = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    await writeFile(aside, body, { mode: 0o600 });
    await rename(aside, file);
  };
  const size = (key: string) =>
    stat(fileOf(key)).then(
      (found) => found.size,
      () => undefined,
    );
  return {
    async get(key, options = {}) {
      const bytes = await size(key);
      if (bytes === undefined) return undefined;
      if (options.maxBytes !== undefined && bytes > options.maxBytes) {
        throw new ObjectTooLarge(key, bytes, options.maxBytes);
      }
      return { body: await readFile(fileOf(key)), metadata: {} };
    },
    put: write,
    async putOnce(key, body) {
      if ((await size(key)) !== undefined) return 'present';
      await write(key, body);
      return 'written';
    },
  };
}
