import { crc32, createInflateRaw } from 'node:zlib';

export type Unzipped =
  | { readonly kind: 'unzipped'; readonly data: Buffer }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'trailing' }
  | { readonly kind: 'unreadable'; readonly problem: string };

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAGS = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };

/**
 * One gzip member (RFC 1952) and nothing after it. Node's own gunzip goes on into concatenated members and passes
 * over garbage, so the frame is read here and only the deflated part is given to zlib.
 * @param limit unpacked bytes; inflating stops as soon as there is one more
 */
export async function gunzipOneMember(bytes: Buffer, limit: number): Promise<Unzipped> {
  const start = endOfHeader(bytes);
  if (start === undefined) return { kind: 'unreadable', problem: 'it is not a gzip file' };
  const inflate = createInflateRaw();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    inflate.end(bytes.subarray(start));
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) return { kind: 'too-large' };
      chunks.push(chunk);
    }
  } catch (error) {
    return { kind: 'unreadable', problem: problemOf(error) };
  } finally {
    inflate.destroy();
  }
  const trailer = start + inflate.bytesWritten;
  if (bytes.length < trailer + TRAILER_BYTES)
    return { kind: 'unreadable', problem: 'it ends before the end of the gzip data' };
  const data = Buffer.concat(chunks, size);
  if (bytes.readUInt32LE(trailer) !== crc32(data) || bytes.readUInt32LE(trailer + 4) !== size)
    return { kind: 'unreadable', problem: 'its checksum does not match' };
  return bytes.length > trailer + TRAILER_BYTES ? { kind: 'trailing' } : { kind: 'unzipped', data };
}

function endOfHeader(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt16BE(0) !== 0x1f8b || bytes[2] !== 8) return undefined;
  const flags = bytes[3] ?? 0;
  if (flags & FLAGS.reserved) return undefined;
  let at = HEADER_BYTES;
  if (flags & FLAGS.extra) {
    if (bytes.length < at + 2) return undefined;
    at += 2 + bytes.readUInt16LE(at);
  }
  for (const flag of [FLAGS.name, FLAGS.comment]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if (flags & FLAGS.headerCrc) at += 2;
  return at < bytes.length ? at : undefined;
}

const problemOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
    ? 'it ends before the end of the gzip data'
    : 'its gzip data is damaged';
