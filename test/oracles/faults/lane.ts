import { join } from 'node:path';
import { tools } from '../../../local/tools.ts';
import { installClock } from './clock.ts';
import { startGitProcess } from './git-process.ts';
import { type CommandsGiven, runSeed, UPLOADS } from './run.ts';
import { Workers } from './workers.ts';

/** One of the processes that work off seeds; each keeps its workers from run to run. */
export interface LaneTask {
  readonly seed: number;
  readonly commands: CommandsGiven;
  readonly keep: 'on violation' | 'always';
}

export const WORKER_COUNTS = { 'receive-upload': 2, 'deliver-uploads': 3, sweep: 1 } as const;

installClock();
const [bundles = ''] = process.argv.slice(2);
const workers = new Workers(join(bundles), WORKER_COUNTS);
const git = startGitProcess();
const rendered = new Map<string, unknown>();
const end = () => void workers.stop().then(() => process.exit());
process.on('disconnect', end);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
process.on('message', ({ seed, commands, keep }: LaneTask) => {
  tools()
    .then(({ folder }) =>
      runSeed(seed, { workers, git, tools: folder, rendered, keep, commands, uploads: UPLOADS }),
    )
    .then(
      ({ evidence: _, ...result }) => process.send?.({ result }),
      (error: unknown) =>
        process.send?.({ seed, error: error instanceof Error ? error.stack : String(error) }),
    );
});
