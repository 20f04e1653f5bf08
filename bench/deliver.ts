import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { packChart, packLargeChart } from './deliver/charts.ts';
import { type Line, startLine } from './deliver/line.ts';
import { cloneCopyCommitPush, fill, origin, unpack } from './deliver/origin.ts';
import { machineCpuSeconds } from './deliver/processes.ts';
import { median, percentile, rounded } from './median.ts';

const FULL = { small: 1_000, large: 100_000, warm: 30, cold: 5, burst: 1_000, clones: 10, largeClones: 3 };
const QUICK = { small: 1_000, large: 20_000, warm: 10, cold: 2, burst: 200, clones: 3, largeClones: 1 };
type Sizes = typeof FULL;
const CHARTS = 20;

/** Deliveries through the real functions, each in a process of its own; beside each the script that people would write. */
export const bench: Bench = {
  about:
    'from an upload seen to its commit on origin, against clone, copy, commit and push for each (--quick: less of all; only=latency|burst|memory, burst=N)',
  async measure(argv) {
    const given = (name: string) =>
      argv.find((argument) => argument.startsWith(`${name}=`))?.slice(name.length + 1);
    const usual = argv.includes('--quick') ? QUICK : FULL;
    const sizes = { ...usual, burst: Number(given('burst') ?? usual.burst) };
    const only = given('only');
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
    const ending = new AbortController();
    const line = await startLine(folder, ['small', 'large', 'burst', 'memory']);
    const wants = (part: string) => only === undefined || only === part;
    try {
      return {
        sizes,
        ...(wants('latency') ? { latency: await latency(line, folder, sizes, ending.signal) } : {}),
        ...(wants('burst') ? { burst: await burst(line, folder, sizes, ending.signal) } : {}),
        ...(wants('memory') ? { peakMib: await memory(line, ending.signal) } : {}),
      };
    } finally {
      ending.abort();
      await line.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function latency(line: Line, folder: string, sizes: Sizes, signal: AbortSignal) {
  const measured: Record<string, { warm: Spread; cold: Spread; reference: number; ratio: number }> = {};
  for (const repository of ['small', 'large'] as const) {
    const files = sizes[repository];
    await fill(line.bareOf(repository), `fairlead/${repository}`, files);
    const branch = origin(line.bareOf(repository), signal);
    let number = 0;
    const once = async (): Promise<number> => {
      const version = `1.0.${++number}`;
      const bytes = await packChart(2, version, version);
      const before = await branch.tip();
      const moved = branch.moved(before);
      await line.upload(`${repository}/team-00/web/app2-${version}.tgz`, bytes);
      // The event is in the queue before its writer is answered.
      const seen = performance.now();
      const taken = (await moved).at - seen;
      await line.idle();
      return taken;
    };
    const cold: number[] = [];
    for (let at = 0; at < sizes.cold; at++) {
      await line.startFunctions();
      cold.push(await once());
      await line.stopFunctions();
    }
    await line.startFunctions();
    await once();
    await once();
    const warm: number[] = [];
    for (let at = 0; at < sizes.warm; at++) warm.push(await once());
    await line.stopFunctions();
    const clones = repository === 'large' ? sizes.largeClones : sizes.clones;
    const reference = median(await script(line, folder, repository, clones));
    measured[repository] = {
      warm: spread(warm),
      cold: spread(cold),
      reference: rounded(reference),
      ratio: rounded(reference / median(warm)),
    };
    console.log(
      `${files} files: warm ${said(warm)}, cold ${said(cold)}; by script ${rounded(reference)} ms (median of ${clones})`,
    );
  }
  const largeToSmall = rounded((measured.large?.warm.p50 ?? 0) / (measured.small?.warm.p50 ?? 1));
  console.log(`the large takes ${largeToSmall} times as long as the small`);
  return { ...measured, largeToSmall };
}

async function script(line: Line, folder: string, repository: string, uploads: number): Promise<number[]> {
  const charts: (readonly [string, string])[] = [];
  for (let at = 0; at < uploads; at++) {
    const unpacked = await unpack(
      await packChart(at % CHARTS, '9.0.0'),
      join(folder, 'unpacked', repository, `${at}`),
    );
    charts.push([unpacked, `by-script/release-${at}/chart`]);
  }
  return cloneCopyCommitPush(`${line.gitUrl}/${repository}.git`, line.pushToken, charts);
}

async function burst(line: Line, folder: string, sizes: Sizes, signal: AbortSignal) {
  const bare = line.bareOf('burst');
  await fill(bare, 'fairlead/burst', sizes.small);
  const charts = await Promise.all(Array.from({ length: CHARTS }, (_, index) => packChart(index, '1.0.0')));
  for (let at = 0; at < sizes.burst; at++) {
    const chart = at % CHARTS;
    await line.upload(`burst/shop/release-${at}/app${chart}-1.0.0.tgz`, charts[chart] as Buffer);
  }
  const branch = origin(bare, signal);
  const begun = { commits: await branch.count(), pushes: line.pushes(), tip: await branch.tip() };
  const usedBefore = await line.used();
  const machineBefore = machineCpuSeconds();
  const started = performance.now();
  await line.startFunctions();
  let last = { at: started, tip: begun.tip };
  let commits = 0;
  while (commits < sizes.burst) {
    last = await branch.moved(last.tip);
    commits = (await branch.count()) - begun.commits;
    console.log(`${commits} commits after ${rounded((last.at - started) / 1000)} s`);
  }
  const seconds = (last.at - started) / 1000;
  const pushes = line.pushes() - begun.pushes;
  const usedAfter = await line.used();
  const machine = machineCpuSeconds() - machineBefore;
  const cpuSeconds = Object.fromEntries(
    Object.entries(usedAfter).map(([name, { cpuSeconds: after }]) => [
      name,
      rounded(after - (usedBefore[name]?.cpuSeconds ?? 0)),
    ]),
  );
  const ours = Object.values(cpuSeconds).reduce((sum, each) => sum + each, 0);
  // Whatever else ran meanwhile took this share of the processors from us.
  const byOthers = rounded(Math.max(0, 1 - ours / machine));
  const settled = performance.now();
  await line.idle();
  const settling = (performance.now() - settled) / 1000;
  await line.stopFunctions();
  const clones = await script(line, folder, 'burst', sizes.clones);
  const referenceSeconds = (median(clones) / 1000) * sizes.burst;
  const perSecond = sizes.burst / seconds;
  console.log(
    `${sizes.burst} releases in ${rounded(seconds)} s: ${rounded(perSecond)} a second, ${pushes} pushes; processor seconds ${JSON.stringify(cpuSeconds)}, and ${byOthers} of all by others`,
  );
  console.log(
    `by script ${rounded(referenceSeconds)} s (extrapolated from the median of ${sizes.clones}, nothing validated)`,
  );
  return {
    releases: sizes.burst,
    seconds: rounded(seconds),
    perSecond: rounded(perSecond),
    pushes,
    cpuSeconds,
    cpuMsPerRelease: rounded((ours * 1000) / sizes.burst),
    byOthers,
    settledAfterSeconds: rounded(settling),
    referenceSeconds: rounded(referenceSeconds),
    ratio: rounded(referenceSeconds / seconds),
  };
}

async function memory(line: Line, signal: AbortSignal) {
  const branch = origin(line.bareOf('memory'), signal);
  const bytes = await packLargeChart('1.0.0');
  const before = await branch.tip();
  await line.startFunctions();
  const peaks = await line.peaks(async () => {
    const moved = branch.moved(before);
    await line.upload('memory/shop/large/app1-1.0.0.tgz', bytes);
    await moved;
    await line.idle();
  });
  await line.stopFunctions();
  const rounding = Object.fromEntries(Object.entries(peaks).map(([name, mib]) => [name, rounded(mib)]));
  console.log(
    `a package of ${rounded(bytes.length / 1024 / 1024)} MiB: ${JSON.stringify(rounding)} MiB at most, children included`,
  );
  return rounding;
}

interface Spread {
  readonly p50: number;
  readonly p95: number;
}
const spread = (values: readonly number[]): Spread => ({
  p50: rounded(median(values)),
  p95: rounded(percentile(values, 95)),
});
const said = (values: readonly number[]): string => {
  const { p50, p95 } = spread(values);
  return `${p50} ms (p95 ${p95})`;
};
