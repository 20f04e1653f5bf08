import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScopeObservation } from '../../../lib/checks/observation.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { helmReleaseName } from '../../../lib/repository/layout.ts';
import { type TestControlPlane, testControlPlane } from '../../control-plane.ts';
import { clusterRepository } from '../../fixtures/cluster-repository.ts';
import { type FluxCluster, fluxCluster } from '../../flux/flux.ts';
import { type Deploying, deployingByHelm, eachAtOnce, nameOf, type Release } from './deploying.ts';
import { editsOf } from './edits.ts';
import { deployingByFlux } from './flux.ts';
import { type Judging, judging } from './judging.ts';
import type { ChartPackage, Edit, Place, Way } from './package.ts';
import { committing, targetOf } from './repository.ts';

/** What came of it; `wrong` counts whatever must not be. */
export interface Total {
  packages: number;
  installs: number;
  upgrades: number;
  failed: number;
  /** Verdicts given, of a release each. */
  verdicts: number;
  /** Where nothing was changed. */
  findings: number;
  unknown: number;
  editsFound: number;
  editsMissed: number;
  /** Findings beyond what was changed by hand. */
  editsTooMuch: number;
  afterRepair: number;
  seconds: number;
  wrong: number;
}

const SETTLE_MS = 20_000;
const POLL_MS = 1000;
const HANDS = 3;

export async function runPackages(
  charts: readonly ChartPackage[],
  ways: readonly Way[],
  say: (line: string) => void,
): Promise<Total> {
  const began = performance.now();
  const total: Total = {
    packages: charts.length,
    installs: 0,
    upgrades: 0,
    failed: 0,
    verdicts: 0,
    findings: 0,
    unknown: 0,
    editsFound: 0,
    editsMissed: 0,
    editsTooMuch: 0,
    afterRepair: 0,
    seconds: 0,
    wrong: 0,
  };
  const flux = ways.includes('helm-controller') ? await fluxCluster('nodes') : undefined;
  const plane = flux?.plane ?? (await testControlPlane('nodes'));
  try {
    for (const way of ways) await runWay(way, charts, { plane, flux }, total, say);
  } finally {
    await (flux ?? plane).end();
  }
  total.seconds = Math.round((performance.now() - began) / 1000);
  total.wrong =
    total.failed +
    total.findings +
    total.unknown +
    total.editsMissed +
    total.editsTooMuch +
    total.afterRepair;
  return total;
}

interface Running {
  readonly plane: TestControlPlane;
  /** Where helm-controller is one of the ways. */
  readonly flux: FluxCluster | undefined;
}

async function runWay(
  way: Way,
  charts: readonly ChartPackage[],
  { plane, flux }: Running,
  total: Total,
  say: (line: string) => void,
): Promise<void> {
  const taken = charts.filter(({ ways }) => ways === undefined || ways.includes(way));
  const packages = taken.map((chart) => {
    const place: Place = { way, namespace: `${way}-${chart.name}`, release: chart.releaseName ?? chart.name };
    return { chart, place, revisions: chart.revisions(place) };
  });
  const namespaces = packages.map(({ place }) => place.namespace);
  await plane.apply(
    namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    'people',
  );
  const folder = join(plane.folder, `judging-${way}`);
  await mkdir(folder, { recursive: true });
  const repository = await clusterRepository();
  const target = targetOf(way, plane.kubeconfig, namespaces);
  const commit = committing(repository, target);
  const judge = await judging({ target, repository: repository.url, kubeconfig: plane.kubeconfig, folder });
  const round: Round = { way, judge, say, total };
  // A target is checked before anything is delivered into it: what the cluster serves is known then.
  let tip = await repository.commit({ 'README.md': 'the cluster\n' });
  const deploying: Deploying =
    way === 'helm-controller' && flux !== undefined
      ? await deployingByFlux(flux, target, repository.url, async () => tip)
      : await deployingByHelm(plane, way === 'client-side' ? way : 'helm4');
  try {
    const releasesAt = (index: 0 | 1): Release[] =>
      packages.map(({ chart, place, revisions }) => ({
        place,
        revision: revisions[index],
        conflicts: chart.conflicts,
        waitsFor: chart.waitsFor,
      }));
    const deploy = async (what: string, releases: readonly Release[]) => {
      tip = await commit(releases);
      const failed = await deploying.deploy(releases);
      for (const [name, why] of failed) say(`${way}: ${what} of ${name} failed: ${why}`);
      total.failed += failed.size;
      say(`${way}: ${what} of ${releases.length - failed.size} done`);
    };
    await judge.check();

    await deploy('install', releasesAt(0));
    total.installs += packages.length;
    await nothingFound(round, 'installed');
    await settled(round);
    await nothingFound(round, 'installed, after the controllers');

    await deploy('upgrade', releasesAt(1));
    total.upgrades += packages.length;
    await nothingFound(round, 'upgraded');
    await settled(round);
    await nothingFound(round, 'upgraded, after the controllers');

    const edits = new Map<Place, readonly Edit[]>();
    for (const { chart, place } of packages) {
      const declared = await judge.declared(place.namespace, place.release);
      edits.set(place, [...(chart.edits?.(place) ?? []), ...editsOf(declared, place)]);
    }
    const late = packages.flatMap(({ chart, place }) => chart.late?.(place) ?? []);
    if (late.length > 0) {
      await plane.apply(late.map(kindOf), 'people');
      await settled(round);
      await nothingFound(round, 'another kind is served');
    }

    await byHand(round, plane, edits, ({ argv }) => argv);
    await settled(round);
    await editsFound(round, edits);

    await byHand(round, plane, edits, ({ beforeRepair }) => beforeRepair);
    const failed = await deploying.repair(releasesAt(1));
    for (const [name, why] of failed) say(`${way}: repair of ${name} failed: ${why}`);
    total.failed += failed.size;
    await byHand(round, plane, edits, ({ undo }) => (undo === 'repair' ? undefined : undo));
    await settled(round);
    total.afterRepair += await found(round, 'repaired');
  } finally {
    await deploying.stop();
    await repository.remove();
  }
}

/** What people do with kubectl, in the package's namespace; some parts of it at once. */
async function byHand(
  { way, say, total }: Round,
  plane: TestControlPlane,
  edits: ReadonlyMap<Place, readonly Edit[]>,
  argvOf: (edit: Edit) => readonly string[] | undefined,
): Promise<void> {
  await eachAtOnce([...edits], HANDS, async ([place, made]) => {
    for (const edit of made) {
      const argv = argvOf(edit);
      if (argv === undefined) continue;
      await plane.kubectl(['-n', place.namespace, ...argv]).catch((error: Error) => {
        say(`${way}: ${nameOf(place)}: "${edit.what}": ${error.message}`);
        total.failed++;
      });
    }
  });
}

interface Round {
  readonly way: Way;
  readonly judge: Judging;
  readonly say: (line: string) => void;
  readonly total: Total;
}

/** Until every workload is as far as it comes, or a while has passed: some wait for what no test has. */
async function settled({ judge }: Round): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (let before = ''; Date.now() < deadline; await sleep(POLL_MS)) {
    const scopes = await judge.check();
    const waiting = JSON.stringify(
      scopes.map(({ state }) => (state.kind === 'in-sync' ? state.unready : state.kind)),
    );
    if (waiting === before) return;
    before = waiting;
  }
}

async function nothingFound(round: Round, when: string): Promise<void> {
  round.total.findings += await found(round, when);
}

/** Says and counts what is found where nothing is to be. */
async function found({ way, judge, say, total }: Round, when: string): Promise<number> {
  const scopes = await judge.check();
  let findings = 0;
  for (const { scope, state } of scopes) {
    const name =
      scope.kind === 'release'
        ? nameOf({ way, namespace: scope.namespace, release: scope.name })
        : scope.kind;
    total.verdicts++;
    if (state.kind === 'unknown') {
      total.unknown++;
      say(`${way}: ${when}: ${name} is unknown: ${state.reason}`);
    } else if (state.kind !== 'in-sync') {
      findings += state.findings.length;
      for (const finding of state.findings)
        say(`${way}: ${when}: ${name}: ${state.kind}: ${inWords(finding)}`);
    }
  }
  say(`${way}: ${when}: ${scopes.length} scopes, ${findings} findings`);
  return findings;
}

const inWords = ({ verdict, object, at, desired, live, note, attribution, secret }: Finding): string =>
  [
    `${verdict} ${object.kind}/${object.name} ${at}`,
    ...(secret ? [] : [`declared ${shown(desired)}, live ${shown(live)}`]),
    ...(note === undefined ? [] : [note]),
    ...(attribution === undefined ? [] : [attribution.likely]),
  ].join('; ');
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 120);

async function editsFound({ way, judge, say, total }: Round, edits: ReadonlyMap<Place, readonly Edit[]>) {
  const scopes = await judge.check();
  for (const [place, made] of edits) {
    const findings = findingsOf(scopes, place);
    const used = new Set<Finding>();
    for (const { what, expected } of made) {
      const matching = findings.filter(
        ({ object, verdict, at }) =>
          object.kind === expected.kind &&
          object.name === expected.name &&
          verdict === expected.verdict &&
          at.startsWith(expected.at),
      );
      for (const finding of matching) used.add(finding);
      if (matching.length > 0) total.editsFound++;
      else {
        total.editsMissed++;
        say(`${way}: ${nameOf(place)}: missed "${what}": ${JSON.stringify(expected)}`);
      }
    }
    for (const finding of findings) {
      if (used.has(finding)) continue;
      total.editsTooMuch++;
      say(`${way}: ${nameOf(place)}: beyond the edits: ${inWords(finding)}`);
    }
  }
  say(`${way}: edited: ${total.editsFound} found, ${total.editsMissed} missed so far`);
}

/** A kind that a package asks for, which comes into the cluster after it. */
const kindOf = (group: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `lates.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'lates', singular: 'late', kind: 'Late' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
});

/** Of the release, and of what declares it. */
const findingsOf = (scopes: readonly ScopeObservation[], place: Place): readonly Finding[] =>
  scopes.flatMap(({ scope, state }) => {
    if (state.kind !== 'drift' && state.kind !== 'rollout') return [];
    if (scope.kind === 'manifests')
      return state.findings.filter(({ object }) => object.name === helmReleaseName(place));
    const isIts =
      scope.kind === 'release' && scope.namespace === place.namespace && scope.name === place.release;
    return isIts ? state.findings : [];
  });
