import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';

/** What Linux tells of processes. Elsewhere nothing is measured, and every peak is 0. */
const SAMPLE_MILLISECONDS = 10;

export interface Peaks {
  /** Highest resident memory of the process itself, the threads in it counted in. MiB. */
  readonly own: number;
  /** The same of the processes that it started, at its highest together. MiB. */
  readonly children: number;
  /** Processor time of it and of what it started and has ended. Seconds. */
  readonly busySeconds: number;
  /** How many of them were seen. */
  readonly started: number;
  /** Command lines of all that ran. */
  readonly commands: ReadonlySet<string>;
}

/** Watches a process and all below it from now on. */
export function watchProcess(pid: number): { stop(): Peaks } {
  try {
    // Sets the highest to what it is now (proc(5), clear_refs).
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Then the peak is that of its whole life.
  }
  const seen = new Map<number, number>();
  const commands = new Set<string>();
  let together = 0;
  const before = busySecondsOf(pid);
  const look = () => {
    let sum = 0;
    for (const child of descendantsOf(pid)) {
      sum += memoryOf(child, 'VmRSS');
      seen.set(child, Math.max(seen.get(child) ?? 0, memoryOf(child, 'VmHWM')));
      commands.add(read(`/proc/${child}/cmdline`).replaceAll('\0', ' ').trim());
    }
    together = Math.max(together, sum);
  };
  const timer = setInterval(look, SAMPLE_MILLISECONDS);
  return {
    stop() {
      clearInterval(timer);
      look();
      const own = memoryOf(pid, 'VmHWM');
      return {
        own,
        children: Math.max(together, 0, ...seen.values()),
        busySeconds: busySecondsOf(pid) - before,
        started: seen.size,
        commands,
      };
    },
  };
}

/** `utime`, `stime`, and those of children that were waited for (proc(5), stat); a tick is 10 ms everywhere. */
function busySecondsOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/** Processes below one, children of children too. */
export function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  const queue = [pid];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const thread of entries(`/proc/${at}/task`)) {
      for (const child of read(`/proc/${at}/task/${thread}/children`).split(' ').filter(Boolean)) {
        found.push(Number(child));
        queue.push(Number(child));
      }
    }
  }
  return found;
}

/** Processes that work in a folder, whoever their parent is by now. */
export function workingIn(folder: string): string[] {
  return entries('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const at = readlinkSync(`/proc/${pid}/cwd`);
      return at.startsWith(folder) ? [`${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`] : [];
    } catch {
      return [];
    }
  });
}

export const commandOf = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();

/** Resident memory now. MiB. */
export const residentOf = (pid: number): number => memoryOf(pid, 'VmRSS');

const memoryOf = (pid: number, field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
