import { type Reason, reason } from '../reasons.ts';

const BLOCK_BYTES = 512;

/**
 * The blocks of a tar by themselves: whole, ended by zeros, nothing but zeros after the first block of zeros, and
 * none that tar-stream and Go's archive/tar read differently. helm reads the packages in `charts/` with Go: what the
 * two take for different names or contents would be one package for us and another for the cluster.
 */
export function checkFrame(tar: Buffer): Reason | undefined {
  let at = 0;
  let extension: string | undefined;
  while (at + BLOCK_BYTES <= tar.length) {
    const block = tar.subarray(at, at + BLOCK_BYTES);
    if (isZero(block)) {
      if (extension !== undefined) return unreadable('an extension of its tar data has no entry');
      return isZero(tar.subarray(at)) ? undefined : reason('package-trailing-data', { part: 'tar data' });
    }
    const size = sizeOf(block);
    const type = String.fromCharCode(block[156] ?? 0);
    if (size === undefined || (BARE_TYPES.has(type) && size > 0))
      return unreadable('its tar data is damaged');
    if (isStar(block)) return unreadable('its tar data is of a format that readers disagree about');
    const body = tar.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + size);
    const problem = problemOf(type, body, extension);
    if (problem !== undefined) return unreadable(problem);
    if (type !== GLOBAL) extension = EXTENSIONS.has(type) ? type : undefined;
    at += BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return unreadable('it ends before the end of the tar data');
}

const unreadable = (problem: string): Reason => reason('package-unreadable', { problem });

/** Links, devices, folders, pipes (`1` to `6`): a header only. One that claims a body is read differently by readers. */
const BARE_TYPES = new Set('123456');
/** pax records of the next entry; its name in GNU's form. */
const EXTENSIONS = new Set('xL');
/** pax records of all entries from here on. Go passes over them, tar-stream does not. */
const GLOBAL = 'g';
/** Old GNU tar's long name, which Go takes for a file. */
const OLD_LONG_NAME = 'N';

function problemOf(type: string, body: Buffer, extension: string | undefined): string | undefined {
  if (type === OLD_LONG_NAME) return 'its tar data is of a format that readers disagree about';
  // One reader takes the first of two, another the last.
  if (EXTENSIONS.has(type) && extension !== undefined) return 'an entry has two names';
  if (type === 'L') return isOneName(body) ? undefined : 'an entry has two names';
  if (type !== 'x' && type !== GLOBAL) return undefined;
  const keys = keysOf(body);
  if (keys === undefined) return 'its tar data is damaged';
  const moving = keys.find((key) => MOVING.test(key) || (type === GLOBAL && key === 'path'));
  if (moving === undefined) return undefined;
  return moving === 'size' ? 'an entry has two sizes' : `readers disagree about "${moving}" in its tar data`;
}

/** Records that move where the next entry begins (size), or that Go alone makes another name and content of (sparse). */
const MOVING = /^(size$|GNU\.sparse|hdrcharset$)/;

/** A name, then nothing but zeros. */
function isOneName(body: Buffer): boolean {
  const end = body.indexOf(0);
  return end < 0 || isZero(body.subarray(end));
}

/** Keys of pax records: `<length> SP <key>=<value> LF` each (pax(1)); undefined where they are not in that form. */
function keysOf(body: Buffer): readonly string[] | undefined {
  const keys: string[] = [];
  let at = 0;
  while (at < body.length) {
    const found = /^([1-9]\d{0,6}) ([^=\n]+)=/.exec(body.toString('utf8', at, at + 300));
    const length = Number(found?.[1]);
    if (found === null || at + length > body.length || body[at + length - 1] !== LINE_FEED) return undefined;
    keys.push(found[2] ?? '');
    at += length;
  }
  return keys;
}
const LINE_FEED = 0x0a;

/** Schily's tar ends its header with `tar`, and its prefix earlier than ustar does. */
const isStar = (block: Buffer): boolean => block.toString('latin1', 508, 512) === 'tar\0';

const isZero = (bytes: Buffer): boolean =>
  bytes.equals(ZEROS.subarray(0, bytes.length)) || bytes.every((byte) => byte === 0);
const ZEROS = Buffer.alloc(64 * 1024);

/** Octal digits, padded; a size in another form (base 256) is beyond every limit, or forged. */
function sizeOf(block: Buffer): number | undefined {
  const digits = block.subarray(124, 136).toString('latin1').replace(/\0.*$/s, '').trim();
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : undefined;
}
