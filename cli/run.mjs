#!/usr/bin/env node
// Runs one of our TypeScript files on a Node that can: this one, or the one that `npm ci` has brought along.
//   node cli/run.mjs local/start.ts [ARGUMENTS]
// Plain JavaScript, old syntax and no imports of ours, so that a Node of any age gets as far as saying what it lacks.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = 24;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');

export async function run(entry, argv) {
  const file = join(root, entry);
  if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
    process.argv = [process.argv[0], file, ...argv];
    await import(pathToFileURL(file).href);
    return;
  }
  const own = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(own)) {
    console.error(
      `Fairlead needs Node ${NEEDED}, and this is ${process.version}. "npm ci" brings one along for Linux and macOS; ` +
        `it is not in node_modules. Run "npm ci" again without --omit=optional, or install Node ${NEEDED}: https://nodejs.org`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(own, [file, ...argv], { stdio: 'inherit' });
  // It ends first and we with it: Ctrl-C reaches both, a kill only this one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    console.error(`Fairlead needs Node ${NEEDED}, and ${own} does not run here: ${error.message}`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(process.argv[2], process.argv.slice(3));
