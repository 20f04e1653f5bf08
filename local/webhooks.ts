import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Audience, Config } from '../lib/config/config.ts';

/** Only what listens on this machine is posted to: nothing that the configuration names elsewhere is touched. */
export const isHeardHere = (audience: Audience): boolean =>
  audience.form !== 'webhook' ||
  (audience.network === 'private' && isLoopback(new URL(audience.url).hostname));

const isLoopback = (hostname: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);

/**
 * What signs the posts to each webhook, by the name of its secret: made at the first start, and kept in
 * `webhooks/<audience>.key` of the data folder, where the receiver reads it.
 */
export async function webhookKeys(
  dataFolder: string,
  { audiences }: Config,
): Promise<readonly (readonly [secret: string, key: string])[]> {
  const folder = join(dataFolder, 'webhooks');
  const keys: [string, string][] = [];
  for (const audience of audiences) {
    if (audience.form !== 'webhook') continue;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, `${audience.name}.key`);
    const fresh = randomBytes(32).toString('hex');
    // One that is there stays: whoever receives has it.
    await writeFile(file, fresh, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    keys.push([audience.secret, (await readFile(file, 'utf8')).trim()]);
  }
  return keys;
}
