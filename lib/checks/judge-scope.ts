import type { RenderedObject } from '../charts/render-request.ts';
import type { Target } from '../config/config.ts';
import type { Digest } from '../content/tree.ts';
import type { DesiredRelease, DesiredState } from '../desired/state.ts';
import { judgeSet } from '../drift/drift.ts';
import { managersOf } from '../drift/ownership/managers.ts';
import { type Ruled, type RulesInForce, underRules } from '../drift/rules/judge.ts';
import type { ObjectVerdict } from '../drift/verdicts.ts';
import {
  formatReference,
  identityOf,
  type KubernetesObject,
  type ObjectReference,
  referenceOf,
} from '../objects/objects.ts';
import { type Admissions, admissionsOf, refusedOf, without } from './admissions.ts';
import { reportOf } from './deployer-report.ts';
import type { LiveObjects } from './live.ts';
import type { CheckMemory, RememberedScope } from './memory.ts';
import type { ScopeState } from './observation.ts';
import { markOf } from './ownership-marks.ts';
import { readinessOf } from './readiness.ts';
import { decideState, type History, type RolloutAnswer } from './rollout.ts';
import type { DeclaredScope } from './scopes.ts';

/** Of a scope: enough for every chart, and an end for an item that people could make grow. */
const REMEMBERED_KINDS = 150;
const REMEMBERED_ORPHANS = 50;

export interface CheckQuestion {
  readonly target: Target;
  readonly desired: DesiredState;
  readonly sequence: number;
  /** ISO. */
  readonly now: string;
}

/** What a check has in hand when it comes to a scope. */
export interface Seen {
  readonly live: LiveObjects;
  /** Whether there is anything that workloads could run on. */
  readonly canRun: boolean;
  readonly history: History;
  /** Of all that the commit declares: an autoscaler of one release may excuse another's replicas. */
  readonly everything: {
    readonly informing: readonly KubernetesObject[];
    readonly identities: ReadonlySet<string>;
  };
  /** Objects of the deployer that speak of another scope: whether they are ready is that scope's matter. */
  readonly speaking: ReadonlySet<string>;
  /** People's rules, as far as they hold today. */
  readonly rules: RulesInForce;
}

/** How things are with a scope, and whether they are about to change: then the next check is soon. */
export interface JudgedScope {
  readonly state: ScopeState;
  /** What it was judged against. */
  readonly render?: Digest;
  readonly next: 'soon' | 'scheduled';
  /** The verdicts against the tip under people's rules; absent where there are none. */
  readonly ruled?: Ruled;
}

/** The state of one scope; what is to be remembered of it is written, if it changed. */
export async function judgeScope(
  declared: DeclaredScope,
  { live, canRun, history, everything, speaking, rules }: Seen,
  { target, desired, now }: CheckQuestion,
  memory: CheckMemory,
): Promise<JudgedScope> {
  const { release, remembered, applied } = declared;
  if (declared.tip.kind === 'unknown') return { state: declared.tip, next: 'scheduled' };
  const mark = markOf(target, declared);
  // What another scope declares meanwhile is no orphan, whatever marks it has left; nor is what goes already.
  const owned = (mark === undefined ? [] : live.marked(mark)).filter(
    (object) =>
      !everything.identities.has(identityOf(referenceOf(object))) &&
      !isLeaving(object, now, target.rolloutDeadlineMinutes),
  );
  const against = (objects: readonly RenderedObject[], admissions: Admissions): Ruled => {
    const verdicts = judgeSet({
      desired: objects,
      live: { find: (reference) => live.find(reference, release?.namespace), owned },
      schemas: live.schemas,
      deployer: target.deployer,
      alsoDeclared: everything.informing,
      admitted: (reference) => admissions[identityOf(reference)],
      ...(release === undefined ? {} : { release: deployedOf(release) }),
    });
    return underRules(verdicts, rules, release?.chart?.name);
  };

  const known = remembered.admissions ?? {};
  const { tip, otherwise, ...first } = asDeployed(declared.tip, declared, (objects) =>
    against(objects, known),
  );
  let { againstTip } = first;
  let admissions: Admissions = known;
  const isSettled = remembered.applied?.render === tip.render;
  const refused = remembered.refused ?? {};
  if (!isSettled && memory.admissions === 'remembered') {
    // The first checks of a rollout: what admission put there now is what it puts there (drift.md, rule 5).
    admissions = without(refused, admissionsOf(againstTip.verdicts));
    if (Object.keys(admissions).length > 0) againstTip = against(tip.objects, admissions);
  }
  const orphans = orphansIn(againstTip.verdicts);
  const hidden = hiddenOf(remembered.orphans ?? [], orphans, everything.identities, live);
  if (hidden.length > 0) againstTip = { ...againstTip, verdicts: [...againstTip.verdicts, ...hidden] };
  const answer = decideState({
    tip: {
      render: tip.render,
      commit: desired.commit,
      ...(tip.inputs === undefined ? {} : { inputs: tip.inputs }),
    },
    againstTip: againstTip.verdicts,
    ...(applied === undefined || otherwise ? {} : { againstApplied: against(applied, known).verdicts }),
    unready: canRun
      ? unreadyOf(
          tip.objects.filter(({ object }) => !speaking.has(identityOf(referenceOf(object)))),
          live,
          release?.namespace,
        )
      : [],
    memory: remembered,
    history,
    deployer: reportOf(declared, live, target, desired.commit),
    deployerManagers: managersOf(target.deployer),
    now,
    deadlineMinutes: target.rolloutDeadlineMinutes,
  });

  const isApplied = answer.memory.applied?.render === tip.render;
  const after: RememberedScope = {
    ...answer.memory,
    kinds: kindsOf(tip.objects, remembered.kinds),
    ...orphansToRemember([...orphans, ...hidden.map(({ object }) => object)]),
    ...named('admissions', isApplied ? admissions : known),
    ...named('refused', isApplied ? refusedOf(againstTip.verdicts, isSettled ? 'all' : refused) : refused),
  };
  // Written only when something changed: an unchanged target costs no write.
  if (!isSame(after, remembered)) await memory.write(declared.name, after);
  return {
    state: answer.state,
    render: tip.render,
    next: nextOf(answer, now, target.rolloutDeadlineMinutes),
    ruled: againstTip,
  };
}

type RenderedTip = Extract<DeclaredScope['tip'], { kind: 'rendered' }>;

/**
 * The tip as the deployer last rendered it. The same chart and values render to something else once the cluster serves
 * another kind or version, and by a newer helm: that comes with the next upgrade, and is no rollout. What is nearer to
 * the cluster is what was deployed: somebody may have upgraded meanwhile.
 */
function asDeployed(
  tip: RenderedTip,
  { remembered, applied }: DeclaredScope,
  against: (objects: readonly RenderedObject[]) => Ruled,
): { readonly tip: RenderedTip; readonly againstTip: Ruled; readonly otherwise: boolean } {
  const againstTip = against(tip.objects);
  const now = { tip, againstTip, otherwise: false };
  const { inputs, render } = remembered.applied ?? {};
  if (applied === undefined || render === undefined || inputs === undefined || inputs !== tip.inputs)
    return now;
  const findings = findingsIn(againstTip);
  if (findings === 0) return now;
  const againstApplied = against(applied);
  // As near as the tip: nothing in Git has changed, so that what differs is no step of a rollout.
  if (findingsIn(againstApplied) > findings) return now;
  return { tip: { ...tip, render, objects: applied }, againstTip: againstApplied, otherwise: true };
}

const findingsIn = ({ verdicts }: Ruled): number =>
  verdicts.reduce((sum, verdict) => sum + (verdict.kind === 'drift' ? verdict.findings.length : 0), 0);

const deployedOf = ({ namespace, name, deployedBy }: DesiredRelease) => ({
  namespace,
  name,
  ...(deployedBy === undefined ? {} : { deployedBy }),
});

/**
 * Deleted, and held by its finalizers: deployers wait there until all that an Application or a HelmRelease made is gone.
 * What still waits after the deadline is stuck.
 */
function isLeaving({ metadata }: KubernetesObject, now: string, deadlineMinutes: number): boolean {
  const since = metadata.deletionTimestamp;
  return typeof since === 'string' && Date.parse(now) - Date.parse(since) < deadlineMinutes * 60_000;
}

/** A rollout ends by its deadline, one way or the other; workloads have as long to become ready. */
function nextOf({ state, memory }: RolloutAnswer, now: string, deadlineMinutes: number): JudgedScope['next'] {
  if (state.kind === 'rollout') return 'soon';
  if (state.kind !== 'in-sync' || state.unready.length === 0 || memory.applied === undefined)
    return 'scheduled';
  const minutes = (Date.parse(now) - Date.parse(memory.applied.at)) / 60_000;
  return minutes < deadlineMinutes ? 'soon' : 'scheduled';
}

const named = (name: 'admissions' | 'refused', digests: Admissions) =>
  Object.keys(digests).length === 0 ? {} : { [name]: digests };

const isSame = (a: RememberedScope, b: RememberedScope): boolean =>
  a.applied?.render === b.applied?.render &&
  a.applied?.inputs === b.applied?.inputs &&
  a.waiting?.render === b.waiting?.render &&
  a.kinds.length === b.kinds.length &&
  JSON.stringify(a.orphans) === JSON.stringify(b.orphans) &&
  JSON.stringify(a.admissions) === JSON.stringify(b.admissions) &&
  JSON.stringify(a.refused) === JSON.stringify(b.refused);

const orphansIn = (verdicts: readonly ObjectVerdict[]): readonly ObjectReference[] =>
  verdicts.flatMap((verdict) =>
    verdict.kind === 'drift' && verdict.findings.some((finding) => finding.verdict === 'extra')
      ? [verdict.object]
      : [],
  );

/** Orphans of an earlier check whose kind cannot be listed now: not judged, and so not gone. */
function hiddenOf(
  before: readonly ObjectReference[],
  now: readonly ObjectReference[],
  declared: ReadonlySet<string>,
  live: LiveObjects,
): readonly (ObjectVerdict & { readonly kind: 'unknown' })[] {
  const seen = new Set(now.map(identityOf));
  return before.flatMap((object) => {
    if (seen.has(identityOf(object)) || declared.has(identityOf(object))) return [];
    const found = live.find(object);
    return found.kind === 'unknown' ? [{ ...found, object }] : [];
  });
}

const orphansToRemember = (orphans: readonly ObjectReference[]): Pick<RememberedScope, 'orphans'> =>
  orphans.length === 0 ? {} : { orphans: orphans.slice(0, REMEMBERED_ORPHANS) };

/** Workloads that have not become current, as people read it: `Deployment/web: 0 of 2 are available`. */
function unreadyOf(
  objects: readonly RenderedObject[],
  live: LiveObjects,
  namespace: string | undefined,
): readonly string[] {
  return objects.flatMap(({ object, role }) => {
    const found = role === 'hook' ? undefined : live.find(referenceOf(object), namespace);
    if (found?.kind !== 'found') return [];
    const readiness = readinessOf(found.object);
    return readiness.kind === 'ready'
      ? []
      : [`${formatReference(referenceOf(found.object), namespace)}: ${readiness.because}`];
  });
}

function kindsOf(objects: readonly RenderedObject[], before: readonly string[]): readonly string[] {
  const kinds = new Set(before);
  for (const { object, role } of objects) {
    if (role === 'applied' && kinds.size < REMEMBERED_KINDS) kinds.add(`${object.apiVersion}/${object.kind}`);
  }
  return [...kinds];
}
