import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundle } from '../infra/bundle.ts';
import { GIT_FUNCTIONS, ZIP_FUNCTIONS } from '../infra/packages.ts';
import type { Bench } from './bench.ts';
import { median, rounded } from './median.ts';

const RUNS = 5;

/** A cold start's share that is ours: the size of each function, and the time until its module is there. */
export const bench: Bench = {
  about: 'size of each function, and milliseconds to load it beyond an empty Node',
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-bundles-'));
    try {
      const reference = milliseconds('');
      console.log(`empty Node: ${rounded(reference)} ms`);
      const functions = [...ZIP_FUNCTIONS, ...GIT_FUNCTIONS].map((name) => {
        bundle(name, join(folder, name));
        const file = join(folder, name, 'index.mjs');
        const bytes = readFileSync(file);
        const measured = {
          name,
          kib: rounded(bytes.length / 1024),
          gzipKib: rounded(gzipSync(bytes).length / 1024),
          loadMs: rounded(
            milliseconds(`await import(${JSON.stringify(pathToFileURL(file).href)})`) - reference,
          ),
        };
        console.log(
          `${name}: ${measured.kib} KiB, ${measured.gzipKib} KiB zipped, loads in ${measured.loadMs} ms`,
        );
        return measured;
      });
      return { referenceMs: rounded(reference), functions };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const milliseconds = (program: string): number =>
  median(
    Array.from({ length: RUNS }, () => {
      const started = performance.now();
      execFileSync(process.execPath, ['--input-type=module', '--eval', program]);
      return performance.now() - started;
    }),
  );
