import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as clients from '../lib/aws/clients.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { packExample } from './example/pack.ts';
import type { Installation } from './installation.ts';

export const EXAMPLE_RELEASE = 'hello';
const NEXT_VERSION = '0.2.0';
/** In the data folder: a next version of the example, to be uploaded by who tries it. */
export const NEXT_EXAMPLE = `example/hello-${NEXT_VERSION}.tgz`;

const POLL_MS = 200;

export async function writeNextExample(dataFolder: string): Promise<void> {
  const file = join(dataFolder, NEXT_EXAMPLE);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, (await packExample(NEXT_VERSION)).bytes);
}

/**
 * Uploads the example chart, if it never was. Gives a line for people when it is known what became of it.
 * @throws if the signal aborts meanwhile
 */
export async function deliverExample(
  { aws, config }: Installation,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [target] = config.targets;
  const [namespace] = target?.namespaces ?? [];
  if (target === undefined || namespace === undefined) return undefined;
  const { fileName, bytes } = await packExample();
  const key = `${target.name}/${namespace}/${EXAMPLE_RELEASE}/${fileName}`;
  const bucket = aws.buckets.upload;
  if (bucket.find(key) !== undefined) return undefined;
  await s3Store(clients.s3(aws.environment), bucket.name).put(key, bytes, 'application/gzip');
  for (;;) {
    const tags: Readonly<Record<string, string>> = bucket.find(key)?.tags ?? {};
    const outcome = tags['fairlead-outcome'];
    if (outcome !== undefined) {
      const commit = tags['fairlead-commit'];
      return `example: ${key} ${outcome}${commit === undefined ? '' : ` in commit ${commit.slice(0, 7)}`}`;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
