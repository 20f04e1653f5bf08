import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOUR } from './demo/tour.ts';
import { observe, Unseen } from './demo/world.ts';
import { killDescendants } from './descendants.ts';

/**
 * `npm run demo`: the whole tour without a person, on free ports and a folder of its own. Each step is done as a
 * user does it and counts only when it was seen from outside: in Git, in the API server, in the inbox.
 */
async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-demo-'));
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => ending.abort(new Unseen('interrupted')));
  }
  const began = performance.now();
  const world = observe(folder, ending.signal);
  try {
    for (const { name, play } of TOUR) {
      const from = performance.now();
      const seen = await play(world);
      console.log(`✔ ${name} (${seconds(from)})`);
      for (const line of seen) console.log(`    ${line}`);
    }
    await world.stop();
    console.log(`\nAll ${TOUR.length} steps were seen from outside, in ${seconds(began)}.`);
    return 0;
  } catch (error) {
    console.error(
      `✖ ${error instanceof Unseen ? error.message : error instanceof Error ? error.stack : error}`,
    );
    console.error(await world.tail());
    await world.stop().catch(() => {});
    return 1;
  } finally {
    killDescendants();
    await rm(folder, { recursive: true, force: true });
  }
}

const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`;

process.exitCode = await main();
process.exit();
