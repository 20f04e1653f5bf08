import { readFileSync } from 'node:fs';

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
};

/** A process that leads its group, and all that it has started. */
export function killGroup(pid: number | undefined): void {
  if (pid !== undefined) kill(-pid);
}

/** All that a process has started and that is still there; none where there is no /proc. */
export function childrenOf(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const own = text === '' ? [] : text.split(' ').map(Number);
    return own.flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    return [];
  }
}

export function killChildren(pid: number | undefined): void {
  for (const child of childrenOf(pid)) kill(child);
}
