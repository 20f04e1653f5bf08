import { createHash, randomUUID } from 'node:crypto';

/** Uploads in parts, in memory until they are complete: one that a restart cuts off is begun anew by its client. */
interface Multipart {
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly parts: Map<number, Buffer>;
}

export interface Multiparts {
  begin(upload: Omit<Multipart, 'parts'>): string;
  find(id: string): Multipart | undefined;
  end(id: string): void;
}

export function multiparts(): Multiparts {
  const open = new Map<string, Multipart>();
  return {
    begin(upload) {
      const id = randomUUID();
      open.set(id, { ...upload, parts: new Map() });
      return id;
    },
    find: (id) => open.get(id),
    end: (id) => void open.delete(id),
  };
}

export const partEtag = (part: Buffer): string => createHash('md5').update(part).digest('hex');

/** The whole of the named parts, and the ETag that S3 gives it: the digest of the parts' digests, and their number. */
export function assemble(parts: readonly Buffer[]): { body: Buffer; etag: string } {
  const digests = parts.map((part) => createHash('md5').update(part).digest());
  const etag = createHash('md5').update(Buffer.concat(digests)).digest('hex');
  return { body: Buffer.concat(parts), etag: `${etag}-${parts.length}` };
}
