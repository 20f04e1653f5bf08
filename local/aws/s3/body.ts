import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';

/** More than any package, and far less than this machine's memory. */
const BODY_BYTES = 256 * 1024 * 1024;

export class BadBody extends Error {
  override readonly name = 'BadBody';
  readonly code: 'EntityTooLarge' | 'IncompleteBody' | 'BadDigest';
  constructor(code: BadBody['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The bytes that a client meant to send: `aws-chunked` framing and trailers taken off, checksums compared where
 * they are of a kind that Node has (MD5, CRC32, SHA-1, SHA-256).
 * @throws BadBody
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const raw = await readRaw(request);
  const sha = String(request.headers['x-amz-content-sha256'] ?? '');
  const chunked =
    sha.startsWith('STREAMING-') || /\baws-chunked\b/.test(String(request.headers['content-encoding'] ?? ''));
  const { body, trailers } = chunked ? unchunk(raw) : { body: raw, trailers: new Map<string, string>() };

  const declared = request.headers['x-amz-decoded-content-length'];
  if (declared !== undefined && Number(declared) !== body.length) {
    throw new BadBody('IncompleteBody', `${declared} bytes were announced and ${body.length} came`);
  }
  const hash = (algorithm: string, encoding: 'hex' | 'base64') =>
    createHash(algorithm).update(body).digest(encoding);
  if (/^[0-9a-f]{64}$/.test(sha) && hash('sha256', 'hex') !== sha) bad('x-amz-content-sha256');
  const header = (name: string) => trailers.get(name) ?? request.headers[name];
  const expect = (name: string, actual: () => string) => {
    const claimed = header(name);
    if (claimed !== undefined && claimed !== actual()) bad(name);
  };
  expect('content-md5', () => hash('md5', 'base64'));
  expect('x-amz-checksum-sha1', () => hash('sha1', 'base64'));
  expect('x-amz-checksum-sha256', () => hash('sha256', 'base64'));
  expect('x-amz-checksum-crc32', () => {
    const four = Buffer.alloc(4);
    four.writeUInt32BE(crc32(body));
    return four.toString('base64');
  });
  return body;
}

const bad = (what: string): never => {
  throw new BadBody('BadDigest', `The ${what} you specified did not match what we received.`);
};

async function readRaw(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_BYTES) throw new BadBody('EntityTooLarge', `more than ${BODY_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Source: S3 API reference, "Signature calculations: transferring payload in multiple chunks" and "trailing headers". */
function unchunk(raw: Buffer): { body: Buffer; trailers: Map<string, string> } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at);
    if (lineEnd < 0) throw new BadBody('IncompleteBody', 'a chunk has no header');
    const size = Number.parseInt(raw.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(size)) throw new BadBody('IncompleteBody', 'a chunk has no size');
    at = lineEnd + 2;
    if (size === 0) break;
    if (at + size > raw.length) throw new BadBody('IncompleteBody', 'a chunk is cut off');
    parts.push(raw.subarray(at, at + size));
    at += size + 2;
  }
  const trailers = new Map<string, string>();
  for (const line of raw.toString('latin1', at).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { body: Buffer.concat(parts), trailers };
}
