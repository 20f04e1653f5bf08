import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tools } from '../../../local/tools.ts';
import { type ApiServer, objectOf, startApiServer } from '../api-server.ts';
import { type Chart, readCharts, type Stage, stageOf, together } from './charts.ts';
import { eachAtOnce, ensureNamespaces, type Installed, install, readLive, remove } from './cluster.ts';
import { installCustoms } from './customs.ts';
import { type OpenApi, openApiReader } from './openapi.ts';
import { judge, type Playing, playRound } from './play.ts';
import { Report } from './report.ts';
import { type Hands, handsFor } from './tools.ts';
import { otherVersions } from './versions.ts';

export interface Wish {
  readonly folder: string;
  readonly count: number;
  readonly seed: string;
  readonly strip: boolean;
  readonly forge: boolean;
  readonly only?: string | undefined;
}

/** What controllers do at once, they have done by then. */
const SETTLING_MS = 1500;
const STAGES: readonly Stage[] = ['ordinary', 'definitions', 'restricting'];
/** Where nothing more can be thought of, it ends short of the wish. */
const PASSES = 12;

/** @returns the exit code: 0, 1 where something was missed or found wrongly, 2 where there is no control plane */
export async function run(wish: Wish, report = new Report()): Promise<number> {
  const started = await startApiServer('nodes');
  if (started.kind === 'unavailable') {
    console.error(`${started.reason}\n${started.howTo}`);
    return 2;
  }
  const { server } = started;
  const folder = await mkdtemp(join(tmpdir(), 'mutations-'));
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  try {
    const hands = await handsFor(server, (await tools()).kubectl, folder);
    const all = (await readCharts(wish.folder)).filter(
      ({ name }) => wish.only === undefined || name.includes(wish.only),
    );
    const total = all.reduce((sum, { objects }) => sum + objects.length, 0);
    // As few charts as will do, several rounds each.
    const rounds = Math.min(8, Math.max(1, Math.ceil((wish.count * 1.15) / Math.max(1, total))));
    const tried = new Map<string, number>();
    for (let pass = 0; pass < PASSES && report.count < wish.count; pass++)
      for (const charts of together(all)) {
        if (report.count >= wish.count || ending.signal.aborted) break;
        await playCharts(charts, rounds, pass, { wish, server, hands, report, tried, ending: ending.signal });
      }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  report.say(report.summary({ strip: wish.strip, forge: wish.forge, seed: wish.seed }));
  if (report.count < wish.count) return 1;
  return report.exitCode;
}

interface Setting {
  readonly wish: Wish;
  readonly server: ApiServer;
  readonly hands: Hands;
  readonly report: Report;
  readonly tried: Map<string, number>;
  /** Interrupted: what is under way is finished, and no more begun. */
  readonly ending: AbortSignal;
}

async function playCharts(
  charts: readonly Chart[],
  rounds: number,
  pass: number,
  setting: Setting,
): Promise<void> {
  const { server, report } = setting;
  const started = report.count;
  server.forget();
  const objects = charts.flatMap((chart) => chart.objects.map((object) => ({ object, chart: chart.name })));
  await ensureNamespaces(
    server,
    objects.flatMap(({ object: { metadata } }) => metadata.namespace ?? []),
  );
  const installed: Record<Stage, Installed[]> = { definitions: [], ordinary: [], restricting: [] };
  // Each third chart as a deployer that creates and updates.
  const how = (chart: string): Installed['how'] =>
    (charts.findIndex(({ name }) => name === chart) + pass) % 3 === 2 ? 'create' : 'apply';
  const put = (stage: Stage) =>
    eachAtOnce(
      objects.filter(({ object }) => stageOf(object) === stage),
      async ({ object, chart }) => {
        // A namespace that is there already is not created.
        const made = await install(server, object, chart, object.kind === 'Namespace' ? 'apply' : how(chart));
        if (typeof made !== 'string') installed[stage].push(made);
        else if (process.env.VERBOSE)
          report.say(`  not installed: ${object.kind} ${object.metadata.name}: ${made}`);
      },
    );
  try {
    await put('definitions');
    if (installed.definitions.length > 0) await served(server, installed.definitions);
    const openApi = openApiReader((method, path) => server.call(method, path));
    await put('ordinary');
    const customs = await installCustoms(server, installed.definitions, await openApi(), setting.wish.seed);
    installed.ordinary.push(...customs);
    for (const stage of STAGES) {
      if (stage === 'restricting') await put(stage);
      const here = installed[stage].sort((a, b) => (a.identity < b.identity ? -1 : 1));
      if (here.length === 0) continue;
      await sleep(SETTLING_MS);
      await playStage(here, rounds, pass, await openApi(), setting);
      // Its objects go first, so that a definition may be changed at will.
      if (stage === 'ordinary') await remove(server, here);
    }
  } finally {
    for (const stage of ['restricting', 'ordinary', 'definitions'] as const)
      await remove(server, installed[stage]);
  }
  report.say(`${charts.map(({ name }) => name).join(', ')}: ${report.count - started} mutations`);
}

async function playStage(
  objects: readonly Installed[],
  rounds: number,
  pass: number,
  openApi: OpenApi,
  { wish, hands, report, tried, server, ending }: Setting,
): Promise<void> {
  const first = await judge(server, objects, await readLive(server, objects));
  for (const [identity, findings] of first)
    for (const { verdict, at } of findings)
      report.wrong(`before anything was done: ${identity} ${verdict} ${at}`);
  const lasting = objectOf(await server.call('GET', '/api/v1/namespaces/kube-system'));
  const { name, uid } = lasting.metadata;
  const owner = { apiVersion: 'v1', kind: 'Namespace', name, uid: String(uid) };
  const versions = await otherVersions(server, objects);
  for (let round = 0; round < rounds && report.count < wish.count && !ending.aborted; round++) {
    const playing: Playing = {
      hands,
      report,
      tried,
      owner,
      openApi,
      seed: wish.seed,
      strip: wish.strip,
      forge: wish.forge,
      wanted: wish.count - report.count,
      otherVersion: versions,
    };
    await playRound(objects, pass * 100 + round, playing);
  }
}

/** The server publishes new definitions a little later, also their schemas. */
export async function served(server: ApiServer, definitions: readonly Installed[]): Promise<void> {
  for (let waited = 0; waited < 15_000; waited += 300) {
    const schemas = await server.schemas();
    const missing = definitions.filter(({ declared }) => {
      const { group, names, versions } = declared.spec as {
        readonly group: string;
        readonly names: { readonly kind: string };
        readonly versions?: readonly { readonly name: string; readonly served: boolean }[];
      };
      const version = versions?.find((each) => each.served)?.name;
      return version !== undefined && schemas.of(`${group}/${version}`, names.kind) === undefined;
    });
    if (missing.length === 0) break;
    await sleep(300);
  }
  server.forget();
}
