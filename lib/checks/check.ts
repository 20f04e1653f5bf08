import type { ObjectStore } from '../aws/objects.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Discovery } from '../cluster/discovery.ts';
import type { KeptSchemas } from '../cluster/openapi.ts';
import { type Profile, readProfile } from '../cluster/profile.ts';
import { isScaler } from '../drift/excuses/replicas.ts';
import { managersOf } from '../drift/ownership/managers.ts';
import type { Ruled } from '../drift/rules/judge.ts';
import type { Finding } from '../drift/verdicts.ts';
import { identityOf, type KubernetesObject, referenceOf } from '../objects/objects.ts';
import { appliedVersions } from './applied-versions.ts';
import { applierOf } from './applier.ts';
import { asTracked } from './argocd-tracking.ts';
import { askedMaps } from './asked-maps.ts';
import { deployersObjects, speakerOf } from './deployer-report.ts';
import { type CheckQuestion, judgeScope, type Seen } from './judge-scope.ts';
import { readLive } from './live.ts';
import type { CheckMemory } from './memory.ts';
import type { Observation, ScopeObservation, ScopeState } from './observation.ts';
import { withOwnObjects } from './own-objects.ts';
import { markOf } from './ownership-marks.ts';
import { ignoredIn, observeRules, rulesAt } from './rules.ts';
import { type DeclaredScope, readScopes } from './scopes.ts';
import { filesOf, withSources } from './sources.ts';
import { throughDeployer } from './through-deployer.ts';
import { inventoriedKinds, wantedKinds } from './wanted.ts';

export type { CheckQuestion } from './judge-scope.ts';

export interface CheckParts {
  /** Where renders are kept. */
  readonly state: ObjectStore;
  readonly cluster: Cluster;
  readonly memory: CheckMemory;
  /** `keep`: the schemas of every kind too, for those who render and judge without reaching the cluster. */
  readonly allSchemas?: 'keep';
}

export interface CheckReport {
  readonly observation: Observation;
  /** What the cluster says of itself; absent where it did not answer. */
  readonly profile?: Profile;
  /** Whether something is under way that a check should look at before the schedule does. */
  readonly next: 'soon' | 'scheduled';
}

/**
 * Compares a cluster with what a commit declares. A cluster that does not answer is one `unknown` of the target, a
 * kind that may not be read one of each release that declares it: neither is ever drift.
 */
export async function checkTarget(question: CheckQuestion, parts: CheckParts): Promise<CheckReport> {
  const { target, desired, now } = question;
  const [version, discovery] = await Promise.all([parts.cluster.version(), parts.cluster.discover()]);
  if (version.kind !== 'answered') return unknownReport(question, version);
  if (discovery.kind !== 'answered') return unknownReport(question, discovery);

  const declaredScopes = await readScopes(parts.state, desired, await parts.memory.read());
  const marks = new Set(
    declaredScopes.map((scope) => markOf(target, scope)).filter((mark) => mark !== undefined),
  );
  const [live, canRun] = await Promise.all([
    readLive(
      parts.cluster,
      discovery.value,
      wantedKinds(target, declaredScopes, desired.asks),
      marks,
      (seen) => inventoriedKinds(seen, target, declaredScopes),
    ),
    hasNodes(parts.cluster, discovery.value),
  ]);
  const scopes = asTracked(declaredScopes, live, target);
  const objects = scopes
    .flatMap(({ tip }) => (tip.kind === 'rendered' ? tip.objects : []))
    .map(({ object }) => object);
  const identities = new Set(objects.map((object) => identityOf(referenceOf(object))));
  const files = filesOf(scopes);
  const rules = rulesAt(desired.rules, now);
  const seen: Seen = {
    live,
    canRun,
    history: await parts.memory.history(),
    speaking: new Set(scopes.flatMap(speakerOf).map(identityOf)),
    everything: { informing: objects.filter(isInforming), identities },
    rules,
  };
  const observed: ScopeObservation[] = [];
  const ruled: Ruled[] = [];
  let soon: CheckReport['next'] = 'scheduled';
  const spoken: Finding[] = [];
  // The deployer's own objects first: what it did to a release may be told by them alone.
  for (const declared of scopes.toSorted((a, b) => turnOf(a) - turnOf(b))) {
    const judged = await judgeScope(declared, seen, question, parts.memory);
    const { next } = judged;
    const state = throughDeployer(
      withSources(judged.state, declared),
      spoken,
      deployersObjects(live, target, [declared]).map(referenceOf),
      managersOf(target.deployer),
    );
    if (declared.release === undefined && 'findings' in state) spoken.push(...state.findings);
    if (next === 'soon') soon = 'soon';
    if (judged.ruled !== undefined) ruled.push(judged.ruled);
    const appliedBy = applierOf(declared, live, target, (object) => files.get(identityOf(object)));
    observed.push({
      scope: declared.scope,
      state,
      ...(declared.release?.chart === undefined ? {} : { chart: declared.release.chart }),
      ...(declared.release?.chartTree === undefined ? {} : { chartTree: declared.release.chartTree }),
      ...(appliedBy === undefined ? {} : { appliedBy }),
      ...(judged.render === undefined ? {} : { render: judged.render }),
      ...ignoredIn(judged.ruled, declared.release?.namespace),
      ...(declared.release?.suspended === true ? { remarks: [SUSPENDED] } : {}),
    });
  }
  const told: ScopeObservation[] = [...withOwnObjects(observed, scopes, live)];
  if (desired.rules !== undefined) {
    const isAll =
      ruled.length === scopes.length &&
      ruled.every(({ verdicts }) => verdicts.every(({ kind }) => kind !== 'unknown'));
    const declared = desired.rules;
    told.push(observeRules({ declared, inForce: rules, ruled, judged: isAll ? 'all' : 'some' }));
  }
  const before = (await readProfile(parts.state, target.name))?.schemas ?? {};
  const schemas = parts.allSchemas === 'keep' ? await parts.cluster.keepSchemas(before) : before;
  // That the target itself could be judged is an observation, too: it ends an `unknown` of the target.
  told.push({
    scope: { kind: 'target' },
    state: { kind: 'in-sync', unready: [] },
    ...(desired.remarks === undefined ? {} : { remarks: desired.remarks }),
  });
  return {
    observation: observationOf(question, told),
    next: soon,
    profile: {
      ...profileOf(target.name, version.value, discovery.value, now, schemas),
      applied: appliedVersions(deployersObjects(live, target, scopes)),
      ...(desired.asks === undefined ? {} : { maps: askedMaps(desired.asks, live) }),
    },
  };
}

const turnOf = ({ release }: DeclaredScope): number => (release === undefined ? 0 : 1);

const SUSPENDED = 'suspended, as Git says: its deployer applies nothing of it by itself';

/** A target of which nothing could be seen. What is declared in it is not mentioned, so that nothing is closed. */
export function unknownTarget(
  question: CheckQuestion,
  { reason, rule }: { readonly reason: string; readonly rule?: string },
): Observation {
  const state: ScopeState = { kind: 'unknown', reason, ...(rule === undefined ? {} : { rule }) };
  return observationOf(question, [{ scope: { kind: 'target' }, state }]);
}

export const unknownReport = (
  question: CheckQuestion,
  why: { readonly reason: string; readonly rule?: string },
): CheckReport => ({ observation: unknownTarget(question, why), next: 'scheduled' });

const observationOf = (
  { target, desired, sequence, now }: CheckQuestion,
  scopes: readonly ScopeObservation[],
): Observation => ({ target: target.name, commit: desired.commit, sequence, at: now, scopes });

/**
 * Whether anything can run at all: an API server without a single node (the local installation) makes no workload
 * ready, and that says nothing of a release. Where nodes may not be read, there are some.
 */
async function hasNodes(cluster: Cluster, discovery: Discovery): Promise<boolean> {
  const node = discovery.find('v1', 'Node');
  if (node === undefined) return false;
  const answer = await cluster.list(node, { atMost: 1 });
  return answer.kind !== 'answered' || answer.value.length > 0;
}

/** What says how other objects may be: who scales a workload, and what a deployer leaves alone (lib/drift). */
const isInforming = (object: KubernetesObject): boolean =>
  DEPLOYERS_KINDS.has(object.kind) || isScaler(object);
const DEPLOYERS_KINDS = new Set(['HelmRelease', 'Kustomization', 'Application']);

/** Group-versions and kinds, as helm's `.Capabilities.APIVersions` holds them. */
function profileOf(
  target: string,
  version: string,
  discovery: Discovery,
  at: string,
  schemas: KeptSchemas,
): Profile {
  const apiVersions = new Set<string>();
  for (const { apiVersion, kind } of discovery.kinds)
    apiVersions.add(apiVersion).add(`${apiVersion}/${kind}`);
  return { schema: 1, target, kubernetesVersion: version, apiVersions: [...apiVersions].sort(), schemas, at };
}
