import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from '../infra/bundle.ts';
import type { Bench } from './bench.ts';
import { count } from './cost/counting.ts';
import { FUNCTIONS, type Measured, measured, type Size } from './cost/measured.ts';
import { monthly, monthlyTable } from './cost/model.ts';
import { measureSize } from './cost/run.ts';
import { median } from './median.ts';

const FILE = join(import.meta.dirname, 'cost', 'measured.json');
const STARTS = 3;

/**
 * Requests and seconds as a run of the local installation has them, on a real API server, times public prices:
 * bench/cost/model.ts. `releases=10,100,1000` says how many; `--write` keeps what was measured, for docs/cost.md.
 */
export const bench: Bench = {
  about:
    'what a month costs: requests counted in the local installation times public prices (releases=10,100; --write)',
  async measure(argv) {
    // Read when a logger is made: it then writes to this process's console.
    process.env.POWERTOOLS_DEV = 'true';
    const [, asked = '10,100'] = argv.find((each) => each.startsWith('releases='))?.split('=') ?? [];
    const counting = count();
    const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`;
    const load = Math.round((loadavg()[1] ?? 0) * 10) / 10;
    const here = { machine, node: process.version, on: new Date().toISOString().slice(0, 10), load };
    const sizes: Size[] = [];
    for (const releases of asked.split(',').map(Number)) {
      sizes.push(await measureSize(releases, counting));
      if (argv.includes('--write')) keep({ ...here, start: {}, sizes });
    }
    const now: Measured = { ...here, start: startSeconds(), sizes };
    if (argv.includes('--write')) keep(now);
    console.log(monthlyTable(now));
    return { ...now, monthly: sizes.map((size) => monthly(now, size)) };
  },
};

/** What was not measured this time stays. */
function keep(now: Measured): void {
  const before = measured.parse(JSON.parse(readFileSync(FILE, 'utf8')));
  const others = before.sizes.filter(({ releases }) => now.sizes.every((size) => size.releases !== releases));
  const sizes = [...others, ...now.sizes].sort((one, other) => one.releases - other.releases);
  const start = { ...before.start, ...now.start };
  writeFileSync(FILE, `${JSON.stringify({ ...now, start, sizes }, undefined, 2)}\n`);
}

/** Until each function's module is there, beyond an empty Node. */
function startSeconds(): Measured['start'] {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-cost-'));
  try {
    const empty = secondsOf('');
    return Object.fromEntries(
      FUNCTIONS.map((name) => {
        bundle(name, join(folder, name));
        const file = pathToFileURL(join(folder, name, 'index.mjs')).href;
        const seconds = secondsOf(`await import(${JSON.stringify(file)})`) - empty;
        return [name, Math.max(0, Math.round(seconds * 1000) / 1000)];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const secondsOf = (program: string): number =>
  median(
    Array.from({ length: STARTS }, () => {
      const began = performance.now();
      execFileSync(process.execPath, ['--input-type=module', '--eval', program]);
      return (performance.now() - began) / 1000;
    }),
  );
