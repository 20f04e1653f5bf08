import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../lib/content/make-folder.ts';
import { isAlive } from '../local/connection.ts';
import { killDescendants } from '../local/descendants.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does something that starts programs and writes files: whoever interrupts it leaves neither behind.
 * @param before what is left of the screen is put right
 */
export async function interruptible<Result>(
  before: () => void,
  action: () => Promise<Result>,
): Promise<Result> {
  const stop = (signal: (typeof SIGNALS)[number]) => {
    before();
    killDescendants();
    // What is to be removed is removed by listeners of 'exit'.
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await action();
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** Does something in a folder below `base` that is gone afterwards, also when this process is interrupted. */
export async function inPassingFolder<Result>(
  base: string,
  action: (folder: string) => Promise<Result>,
): Promise<Result> {
  await makeFolder(base, 0o700);
  await removeOrphans(base);
  const folder = await mkdtemp(join(base, `${process.pid}-`));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    process.off('exit', remove);
  }
}

/** What a killed run could not remove. */
async function removeOrphans(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const pid = Number(/^(\d+)-/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(base, name), { recursive: true, force: true });
  }
}
