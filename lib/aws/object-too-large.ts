/** More than the reader wants to hold. Apart from the bucket's client, so that a folder needs none. */
export class ObjectTooLarge extends Error {
  override readonly name = 'ObjectTooLarge';
  readonly bytes: number;
  readonly limitBytes: number;
  constructor(key: string, bytes: number, limitBytes: number) {
    super(`${key} has ${bytes} bytes; the limit is ${limitBytes}`);
    this.bytes = bytes;
    this.limitBytes = limitBytes;
  }
}
