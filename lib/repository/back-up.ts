import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Backups } from '../aws/backups.ts';
import type { Repository } from '../config/config.ts';
import { type Bundle, bundleRepository } from './bundle.ts';
import type { GitCredential } from './git.ts';

/** What the schedule sends: `{"schema":1,"backUp":"repositories"}` once a day. */
export const backUpEvent = z.object({ schema: z.literal(1), backUp: z.literal('repositories') });

export interface BackUpParts {
  readonly backups: Backups;
  readonly credential: GitCredential | undefined;
  /** Writable; emptied before and after. */
  readonly scratch: string;
  readonly now: () => Date;
}

export interface BackedUp {
  /** Of the bundle, in the bucket. */
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly refs: number;
}

/**
 * One repository into the bucket: `<repository>/<time>.bundle`, and beside it `<time>.json`, which says what is in it.
 * The note comes last: a bundle without one was cut off, and is not counted upon.
 * @throws NotBundled, GitFailed, NoAccess, or what S3 says
 */
export async function backUpRepository(
  { name, url }: Pick<Repository, 'name' | 'url'>,
  { backups, credential, scratch, now }: BackUpParts,
): Promise<BackedUp> {
  const folder = join(scratch, 'backups');
  // A call that was cut off has left its own here.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${randomUUID()}.bundle`);
  try {
    const bundle = await bundleRepository({ url, credential, scratch: join(folder, 'git'), file });
    const at = now().toISOString();
    const place = `${name}/${at.replace(/[-:]|\.\d+/g, '')}`;
    const key = `${place}.bundle`;
    await backups.keep(key, file, bundle);
    await backups.note(`${place}.json`, noteOf({ name, url }, at, key, bundle));
    return { key, bytes: bundle.bytes, sha256: bundle.sha256, refs: bundle.refs.size };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const noteOf = (
  { name, url }: Pick<Repository, 'name' | 'url'>,
  at: string,
  bundle: string,
  { bytes, sha256, refs, head }: Bundle,
): string =>
  `${JSON.stringify({ schema: 1, repository: name, url, at, bundle, bytes, sha256, head, refs: Object.fromEntries(refs) }, null, 2)}\n`;
