import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { killDescendants } from '../local/descendants.ts';

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
    for (const line of processes()) say(`overdue: still there: ${line}`);
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
function processes(): readonly string[] {
  const all = readdirSync('/proc').flatMap((name) => {
    const id = Number(name);
    if (!Number.isInteger(id)) return [];
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      const line = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, SHOWN);
      return line === '' ? [] : [{ id, parent, line }];
    } catch {
      return [];
    }
  });
  const below = new Set([process.pid, 1]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const { id, parent } of all) if (parent !== 1 && below.has(parent)) below.add(id);
  }
  return all
    .filter(({ id, parent }) => below.has(parent) && id !== 1)
    .map(({ id, parent, line }) => `${id} of ${parent}: ${line}`);
}
