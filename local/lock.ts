import { rmSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../lib/content/make-folder.ts';
import { isAlive } from './connection.ts';

export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';
}

/**
 * Takes the data folder for this process; gives what releases it.
 * What a killed process left is taken over.
 * @throws DataFolderInUse
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'lock');
  await makeFolder(folder, 0o700);
  const own = `${process.pid} ${await startOf(process.pid)}`;
  for (let attempt = 0; ; attempt++) {
    const made = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      return undefined;
    });
    if (made !== undefined) {
      await made.writeFile(own);
      await made.close();
      // An end that is forced, because a part does not stop in time, leaves none either.
      const atExit = () => rmSync(file, { force: true });
      process.once('exit', atExit);
      return async () => {
        process.off('exit', atExit);
        await rm(file, { force: true });
      };
    }
    const [pid = '', start = ''] = (await readFile(file, 'utf8').catch(() => '')).split(' ');
    const alive = pid !== '' && isAlive(Number(pid)) && (await startOf(Number(pid))) === start;
    if (alive || attempt > 0) {
      throw new DataFolderInUse(
        `a local installation already runs on ${folder} (process ${pid}): stop it with Ctrl-C where it runs, or start this one beside it with "npm start -- --data FOLDER --port 0"`,
      );
    }
    await rm(file, { force: true });
  }
}

/** When a process began, in the kernel's ticks: tells it from a later one of the same number. Empty off Linux. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // After the name, which may hold anything, in parentheses: field 22 is the 20th from there.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
