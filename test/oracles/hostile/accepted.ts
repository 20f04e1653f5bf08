import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { VARIABLES } from '../../../lib/aws/environment.ts';
import { digestOfTree } from '../../../lib/content/tree.ts';
import { helmIn, type Line } from './line.ts';
import { entriesOf, type OrdinaryChart, ordinaryCharts, packageOfChart } from './ordinary.ts';

const PATIENCE_MILLISECONDS = 60_000;
/** Names the kinds that these charts need beyond the default policy. */
const TARGET = 'open';

export interface Accepted {
  readonly chart: string;
  readonly seconds: number;
  readonly wrong: readonly string[];
}

/** Ordinary charts, which must go through; and what was judged is what a clone of the pushed commit holds. */
export async function* acceptAll(line: Line): AsyncIterable<Accepted> {
  for (const [index, chart] of (await ordinaryCharts()).entries())
    yield await accept(line, chart, `a${index}`);
}

async function accept(line: Line, chart: OrdinaryChart, release: string): Promise<Accepted> {
  const bytes = await packageOfChart(chart);
  const place = `${TARGET}/shop/${release}`;
  const began = performance.now();
  if (chart.values !== undefined)
    await line.put({ key: `${place}/values.yaml`, body: chart.values }, PATIENCE_MILLISECONDS);
  const key = `${place}/${chart.name}-${chart.version}.tgz`;
  const ended = await line.put({ key, body: bytes }, PATIENCE_MILLISECONDS);
  const outcome = { chart: chart.name, seconds: (performance.now() - began) / 1000 };
  if (ended?.record.state !== 'delivered') {
    const why =
      ended?.record.state === 'rejected' ? ended.record.reasons : (ended?.record.state ?? 'nothing');
    return { ...outcome, wrong: [`it ended ${JSON.stringify(why)}`] };
  }
  const wrong: string[] = [];
  if (ended.tags['fairlead-outcome'] !== 'delivered') wrong.push('its tag does not say so');
  const { digest } = ended.record;
  const folder = join(line.git.folder, `clone-${release}`);
  await line.clone(folder);
  try {
    const root = join(folder, `fairlead/${TARGET}/releases/shop/${release}`);
    wrong.push(...(await comparedWith(line, chart, bytes, root, release, digest)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { ...outcome, wrong };
}

/** The clone against the package file by file, and the render of the one against the render of the other. */
async function comparedWith(
  line: Line,
  chart: OrdinaryChart,
  bytes: Buffer,
  root: string,
  release: string,
  digest: string | undefined,
): Promise<string[]> {
  const wrong: string[] = [];
  const cloned = filesBelow(join(root, 'chart'));
  const shipped = new Map(
    entriesOf(chart).map(({ name, mode, data = '' }) => [
      name.slice(chart.name.length + 1),
      { mode: mode ?? 0o644, data: Buffer.from(data) },
    ]),
  );
  for (const [path, { mode, data }] of shipped) {
    const found = cloned.get(path);
    if (found === undefined) wrong.push(`the clone lacks ${path}`);
    else if (!found.data.equals(data)) wrong.push(`the clone has other bytes in ${path}`);
    else if (found.mode !== mode) wrong.push(`the clone has ${path} with mode ${found.mode.toString(8)}`);
  }
  for (const path of cloned.keys()) if (!shipped.has(path)) wrong.push(`the clone has ${path} besides`);
  if (digestOfTree(cloned) !== digest) wrong.push('the tree that was judged is not the one that was pushed');
  const values = readFileSync(join(root, 'values.yaml'), 'utf8');
  if (values.trim() !== (chart.values ?? '{}').trim()) wrong.push(`the clone's values are ${values}`);

  const helm = join(line.environment[VARIABLES.tools] ?? '', 'helm', 'helm');
  const work = join(line.git.folder, `render-${release}`);
  await mkdir(work);
  try {
    writeFileSync(join(work, 'chart.tgz'), bytes);
    writeFileSync(join(work, 'values.yaml'), chart.values ?? '{}');
    const render = (path: string, given: string) =>
      helmIn(
        work,
        helm,
        'template',
        release,
        path,
        '--namespace=shop',
        '--include-crds',
        `--values=${given}`,
      );
    if (render('chart.tgz', 'values.yaml') !== render(join(root, 'chart'), join(root, 'values.yaml')))
      wrong.push('the clone renders otherwise than the package');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return wrong;
}

function filesBelow(folder: string): Map<string, { readonly mode: 0o644 | 0o755; readonly data: Buffer }> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    found.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const mode = (statSync(file).mode & 0o100) === 0 ? 0o644 : 0o755;
      return [relative(folder, file), { mode, data: readFileSync(file) }] as const;
    }),
  );
}
