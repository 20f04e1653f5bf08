import { gzipSync } from 'node:zlib';

/** Tar blocks as no archiver writes them. Source of the layout: tar(5). */
const BLOCK = 512;

export interface Block {
  readonly name: string;
  /** One character: what kind of entry it is. */
  readonly type?: string;
  readonly body?: Buffer | string;
  readonly linkname?: string;
  readonly mode?: string;
  /** The twelve bytes of the size, where they are to say something else than the body's. */
  readonly size?: Buffer | string;
  /** What a reader checks the header by, where it is to be wrong. */
  readonly checksum?: number;
  /** `ustar\0` and `00` unless said otherwise. */
  readonly magic?: string;
  /** Written over the header at an offset. */
  readonly over?: { readonly at: number; readonly bytes: string };
}

export function block({ name, type = '0', body = '', linkname = '', ...more }: Block): Buffer {
  const data = Buffer.from(body);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'utf8');
  header.write(more.mode ?? '0000644\0', 100, 'latin1');
  for (const at of [108, 116]) header.write('0000000\x00', at, 'latin1');
  const { size = `${data.length.toString(8).padStart(11, '0')}\0` } = more;
  Buffer.from(size).copy(header, 124, 0, 12);
  header.write('00000000000\0', 136, 'latin1');
  header.write(type, 156, 'latin1');
  header.write(linkname, 157, 100, 'utf8');
  header.write(more.magic ?? 'ustar\x00' + '00', 257, 'latin1');
  if (more.over !== undefined) header.write(more.over.bytes, more.over.at, 'latin1');
  header.write('        ', 148, 'latin1');
  const sum = more.checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);
}

/** Records of a pax header: `<length> <key>=<value>\n`, the length counting itself. */
export function records(...pairs: readonly (readonly [string, string | Buffer])[]): Buffer {
  return Buffer.concat(
    pairs.map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
      let length = rest.length;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
}

export const pax = (...pairs: readonly (readonly [string, string | Buffer])[]): Block => ({
  name: 'PaxHeaders/x',
  type: 'x',
  body: records(...pairs),
});

export const rawTar = (...blocks: readonly Block[]): Buffer =>
  Buffer.concat([...blocks.map(block), Buffer.alloc(2 * BLOCK)]);

export const rawPackage = (...blocks: readonly Block[]): Buffer => gzipSync(rawTar(...blocks));
