import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import * as z from 'zod';

const accessKeys = z.object({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) });

/** Of this installation alone: who does not know them (a web page, another user's tool) is refused. */
export type AccessKeys = Readonly<z.output<typeof accessKeys>>;

/**
 * Made at the first start and kept in the data folder, readable by this user alone: as IAM's, they outlive a restart,
 * so that a command which was given before one is still proven after it.
 */
export async function keptAccessKeys(folder: string): Promise<AccessKeys> {
  const file = join(folder, 'keys.json');
  const kept = await readFile(file, 'utf8').then(
    (text) => accessKeys.parse(JSON.parse(text)),
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    },
  );
  if (kept !== undefined) return kept;
  const made = newAccessKeys();
  await mkdir(folder, { recursive: true });
  // Whole or not at all, whenever this is killed.
  await writeFile(`${file}.new`, JSON.stringify(made), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return made;
}

export const newAccessKeys = (): AccessKeys => ({
  accessKeyId: `LOCAL${randomBytes(12).toString('hex').toUpperCase().slice(0, 15)}`,
  secretAccessKey: randomBytes(30).toString('base64url'),
});

/**
 * Whether a request is signed with our access key id: in the `Authorization` header or a presigned URL (SigV4).
 * The id is 60 random bits that nobody but this user knows; the signature itself is not computed.
 */
export function isSignedWith(keys: AccessKeys, request: IncomingMessage): boolean {
  const header = /\bCredential=([^/,\s]+)\//.exec(request.headers.authorization ?? '')?.[1];
  // Up to the first slash, encoded or not. Before anybody is let in, nothing is decoded that could fail.
  const query = /[?&]X-Amz-Credential=([A-Za-z0-9]+)(?:%2F|\/)/i.exec(request.url ?? '')?.[1];
  const given = header ?? query;
  return given === keys.accessKeyId;
}
