import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { rounded } from '../median.ts';
import { checked } from './check.ts';
import type { Asked } from './only.ts';
import { withProgram } from './program.ts';
import { makeWorld } from './world.ts';

const RELEASES = 100;
const KINDS = 5;
const OBJECTS = { full: [5_000, 10_000, 20_000], quick: [1_000, 2_000] } as const;

/** Peak memory and time of a warm check, by number of objects. */
export const measureMemory = (asked: Asked) => withProgram(asked, (program) => measure(asked, program));

async function measure({ pace }: Asked, cli: string) {
  const measured: Record<string, unknown>[] = [];
  for (const objects of OBJECTS[pace]) {
    const world = await makeWorld({ releases: RELEASES, setsEach: objects / RELEASES / KINDS });
    try {
      const cache = await mkdtemp(join(world.folder, 'cache-'));
      const first = await checked(world, cli, cache);
      const again = await checked(world, cli, cache);
      const line = {
        objects: world.objects,
        peakMb: again.peakMegabytes,
        seconds: rounded(again.milliseconds / 1000),
        firstPeakMb: first.peakMegabytes,
        firstSeconds: rounded(first.milliseconds / 1000),
      };
      console.log(JSON.stringify(line));
      measured.push(line);
    } finally {
      await world.end();
    }
  }
  return measured;
}
