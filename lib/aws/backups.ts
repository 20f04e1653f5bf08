import { createReadStream } from 'node:fs';
import { PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';

/** A bucket that takes files and never gives any back. */
export interface Backups {
  /** S3 holds what it got against the digest, and refuses what differs. @param sha256 hexadecimal */
  keep(key: string, file: string, about: { readonly bytes: number; readonly sha256: string }): Promise<void>;
  note(key: string, text: string): Promise<void>;
}

/** The SDK itself tries no stream again, which it cannot read a second time. */
const ATTEMPTS = 3;

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

export const s3Backups = (client: S3Client, bucket: string): Backups => ({
  async keep(key, file, { bytes, sha256 }) {
    for (let attempt = 1; ; attempt++) {
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: createReadStream(file),
            ContentLength: bytes,
            // Nothing there is written twice: a locked bucket would keep both.
            IfNoneMatch: '*',
            ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
          }),
        );
        return;
      } catch (error) {
        const status = statusOf(error);
        // Keys hold the time of the call: what is there by now is what went before, whose answer was lost.
        if (status === 412 && attempt > 1) return;
        if (attempt === ATTEMPTS || (status !== undefined && status < 500)) throw error;
      }
    }
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
