import { readFileSync, writeSync } from 'node:fs';
import { killDescendants, processes } from '../local/descendants.ts';

const FILE_MINUTES = Number(process.env.FAIRLEAD_TEST_FILE_MINUTES ?? 15);
const LOOK_MILLISECONDS = 5000;
/** Of a command line. */
const SHOWN = 200;

interface Overdue {
  begun(file: string): void;
  ended(file: string): void;
  stop(): void;
}

/**
 * Ends a run of tests that would wait for ever, and says for which file, and what still runs. The runner's own time
 * limits end a test, but wait for the file that it is in: for as long as something in it listens, or something that it
 * has started holds its output.
 */
export function watchOverdue(): Overdue {
  const since = new Map<string, number>();
  const timer = setInterval(() => {
    const late = [...since].filter(([, at]) => performance.now() - at > FILE_MINUTES * 60_000);
    if (late.length === 0) return;
    for (const [file] of late) say(`overdue: ${file} has not ended after ${FILE_MINUTES} minutes`);
    for (const line of stillThere()) say(`overdue: still there: ${line}`);
    killDescendants();
    process.exit(1);
  }, LOOK_MILLISECONDS);
  timer.unref();
  return {
    begun: (file) => void since.set(file, performance.now()),
    ended: (file) => void since.delete(file),
    stop: () => clearInterval(timer),
  };
}

const say = (line: string): void => void writeSync(2, `${line}\n`);

/** What runs below this process, or runs on without whoever started it: id, parent's id, what it is. */
function stillThere(): readonly string[] {
  const all = processes();
  const below = new Set([process.pid, 1]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const { pid, parent } of all) if (parent !== 1 && below.has(parent)) below.add(pid);
  }
  return all
    .filter(({ pid, parent }) => below.has(parent) && pid !== 1)
    .flatMap(({ pid, parent }) => {
      const line = commandOf(pid);
      return line === '' ? [] : [`${pid} of ${parent}: ${line}`];
    });
}

/** '': it has ended, or is the kernel's. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, SHOWN);
  } catch {
    return '';
  }
}
