import { createHash } from 'node:crypto';
import { appendFile, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';

/**
 * A bare repository by its files, without starting git a dozen times for each commit of somebody else: loose objects
 * and loose refs (gitrepository-layout(5)), refs moved under git's own lock. It must be kept from packing anything.
 */
export interface Entry {
  readonly mode: string;
  readonly id: string;
}

export interface BareCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
}

export class Bare {
  readonly #folder: string;
  readonly #trees = new Map<string, readonly (readonly [string, Entry])[]>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined: there is no such branch. */
  async tip(branch: string): Promise<string | undefined> {
    const text = await readFile(join(this.#folder, 'refs', 'heads', branch), 'utf8').catch(() => '');
    return text.trim() || undefined;
  }

  async blob(id: string): Promise<Buffer> {
    return (await this.#read(id)).data;
  }

  async commit(id: string): Promise<BareCommit> {
    const [head = '', ...message] = (await this.#read(id)).data.toString('utf8').split('\n\n');
    const lines = head.split('\n');
    const all = (name: string) =>
      lines.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));
    return { tree: all('tree')[0] ?? '', parents: all('parent'), message: message.join('\n\n') };
  }

  /** Every file of a tree by its path. */
  async files(tree: string): Promise<Map<string, Entry>> {
    const found = new Map<string, Entry>();
    const walk = async (id: string, prefix: string): Promise<void> => {
      for (const [name, entry] of await this.#tree(id)) {
        if (entry.mode === '40000') await walk(entry.id, `${prefix}${name}/`);
        else found.set(prefix + name, entry);
      }
    };
    await walk(tree, '');
    return found;
  }

  writeBlob(data: Buffer): Promise<string> {
    return this.#write('blob', data);
  }

  /** @param who `Name <email> seconds +0000` */
  async writeCommit(
    files: ReadonlyMap<string, Entry>,
    { parent, who, message }: { readonly parent: string; readonly who: string; readonly message: string },
  ): Promise<{ commit: string; tree: string }> {
    const tree = await this.#writeTree([...files].map(([path, entry]) => [path.split('/'), entry]));
    const text = `tree ${tree}\nparent ${parent}\nauthor ${who}\ncommitter ${who}\n\n${message}\n`;
    return { tree, commit: await this.#write('commit', Buffer.from(text)) };
  }

  /** Moves a branch from where it was read, or not at all, as `git update-ref` does; with a line in its log. */
  async move(
    branch: string,
    from: string,
    to: string,
    who: string,
  ): Promise<'moved' | 'somebody was faster'> {
    const ref = join(this.#folder, 'refs', 'heads', branch);
    const lock = await open(`${ref}.lock`, 'wx').catch(() => undefined);
    if (lock === undefined) return 'somebody was faster';
    try {
      await lock.writeFile(`${to}\n`);
    } finally {
      await lock.close();
    }
    if ((await this.tip(branch)) !== from) {
      await rm(`${ref}.lock`);
      return 'somebody was faster';
    }
    await appendFile(join(this.#folder, 'logs', 'refs', 'heads', branch), `${from} ${to} ${who}\tforeign\n`);
    await rename(`${ref}.lock`, ref);
    return 'moved';
  }

  async #tree(id: string): Promise<readonly (readonly [string, Entry])[]> {
    const known = this.#trees.get(id);
    if (known !== undefined) return known;
    const { data } = await this.#read(id);
    const entries: (readonly [string, Entry])[] = [];
    for (let at = 0; at < data.length; ) {
      const zero = data.indexOf(0, at);
      const [mode = '', ...name] = data.toString('utf8', at, zero).split(' ');
      entries.push([name.join(' '), { mode, id: data.toString('hex', zero + 1, zero + 21) }]);
      at = zero + 21;
    }
    this.#trees.set(id, entries);
    return entries;
  }

  async #writeTree(files: readonly (readonly [readonly string[], Entry])[]): Promise<string> {
    const entries: [string, Entry][] = [];
    for (const [name, below] of Map.groupBy(files, ([[first = '']]) => first)) {
      const [only] = below;
      if (only !== undefined && only[0].length === 1) entries.push([name, only[1]]);
      else {
        const id = await this.#writeTree(below.map(([path, entry]) => [path.slice(1), entry]));
        entries.push([name, { mode: '40000', id }]);
      }
    }
    // A folder sorts as if its name ended in a slash.
    const sortedAs = ([name, { mode }]: [string, Entry]) => Buffer.from(mode === '40000' ? `${name}/` : name);
    entries.sort((a, b) => Buffer.compare(sortedAs(a), sortedAs(b)));
    const parts = entries.flatMap(([name, { mode, id }]) => [
      Buffer.from(`${mode} ${name}\0`),
      Buffer.from(id, 'hex'),
    ]);
    return this.#write('tree', Buffer.concat(parts));
  }

  async #read(id: string): Promise<{ type: string; data: Buffer }> {
    const bytes = await promisify(inflate)(await readFile(this.#fileOf(id)));
    const zero = bytes.indexOf(0);
    return { type: bytes.toString('latin1', 0, zero).split(' ')[0] ?? '', data: bytes.subarray(zero + 1) };
  }

  async #write(type: string, data: Buffer): Promise<string> {
    const whole = Buffer.concat([Buffer.from(`${type} ${data.length}\0`), data]);
    const id = createHash('sha1').update(whole).digest('hex');
    const file = this.#fileOf(id);
    await mkdir(dirname(file), { recursive: true });
    const aside = `${file}.${process.pid}`;
    await writeFile(aside, await promisify(deflate)(whole));
    await rename(aside, file);
    return id;
  }

  #fileOf(id: string): string {
    return join(this.#folder, 'objects', id.slice(0, 2), id.slice(2));
  }
}
