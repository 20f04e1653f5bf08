import type { RenderedObject } from '../charts/render-request.ts';
import { identityOf, type KubernetesObject, type ObjectReference, referenceOf } from '../objects/objects.ts';
import {
  type Asked,
  askedOf,
  type Deployed,
  IgnoreRules,
  type ObjectRules,
} from './deployer-rules/ignore-rules.ts';
import { NamedAnew } from './excuses/rendered-anew.ts';
import { ScalingRules, scalingRules } from './excuses/replicas.ts';
import { judgeObject, type ObjectContext } from './object.ts';
import { orphans } from './orphans.ts';
import { type Deployer, managersOf } from './ownership/managers.ts';
import type { Schemas } from './schema.ts';
import type { Finding, ObjectVerdict } from './verdicts.ts';

export { judgeObject, type ObjectContext } from './object.ts';
export { type OpenApiDocument, schemasFrom } from './openapi.ts';
export type { Deployer } from './ownership/managers.ts';
export type { Schemas } from './schema.ts';

/** What the cluster answered for one object. */
export type Found =
  | { readonly kind: 'found'; readonly object: KubernetesObject }
  | { readonly kind: 'absent' }
  /** Discovery answered, and there is no such kind. */
  | { readonly kind: 'not-served' }
  /** 403, time-out, discovery failed: no verdict. `rule`: what would grant it. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly rule?: string };

/** The live side of one release (or of a target's manifests). */
export interface LiveView {
  find(reference: ObjectReference): Found;
  /** Candidates for `extra`: objects that carry ownership marks of this release. */
  readonly owned: readonly KubernetesObject[];
}

export interface Judgement {
  readonly desired: readonly RenderedObject[];
  readonly live: LiveView;
  readonly schemas: Schemas;
  readonly deployer: Deployer;
  /** The Helm release; absent for a target's own manifests. */
  readonly release?: Deployed;
  /** Other objects that Git declares: an HPA excuses a number of replicas, a HelmRelease has ignore rules. */
  readonly alsoDeclared?: readonly KubernetesObject[];
  /** The `admission` of the object's verdict at the first check after the rollout that wrote it, if one was kept. */
  readonly admitted?: (reference: ObjectReference) => readonly string[] | undefined;
  /** `required` unless said otherwise: see ObjectContext. */
  readonly ownership?: ObjectContext['ownership'];
}

/**
 * The verdict of each object that carries one, and of orphans. Hooks and tests carry none, nor does what is named by
 * the server (`generateName`). An object that is rendered twice counts once: the last is what is applied.
 */
export function judgeSet(judgement: Judgement): ObjectVerdict[] {
  const { desired, live, deployer, release } = judgement;
  const declared = new Set<string>();
  const judged = new Map<string, RenderedObject>();
  for (const rendered of desired) {
    const { object } = rendered;
    if (typeof object.metadata.name !== 'string' || object.metadata.name === '') continue;
    const identity = identityOf(referenceOf(object));
    declared.add(identity);
    if (rendered.role !== 'hook') judged.set(identity, rendered);
  }
  const alsoDeclared = judgement.alsoDeclared ?? [];
  const scaling = [
    scalingRules(alsoDeclared),
    new ScalingRules(desired.map(({ object }) => object)),
  ] as const;
  const deployers = managersOf(deployer);
  const ignored = new IgnoreRules(alsoDeclared, release);
  const ownership = judgement.ownership ?? 'required';
  const verdicts: ObjectVerdict[] = [];
  const namedAnew = new NamedAnew(live.owned, (object) => declared.has(identityOf(referenceOf(object))));
  for (const each of judged.values()) {
    const seen = live.find(referenceOf(each.object));
    const like = seen.kind === 'absent' ? namedAnew.take(each, release?.namespace) : undefined;
    if (like !== undefined) declared.add(identityOf(referenceOf(like)));
    const rendered = like === undefined ? each : renamed(each, like.metadata.name);
    const { object } = rendered;
    const found: Found = like === undefined ? seen : { kind: 'found', object: like };
    const rules = ignored.of(object, found.kind === 'found' ? found.object : object);
    const asked = askedOf(object, deployer, release === undefined ? 'manifests' : 'release');
    verdicts.push(
      judgeOne(rendered, found, asked, rules, () => ({
        schema: judgement.schemas.of(object.apiVersion, object.kind),
        deployers,
        ownership,
        scaling:
          scaling[0].of(object, object.metadata.namespace) ??
          scaling[1].of(object, object.metadata.namespace),
        admitted: judgement.admitted?.(referenceOf(object)),
        ignore: rules,
      })),
    );
  }
  return [...verdicts, ...orphans(live.owned, declared, deployer, release)];
}

const renamed = (rendered: RenderedObject, name: string): RenderedObject => ({
  ...rendered,
  object: { ...rendered.object, metadata: { ...rendered.object.metadata, name } },
});

/** Finalizers by which the API server itself waits for what an object owns (apimachinery, `meta/v1/types.go`). */
const OF_DELETION: readonly unknown[] = ['foregroundDeletion', 'orphan'];

function withoutDeletion(object: KubernetesObject): KubernetesObject {
  const { deletionTimestamp, ...metadata } = object.metadata;
  if (deletionTimestamp === undefined) return object;
  const held = Array.isArray(metadata.finalizers)
    ? metadata.finalizers.filter((name) => !OF_DELETION.includes(name))
    : [];
  const { finalizers: _, ...others } = metadata;
  return { ...object, metadata: held.length === 0 ? others : { ...others, finalizers: held } };
}

function judgeOne(
  rendered: RenderedObject,
  found: Found,
  asked: Asked | undefined,
  rules: ObjectRules | undefined,
  context: () => ObjectContext,
): ObjectVerdict {
  const object = referenceOf(rendered.object);
  const left = rules?.whole ?? (asked?.leaves === 'all' ? `left alone, as Git asks: ${asked.by}` : undefined);
  if (left !== undefined && found.kind !== 'unknown') return { kind: 'in-sync', object, notes: [left] };
  switch (found.kind) {
    case 'found': {
      if (asked?.leaves === 'what-is')
        return { kind: 'in-sync', object, notes: [`made once and left alone, as Git asks: ${asked.by}`] };
      // What may be gone may be going; what it holds until then is judged like anything else.
      const live = mayBeAbsent(rendered) === undefined ? found.object : withoutDeletion(found.object);
      const verdict = judgeObject(rendered, live, context());
      return withUnread(asked?.leaves === 'additions' ? withoutAdditions(verdict, asked.by) : verdict, rules);
    }
    case 'unknown':
      return {
        kind: 'unknown',
        object,
        reason: found.reason,
        ...(found.rule === undefined ? {} : { rule: found.rule }),
      };
    case 'not-served':
      return missing(object, 'kind not served');
    case 'absent': {
      const reason = mayBeAbsent(rendered);
      return reason === undefined ? missing(object) : { kind: 'in-sync', object, notes: [reason] };
    }
  }
}

/** What others added stays, as Git asks. */
function withoutAdditions(verdict: ObjectVerdict, by: string): ObjectVerdict {
  if (verdict.kind !== 'drift') return verdict;
  const findings = verdict.findings.filter((finding) => finding.verdict !== 'added');
  if (findings.length > 0) return { ...verdict, findings };
  return { kind: 'in-sync', object: verdict.object, notes: [`what others added stays, as Git asks: ${by}`] };
}

/** Rules that are not understood ignore nothing: said where somebody may think that they do. */
function withUnread(verdict: ObjectVerdict, rules: ObjectRules | undefined): ObjectVerdict {
  const [first, ...others] = rules?.unread ?? [];
  if (first === undefined || verdict.kind === 'unknown') return verdict;
  if (verdict.kind === 'in-sync') return { ...verdict, notes: [...verdict.notes, first, ...others] };
  return { ...verdict, findings: verdict.findings.map((finding) => ({ note: first, ...finding })) };
}

/** Why an object that is not there is not missing. */
function mayBeAbsent({ object, unstable }: RenderedObject): string | undefined {
  const { spec } = object as { readonly spec?: { readonly ttlSecondsAfterFinished?: unknown } };
  if (object.kind === 'Job' && typeof spec?.ttlSecondsAfterFinished === 'number')
    return 'a Job that is removed some time after it has finished';
  if (unstable.includes('') || unstable.includes('/metadata/name'))
    return 'rendered anew each time: its name, or whether it exists, changes';
  return undefined;
}

function missing(object: ObjectReference, note?: string): ObjectVerdict {
  const finding: Finding = {
    verdict: 'missing',
    object,
    path: [],
    at: '',
    secret: false,
    ...(note === undefined ? {} : { note }),
  };
  return { kind: 'drift', object, findings: [finding] };
}
