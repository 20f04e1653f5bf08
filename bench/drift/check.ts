import { mkdtemp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { tools } from '../../local/tools.ts';
import type { AuditedRequest } from '../../test/audit-log.ts';
import { median, rounded } from '../median.ts';
import type { Asked } from './only.ts';
import { type Ran, ran, ranNode } from './process.ts';
import { SOURCES, withProgram } from './program.ts';
import { makeWorld, TARGET, type World } from './world.ts';

const RELEASES = { full: 200, quick: 20 } as const;
const RUNS = { full: 7, quick: 3 } as const;
const DIFFS = { full: 3, quick: 1 } as const;
const KINDS =
  'deployments.apps,services,serviceaccounts,ingresses.networking.k8s.io,horizontalpodautoscalers.v2.autoscaling';
const READING = new Set(['get', 'list']);

const verdict = z.object({ scopes: z.array(z.object({ state: z.object({ kind: z.string() }) })) });

/**
 * `fairlead check` as a process, from its start to its end, of 1,000 objects in 200 releases. In the same run, in
 * turns: kubectl diff of the same objects, and the bare lists of their kinds.
 */
export const measureCheck = (asked: Asked): Promise<Record<string, unknown>> =>
  withProgram(asked, (program) => measure(asked, program));

async function measure({ parts, pace }: Asked, program: string): Promise<Record<string, unknown>> {
  const world = await makeWorld({ releases: RELEASES[pace], setsEach: 1 });
  try {
    const cache = await mkdtemp(join(world.folder, 'cache-'));
    const check = (what = program): Promise<Ran> => checked(world, what, cache);
    const first = await check();
    console.log(`first, nothing kept: ${seconds(first)} s`);
    await world.requests();
    const again = await check();
    const requests = await world.requests();
    return {
      objects: world.objects,
      ...(parts.has('check') ? { check: await warm(world, pace, check, requests) } : {}),
      first: {
        uncachedSeconds: seconds(first),
        uncachedPeakMb: first.peakMegabytes,
        secondSeconds: seconds(again),
        ...(parts.has('first') ? await otherCommit(world, check) : {}),
      },
    };
  } finally {
    await world.end();
  }
}

async function warm(
  world: World,
  pace: Asked['pace'],
  check: (what?: string) => Promise<Ran>,
  requests: readonly AuditedRequest[],
) {
  const { kubectl } = await tools();
  const as = ['--kubeconfig', world.kubeconfig];
  const lists = () => ran(kubectl, [...as, 'get', KINDS, '--all-namespaces', '--output=json']);
  const diff = () =>
    ran(
      kubectl,
      [...as, 'diff', '--server-side', '--force-conflicts', '--field-manager=helm', '--filename=-'],
      { input: world.manifests },
    );
  const took = {
    check: [] as number[],
    sources: [] as number[],
    lists: [] as number[],
    diff: [] as number[],
  };
  let peak = 0;
  for (let run = 0; run < RUNS[pace]; run++) {
    const ours = await check();
    took.check.push(ours.milliseconds);
    peak = Math.max(peak, ours.peakMegabytes);
    took.sources.push((await check(SOURCES)).milliseconds);
    took.lists.push(successful(await lists()).milliseconds);
    if (run < DIFFS[pace]) took.diff.push(successful(await diff()).milliseconds);
  }
  const checkMs = median(took.check);
  const listsMs = median(took.lists);
  const diffMs = median(took.diff);
  const written = requests.filter(({ verb }) => !READING.has(verb));
  console.log(
    `check ${rounded(checkMs)} ms, bare lists ${rounded(listsMs)} ms, kubectl diff ${rounded(diffMs)} ms`,
  );
  return {
    checkMs: rounded(checkMs),
    fromSourcesMs: rounded(median(took.sources)),
    listsMs: rounded(listsMs),
    diffMs: rounded(diffMs),
    timesFasterThanDiff: rounded(diffMs / checkMs),
    timesTheLists: rounded(checkMs / listsMs),
    peakMb: peak,
    requests: requests.length,
    lists: requests.filter(({ verb, resource }) => verb === 'list' && resource !== undefined).length,
    verbs: [...new Set(requests.map(({ verb }) => verb))].sort(),
    otherThanReading: written.length,
  };
}

/** Nothing of the releases has changed, but the commit has: Git is read, and no chart is rendered. */
async function otherCommit(world: World, check: () => Promise<Ran>) {
  await world.commit('Something else');
  const ours = await check();
  console.log(`another commit: ${seconds(ours)} s`);
  return { otherCommitSeconds: seconds(ours) };
}

/** A check that must find all in sync. @throws Error with what it said otherwise */
export async function checked(world: World, cli: string, cache: string): Promise<Ran> {
  const { helm } = await tools();
  const argv = [
    ...['check', TARGET, '--repo', world.repository, '--kubeconfig', world.kubeconfig],
    ...['--deployer', 'none', '--output', 'json', '--cache', cache],
  ];
  const ours = await ranNode(cli, argv, dirname(helm));
  successful(ours);
  const { scopes } = verdict.parse(JSON.parse(ours.stdout));
  const wrong = scopes.filter(({ state }) => state.kind !== 'in-sync');
  if (wrong.length > 0) throw new Error(`not in sync: ${JSON.stringify(wrong[0])}`);
  return ours;
}

function successful(process: Ran): Ran {
  if (process.code === 0) return process;
  throw new Error(`ended with ${process.code}: ${process.stderr.slice(-500)}${process.stdout.slice(-1500)}`);
}

const seconds = ({ milliseconds }: Ran): number => rounded(milliseconds / 1000);
