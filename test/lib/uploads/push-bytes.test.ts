import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pipeline } from './pipeline.ts';

const FILE_BYTES = 5 * 1000 * 1000;
/** Files of a chart: 20 MB. */
const FILES = 4;
const RELEASES = 8;

test('large charts are several pushes, so that no delivery holds them all; each is delivered once', async () => {
  const pipe = await pipeline();
  try {
    const pushes = join(pipe.git.folder, 'pushes');
    pipe.git.hook(`cat > /dev/null; echo >> ${pushes}`, 'post-receive');
    for (let release = 0; release < RELEASES; release++) {
      const files = Object.fromEntries(
        Array.from({ length: FILES }, (_, at) => [
          `files/${at}.txt`,
          `${release}${at}`.repeat(FILE_BYTES / 2),
        ]),
      );
      await pipe.receive(await pipe.chart('1.0.0', files, `release-${release}`));
    }
    const delivery = await pipe.deliver();
    assert.deepEqual(delivery, { kind: 'delivered', commits: RELEASES });
    const made = readFileSync(pushes, 'utf8').split('\n').length - 1;
    assert.ok(made > 1 && made < RELEASES, `${made} pushes`);
    assert.equal(pipe.open(), 0);
  } finally {
    await pipe.stop();
  }
});
