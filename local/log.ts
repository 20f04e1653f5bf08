import { Console } from 'node:console';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Of a log that the next start puts aside, in place of the one before. Bytes. */
const LOG_BYTES = 64 * 1024 * 1024;

/**
 * What the functions log goes to a file, as CloudWatch would keep it, and the terminal stays readable.
 * Gives the print that still reaches the terminal.
 */
export async function logToFile(
  dataFolder: string,
): Promise<{ print: (line: string) => void; file: string }> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const file = join(dataFolder, 'functions.log');
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_BYTES) await rename(file, `${file}.1`);
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  // A full disk must not end the installation.
  stream.on('error', () => {});
  // Powertools then writes to this console, instead of past it to the terminal.
  process.env.POWERTOOLS_DEV = 'true';
  globalThis.console = new Console({ stdout: stream, stderr: stream });
  return { print: (line) => void process.stdout.write(`${line}\n`), file };
}
