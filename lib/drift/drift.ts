import type { RenderedObject } from '../charts/render-request.ts';
import { identityOf, type KubernetesObject, type ObjectReference, referenceOf } from '../objects/objects.ts';
import { ignoreRules, optOutOf, rulesFor } from './ignore-rules.ts';
import { type Deployer, managersOf } from './managers.ts';
import { judgeObject, type ObjectContext } from './object.ts';
import { orphans } from './orphans.ts';
import { NamedAnew } from './rendered-anew.ts';
import { ScalingRules, scalingRules } from './replicas.ts';
import type { Schemas } from './schema.ts';
import type { Finding, ObjectVerdict } from './verdicts.ts';

export type { Deployer } from './managers.ts';
export { judgeObject, type ObjectContext } from './object.ts';
export { type OpenApiDocument, schemasFrom } from './openapi.ts';
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
  readonly release?: { readonly namespace: string; readonly name: string };
  /** Other objects that Git declares: an HPA excuses a number of replicas, a HelmRelease has ignore rules. */
  readonly alsoDeclared?: readonly KubernetesObject[];
  /** The `admission` of the object's verdict at the first check after the rollout that wrote it, if one was kept. */
  readonly admitted?: (reference: ObjectReference) => string | undefined;
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
  const ignored = release === undefined ? [] : ignoreRules(alsoDeclared, release);
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
    verdicts.push(
      judgeOne(rendered, found, () => ({
        schema: judgement.schemas.of(object.apiVersion, object.kind),
        deployers,
        ownership,
        scaling:
          scaling[0].of(object, object.metadata.namespace) ??
          scaling[1].of(object, object.metadata.namespace),
        admitted: judgement.admitted?.(referenceOf(object)),
        ignore: rulesFor(ignored, object),
      })),
    );
  }
  return [...verdicts, ...orphans(live.owned, declared, deployer, release)];
}

const renamed = (rendered: RenderedObject, name: string): RenderedObject => ({
  ...rendered,
  object: { ...rendered.object, metadata: { ...rendered.object.metadata, name } },
});

function judgeOne(rendered: RenderedObject, found: Found, context: () => ObjectContext): ObjectVerdict {
  const object = referenceOf(rendered.object);
  switch (found.kind) {
    case 'found': {
      const optOut = optOutOf(rendered.object);
      if (optOut !== undefined) return { kind: 'in-sync', object, notes: [optOut] };
      return judgeObject(rendered, found.object, context());
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
