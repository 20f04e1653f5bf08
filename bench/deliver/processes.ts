import { readdirSync, readFileSync } from 'node:fs';

const POLL_MS = 10;
/** Clock ticks a second in /proc, on every Linux that Node runs on. */
const TICKS = 100;

/** Processor seconds of a process and of its children that have ended. */
export const ownCpuSeconds = (): number => ticks('/proc/self/stat', /^.*\) /s, 11, 15) / TICKS;

/** Processor seconds that the whole machine has worked since it started: user, nice, system. */
export const machineCpuSeconds = (): number => ticks('/proc/stat', /^cpu +/, 0, 3) / TICKS;

function ticks(file: string, head: RegExp, from: number, to: number): number {
  const fields = readFileSync(file, 'utf8').replace(head, '').split(' ');
  return fields.slice(from, to).reduce((sum, field) => sum + Number(field), 0);
}

/**
 * Watches a process and all below it; the answer ends the watch and gives the highest sum of resident memory that was
 * seen, in MiB. Pages that several share count for each: too much rather than too little.
 */
export function treePeak(root: number): () => number {
  let highest = 0;
  const look = () => {
    highest = Math.max(highest, treeMib(root));
  };
  const timer = setInterval(look, POLL_MS);
  return () => {
    clearInterval(timer);
    look();
    return highest;
  };
}

function treeMib(root: number): number {
  const children = new Map<number, number[]>();
  const resident = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = statusOf(name);
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    resident.set(Number(name), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
  }
  const sum = (pid: number): number =>
    (resident.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((all, child) => all + sum(child), 0);
  return sum(root);
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // It has ended since the list was read.
    return '';
  }
}
