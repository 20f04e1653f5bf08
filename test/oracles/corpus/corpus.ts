import { argv, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Found } from '../../../lib/drift/drift.ts';
import type { ObjectVerdict } from '../../../lib/drift/verdicts.ts';
import { groupOf, identityOf, type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { KUBERNETES, type KubernetesVersion } from '../../../local/control-plane/binaries.ts';
import { type ApiServer, startApiServer } from '../api-server.ts';
import { applyAll, type How, isBlocking } from './applying.ts';
import { type RenderedChart, readCharts } from './charts.ts';
import { judge, readLive, schemasFor } from './judging.ts';
import { definedForCluster, wavesOf } from './waves.ts';

/**
 * npm run corpus -- DIR [--apply ssa|create] [--settle SECONDS] [--again] [--kubernetes VERSION] [--only TEXT]
 * Puts rendered charts (gzipped YAML) on a real control plane whose controllers, scheduler and node are at work, as
 * field manager `helm`, and judges them: there is no drift, so every finding is a false one. With --settle the same is
 * judged again after that time, with --again after a second apply. Charts that share names take turns, on a fresh
 * control plane each. The last line is JSON with the totals. Exits with 1 on a finding, on an object that could not be
 * judged, or where fewer objects are in sync than --least.
 */
const USAGE =
  'which charts? npm run corpus -- DIR [--apply ssa|create] [--settle SECONDS] [--again] [--kubernetes VERSION] [--only TEXT] [--least OBJECTS]';

/** So many objects of the whole corpus are served by every server that it is held against. */
const WHOLE_CORPUS = 1480;
/** What controllers do at once, they have done by then. */
const AT_ONCE_MS = 5000;

interface Tally {
  inSync: number;
  /** Objects with at least one finding. */
  drifted: number;
  findings: number;
  unknown: number;
  /** `missing: kind not served`. */
  notServed: number;
  /** What the server itself does not take. */
  refused: number;
  /** Verdicts over all the times that objects were judged. */
  judged: number;
  milliseconds: number;
}

interface Asked {
  readonly folder: string;
  readonly how: How;
  readonly settleSeconds: number;
  readonly again: 'again' | 'once';
  readonly kubernetes: KubernetesVersion;
  readonly only: string | undefined;
  readonly least: number;
}

async function main(): Promise<void> {
  const asked = parse();
  const charts = await readCharts(asked.folder, asked.only);
  const total = emptyTally();
  let waves: RenderedChart[][] = [];
  for (let wave = 0; wave === 0 || wave < waves.length; wave++) {
    const started = await startApiServer('nodes', asked.kubernetes);
    if (started.kind === 'unavailable') {
      console.error(`${started.reason}\n${started.howTo}`);
      exit(2);
    }
    const { server } = started;
    try {
      if (wave === 0) waves = wavesOf(charts, await clusterScoped(server, charts));
      const now = waves[wave] ?? [];
      console.log(`wave ${wave + 1} of ${waves.length}: ${now.length} charts`);
      await judgeWave(server, now, asked, total);
    } finally {
      await server.stop();
    }
  }
  const { milliseconds, ...counts } = total;
  const microsecondsPerObject = Math.round((milliseconds * 1000) / Math.max(1, total.judged));
  const { how: apply, kubernetes, settleSeconds, again } = asked;
  console.log(
    JSON.stringify({
      apply,
      kubernetes,
      settleSeconds,
      again: again === 'again',
      waves: waves.length,
      ...counts,
      microsecondsPerObject,
    }),
  );
  const isRight = total.findings === 0 && total.unknown === 0 && total.inSync >= asked.least;
  process.exitCode = isRight ? 0 : 1;
}

/** Webhooks and aggregated APIs without a server behind them come last, when nothing more is to be written. */
async function judgeWave(
  server: ApiServer,
  charts: readonly RenderedChart[],
  { how, settleSeconds, again }: Asked,
  total: Tally,
): Promise<void> {
  const [open, blocking] = [
    partOf(charts, (object) => !isBlocking(object)),
    partOf(charts, (object) => isBlocking(object)),
  ];
  const { applied, counts } = await apply(server, open, how);
  total.notServed += counts.notServed;
  total.refused += counts.refused;
  await sleep(AT_ONCE_MS);
  const first = await judgeCharts(server, applied, 'at once', total);
  if (settleSeconds > 0) {
    await sleep(settleSeconds * 1000);
    await judgeCharts(server, applied, `after ${settleSeconds} s`, total);
  }
  if (again === 'again') {
    await apply(server, applied, 'ssa');
    await sleep(AT_ONCE_MS);
    await judgeCharts(server, applied, 'after a second apply', total);
  }
  const last = await apply(server, blocking, how);
  total.notServed += last.counts.notServed;
  total.refused += last.counts.refused;
  total.inSync += first + (await judgeCharts(server, last.applied, 'webhooks and APIs', total));
}

async function apply(server: ApiServer, charts: readonly RenderedChart[], how: How) {
  // An object that a chart renders twice counts once: the last is what is applied.
  const wanted = charts.map((chart) => ({
    ...chart,
    objects: [...new Map(chart.objects.map((object) => [identityOf(referenceOf(object)), object])).values()],
  }));
  const outcomes = await applyAll(
    server,
    wanted.flatMap(({ objects }) => objects),
    how,
  );
  const counts = { notServed: 0, refused: 0 };
  for (const [object, outcome] of outcomes) {
    if (outcome.kind === 'not-served') counts.notServed++;
    if (outcome.kind !== 'refused') continue;
    counts.refused++;
    console.log(`  refused: ${object.kind}/${object.metadata.name}: ${outcome.message.slice(0, 300)}`);
  }
  const applied = partOf(wanted, (object) => outcomes.get(object)?.kind === 'applied');
  return { applied, counts };
}

/** @returns how many objects are in sync */
async function judgeCharts(
  server: ApiServer,
  charts: readonly RenderedChart[],
  when: string,
  total: Tally,
): Promise<number> {
  const objects = charts.flatMap((chart) => chart.objects);
  server.forget();
  const schemas = await schemasFor(server, objects);
  const live: ReadonlyMap<string, Found> = await readLive(server, objects);
  let inSync = 0;
  for (const { file, objects: own } of charts) {
    const { verdicts, milliseconds } = judge(own, file, live, schemas);
    total.milliseconds += milliseconds;
    for (const verdict of verdicts) {
      total.judged++;
      if (verdict.kind === 'in-sync') inSync++;
      else tell(file, verdict, total);
    }
  }
  console.log(`  ${when}: ${inSync} of ${objects.length} objects are in sync`);
  return inSync;
}

function tell(file: string, verdict: Exclude<ObjectVerdict, { kind: 'in-sync' }>, total: Tally): void {
  const name = `${file}: ${verdict.object.kind}/${verdict.object.name}`;
  if (verdict.kind === 'unknown') {
    total.unknown++;
    console.log(`  unknown ${name}: ${verdict.reason}`);
    return;
  }
  total.drifted++;
  for (const { verdict: what, at, desired, live, note = '', attribution } of verdict.findings) {
    total.findings++;
    const sides = JSON.stringify({ desired, live })?.slice(0, 200);
    console.log(`  ${what} ${name} ${at} ${sides} ${note} ${attribution?.likely ?? ''}`);
  }
}

const partOf = (charts: readonly RenderedChart[], keep: (object: KubernetesObject) => boolean) =>
  charts.map((chart) => ({ ...chart, objects: chart.objects.filter(keep) }));

/** Which objects have no namespace: the server says it of its own kinds, definitions of theirs. */
async function clusterScoped(
  server: ApiServer,
  charts: readonly RenderedChart[],
): Promise<(object: KubernetesObject) => boolean> {
  const defined = definedForCluster(charts);
  const places = new Map<string, boolean>();
  for (const object of charts.flatMap(({ objects }) => objects)) {
    const kind = `${object.apiVersion}/${object.kind}`;
    if (places.has(kind)) continue;
    const path = await server.pathOf(referenceOf(object));
    places.set(
      kind,
      path === undefined ? defined.has(`${groupOf(object.apiVersion)}/${object.kind}`) : !path.namespaced,
    );
  }
  return ({ apiVersion, kind }) => places.get(`${apiVersion}/${kind}`) ?? false;
}

function parse(): Asked {
  const { values, positionals } = parseArgs({
    args: argv.slice(2),
    options: {
      apply: { type: 'string', default: 'ssa' },
      only: { type: 'string' },
      settle: { type: 'string', default: '0' },
      again: { type: 'boolean', default: false },
      kubernetes: { type: 'string', default: KUBERNETES[0] },
      least: { type: 'string' },
    },
    allowPositionals: true,
  });
  const [folder] = positionals;
  const { apply: how, only } = values;
  const kubernetes = KUBERNETES.find((version) => version === values.kubernetes);
  if (folder === undefined || (how !== 'ssa' && how !== 'create') || kubernetes === undefined) {
    console.error(`${USAGE}\nversions: ${KUBERNETES.join(', ')}`);
    exit(2);
  }
  return {
    folder,
    how,
    only,
    kubernetes,
    settleSeconds: Number(values.settle),
    again: values.again ? 'again' : 'once',
    least: Number(values.least ?? (only === undefined ? WHOLE_CORPUS : 0)),
  };
}

const emptyTally = (): Tally => ({
  inSync: 0,
  drifted: 0,
  findings: 0,
  unknown: 0,
  notServed: 0,
  refused: 0,
  judged: 0,
  milliseconds: 0,
});

await main();
