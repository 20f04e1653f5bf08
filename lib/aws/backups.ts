import { createReadStream } from 'node:fs';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/** A bucket that takes files and never gives any back. */
export interface Backups {
  /** S3 holds what it got against the digest, and refuses what differs. @param sha256 hexadecimal */
  keep(key: string, file: string, about: { readonly bytes: number; readonly sha256: string }): Promise<void>;
  note(key: string, text: string): Promise<void>;
}

/** What one PutObject takes (S3 user guide, "Uploading objects"). Bytes. */
export const OBJECT_BYTES = 5 * 1024 * 1024 * 1024;

export const s3Backups = (client: S3Client, bucket: string): Backups => ({
  async keep(key, file, { bytes, sha256 }) {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: createReadStream(file),
        ContentLength: bytes,
        // Nothing there is written twice, nor may a retry: a locked bucket would keep both.
        IfNoneMatch: '*',
        ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
      }),
    );
  },
  async note(key, text) {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: text,
        ContentType: 'application/json',
        IfNoneMatch: '*',
      }),
    );
  },
});
