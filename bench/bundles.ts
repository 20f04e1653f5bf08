import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { bundle } from '../infra/bundle.ts';
import { GIT_FUNCTIONS, ZIP_FUNCTIONS } from '../infra/packages.ts';
import type { Bench } from './bench.ts';
import { median, rounded } from './median.ts';

const RUNS = 5;
/** What a cold start may have of us: MiB on disk, milliseconds to load. */
const GOAL_MIB = 2;
const GOAL_MS = 250;
/** The least that a function of ours could be: one client of AWS, which it makes. */
const REFERENCE =
  "import { S3Client } from '@aws-sdk/client-s3'; export const handler = () => new S3Client({});";

/** A cold start's share that is ours: the size of each function, and the time until its module is there. */
export const bench: Bench = {
  about: `size of each function, and milliseconds to load it beyond an empty Node (goal: ${GOAL_MIB} MiB, ${GOAL_MS} ms)`,
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-bundles-'));
    try {
      const empty = milliseconds('');
      const least = join(folder, 'reference.mjs');
      buildSync({
        stdin: { contents: REFERENCE, resolveDir: join(import.meta.dirname, '..') },
        outfile: least,
        bundle: true,
        platform: 'node',
        target: 'node24',
        format: 'esm',
        mainFields: ['module', 'main'],
        minify: true,
        logLevel: 'error',
      });
      const reference = milliseconds(loading(least)) - empty;
      console.log(`empty Node: ${rounded(empty)} ms; a client of S3 alone: ${rounded(reference)} ms more`);
      const functions = [...ZIP_FUNCTIONS, ...GIT_FUNCTIONS].map((name) => {
        bundle(name, join(folder, name));
        const file = join(folder, name, 'index.mjs');
        const bytes = readFileSync(file);
        const loadMs = milliseconds(loading(file)) - empty;
        const measured = {
          name,
          kib: rounded(bytes.length / 1024),
          gzipKib: rounded(gzipSync(bytes).length / 1024),
          loadMs: rounded(loadMs),
          timesReference: rounded(loadMs / reference),
          withinGoal: bytes.length < GOAL_MIB * 1024 * 1024 && loadMs < GOAL_MS,
        };
        console.log(
          `${name}: ${measured.kib} KiB, ${measured.gzipKib} KiB zipped, loads in ${measured.loadMs} ms, ${measured.timesReference} times the client alone`,
        );
        return measured;
      });
      return { emptyMs: rounded(empty), referenceMs: rounded(reference), functions };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const loading = (file: string): string => `await import(${JSON.stringify(pathToFileURL(file).href)})`;

const milliseconds = (program: string): number =>
  median(
    Array.from({ length: RUNS }, () => {
      const started = performance.now();
      execFileSync(process.execPath, ['--input-type=module', '--eval', program]);
      return performance.now() - started;
    }),
  );
