import { setTimeout as sleep } from 'node:timers/promises';
import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { judgeSet } from '../../../lib/drift/drift.ts';
import { identityOf, type Json, type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { type ApiServer, messageOf } from '../api-server.ts';
import { anew, eachAtOnce, type Installed, readLive, repair } from './cluster.ts';
import { declaresNothing, placeOf, recordOf, type SeenFinding, type Writing } from './expect.ts';
import type { OpenApi } from './openapi.ts';
import { format } from './places.ts';
import { type Plan, type Planning, plan } from './plan.ts';
import { randomOf } from './values.ts';
import { judgeOf, type Verdict } from './verdict.ts';

export interface Playing extends Planning {
  readonly seed: string;
  readonly openApi: OpenApi;
  /** Mutations that are still wanted. */
  wanted: number;
}

/** kubectl is a process a call, and waits for the server half of the time. */
const KUBECTL_AT_ONCE = 8;

/** One mutation of each object; then everything back, and in sync again. */
export async function playRound(
  objects: readonly Installed[],
  round: number,
  playing: Playing,
): Promise<void> {
  const { report, hands, openApi } = playing;
  const { server } = hands;
  const before = await readLive(server, objects);
  const nodeOf = ({ declared }: Installed) => openApi.of(declared.apiVersion, declared.kind);
  const plans: Plan[] = [];
  await eachAtOnce(objects.slice(0, Math.max(0, playing.wanted)), async (installed) => {
    const live = before.get(installed.identity);
    if (live === undefined) return;
    const random = randomOf(`${playing.seed} ${round} ${installed.identity}`);
    const made = await plan(installed, live, nodeOf(installed), random, playing);
    if (made === undefined) report.skip('nothing was thought of that the server takes');
    else plans.push(made);
  });
  const done = new Set<Plan>();
  await eachAtOnce(
    plans,
    async (each) => {
      try {
        await each.tool.run(each.task, hands);
        if (playing.strip && each.sort !== 'delete') await strip(server, each.installed);
        done.add(each);
      } catch (error) {
        const said = String((error as { stderr?: string }).stderr || (error as Error).message);
        report.skip(reasonOf(said));
        if (process.env.VERBOSE)
          report.say(`  skipped: ${each.tool.name} ${each.sort} ${each.schemaPlace}: ${said.slice(0, 300)}`);
      }
    },
    KUBECTL_AT_ONCE,
  );
  const after = await readLive(server, objects);
  const verdicts = await judge(server, objects, after);
  const byIdentity = new Map(plans.map((each) => [each.installed.identity, each]));
  for (const installed of objects) {
    const made = byIdentity.get(installed.identity);
    const findings = verdicts.get(installed.identity);
    if (findings === undefined) continue;
    if (made === undefined || !done.has(made)) {
      if (made === undefined) await tellUntouched(installed, findings, playing);
      continue;
    }
    tell(
      made,
      judgeOf(made, after.get(installed.identity), findings, writingOf(made, playing.strip)),
      playing,
    );
  }
  await restore(plans, after, playing);
}

/** Of what nobody has touched nothing is to be told: but that it is gone, if it is. */
async function tellUntouched(
  installed: Installed,
  findings: readonly SeenFinding[],
  { report, hands: { server } }: Playing,
): Promise<void> {
  for (const { at, verdict } of findings) {
    if (verdict === 'missing' && (await isGone(server, installed))) {
      report.wentMeanwhile++;
      await anew(server, installed);
    } else report.wrong(`nobody touched ${installed.identity}: ${verdict} ${at}`);
  }
}

function writingOf({ tool, before }: Plan, strip: boolean): Writing {
  const { managedFields } = before.metadata;
  const unrecorded =
    tool.operation === 'Update' && !(Array.isArray(managedFields) && managedFields.length > 0);
  const stripped = strip || unrecorded;
  return { manager: tool.manager, operation: tool.operation, deployer: tool.manager === 'helm', stripped };
}

function tell(made: Plan, verdict: Verdict, playing: Playing): void {
  const { report } = playing;
  const { installed, tool, sort, task } = made;
  if (verdict.kind === 'nothing expected') {
    report.skip('changed nothing');
    return;
  }
  playing.wanted--;
  if (playing.strip && declaresNothing(installed.declared)) report.nothingRecorded++;
  report.played(sort, tool, `${installed.declared.kind} ${made.schemaPlace} ${sort}`);
  if (verdict.kind === 'found') {
    report.found++;
    return;
  }
  report.miss(
    `${installed.identity} ${sort} at ${format(task.candidate.place)} by ${tool.name}: ${verdict.why}`,
    {
      object: installed.declared as unknown as Json,
      how: installed.how,
      by: tool.name,
      manager: tool.manager,
      sort,
      pointer: task.edit.pointer,
      ...(task.edit.value === undefined ? {} : { value: task.edit.value }),
      strip: playing.strip,
      expect: verdict.expected as unknown as Json,
      found: verdict.found as unknown as Json,
    },
  );
}

async function strip(server: ApiServer, { path }: Installed): Promise<void> {
  const cleared = { metadata: { managedFields: [{}] } };
  const answer = await server.call('PATCH', path.object, cleared, 'application/merge-patch+json');
  if (answer.status >= 300) throw new Error(messageOf(answer));
}

/** Everything as it was, and the judge must say so. */
async function restore(
  plans: readonly Plan[],
  mutated: ReadonlyMap<string, KubernetesObject>,
  playing: Playing,
): Promise<void> {
  const { report, hands, strip: unrecorded } = playing;
  const { server } = hands;
  await eachAtOnce(plans, async ({ installed, node, before: was, sort }) => {
    const lost = recordOf(was).length > 0 && recordOf(mutated.get(installed.identity)).length === 0;
    const outcome = await repair(server, installed, was, node, unrecorded || sort === 'recreate' || lost);
    if (outcome === 'made anew') report.madeAnew++;
    if (outcome === 'failed') report.say(`  could not be put back: ${installed.identity}`);
  });
  const objects = plans.map(({ installed }) => installed);
  const verdicts = await judge(server, objects, await readLive(server, objects));
  for (const made of plans) {
    const [finding] = verdicts.get(made.installed.identity) ?? [];
    if (finding === undefined) continue;
    // A controller may be at it still.
    await sleep(500);
    const again = await judge(server, [made.installed], await readLive(server, [made.installed]));
    const [still] = again.get(made.installed.identity) ?? [];
    if (still === undefined) continue;
    if (still.verdict === 'missing' && (await isGone(server, made.installed))) report.wentMeanwhile++;
    else
      report.wrong(
        `after the repair of ${made.installed.identity} (${made.sort} at ${format(made.task.candidate.place)} by ${made.tool.name}, ${made.installed.how}): ${still.verdict} ${still.at} ${still.manager ?? ''} ${still.likely ?? ''}`,
      );
    await anew(server, made.installed);
  }
}

/**
 * Controllers delete what nothing keeps (an Endpoints object without its Service, a Pod of a node that was not heard of
 * for minutes): then "missing" is true.
 */
const isGone = async (server: ApiServer, { path }: Installed): Promise<boolean> =>
  (await server.call('GET', path.object)).status === 404;

/** The real judge over what is live, by object. */
export async function judge(
  server: ApiServer,
  objects: readonly Installed[],
  live: ReadonlyMap<string, KubernetesObject>,
): Promise<Map<string, SeenFinding[]>> {
  const schemas = await server.schemas();
  const found = new Map<string, SeenFinding[]>();
  for (const chart of Map.groupBy(objects, (each) => each.chart).values()) {
    const desired = chart.map(
      ({ declared }): RenderedObject => ({
        object: declared,
        role: 'applied',
        source: '',
        unstable: [],
        usesLookup: false,
      }),
    );
    const verdicts = judgeSet({
      desired,
      live: {
        find(reference) {
          const object = live.get(identityOf(reference));
          return object === undefined ? { kind: 'absent' } : { kind: 'found', object };
        },
        owned: [],
      },
      schemas,
      deployer: 'none',
    });
    for (const verdict of verdicts) {
      const findings = verdict.kind === 'drift' ? verdict.findings : [];
      found.set(
        identityOf(verdict.object),
        findings.map(({ verdict: kind, path, at, attribution }) => ({
          verdict: kind,
          place: placeOf(path as unknown as Parameters<typeof placeOf>[0]),
          at,
          manager: attribution?.manager,
          operation: attribution?.operation,
          likely: attribution?.likely,
        })),
      );
    }
  }
  for (const { declared, identity } of objects)
    if (!found.has(identity)) throw new Error(`no verdict of ${declared.kind} ${referenceOf(declared).name}`);
  return found;
}

/** Reasons without names, so that they can be counted. */
function reasonOf(said: string): string {
  const line = said.split('\n').find((each) => each.trim() !== '') ?? said;
  if (/not modified|no change|edit cancelled/i.test(said)) return 'the tool saw no change';
  if (/conflict|has been modified/i.test(said)) return 'conflict with a controller';
  if (/immutable|forbidden|may not|not allowed/i.test(said)) return 'refused: forbidden or immutable';
  if (/invalid/i.test(said)) return 'refused: invalid';
  if (/timed out|timeout/i.test(said)) return 'timed out';
  return `refused: ${line.replace(/"[^"]*"/g, '…').slice(0, 60)}`;
}
