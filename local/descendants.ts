import { readdirSync, readFileSync } from 'node:fs';

/**
 * Kills what this process started and what that started, down to the last: nothing of the local installation may
 * outlive it. Read from /proc; where there is none, the parts' own stopping has to do.
 */
export function killDescendants(): void {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of processes()) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const queue = [...(children.get(process.pid) ?? [])];
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    queue.push(...(children.get(pid) ?? []));
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

/** Every process of the machine; none where there is no /proc. */
export const processes = (): readonly { readonly pid: number; readonly parent: number }[] =>
  entries('/proc').flatMap((name) => {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? parentOf(pid) : undefined;
    return parent === undefined ? [] : [{ pid, parent }];
  });

const entries = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
