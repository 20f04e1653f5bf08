/** SSH's data types (RFC 4251, section 5). */

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export const string = (value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
};

/** A number that is not negative, from its big-endian bytes. */
export const mpint = (bytes: Buffer): Buffer => {
  let at = 0;
  while (at < bytes.length && bytes[at] === 0) at++;
  const short = bytes.subarray(at);
  return string(((short[0] ?? 0) & 0x80) === 0 ? short : Buffer.concat([Buffer.from([0]), short]));
};

/** Reads one value after the other. @throws RangeError past the end */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  uint32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }
  bytes(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new RangeError('the data ends too soon');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
  string(): Buffer {
    return this.bytes(this.uint32());
  }
}
