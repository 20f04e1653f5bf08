import {
  groupOf,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  partOf,
} from '../../objects/objects.ts';

/** The bounds in which something that Git declares may scale a workload. */
export interface Scaling {
  readonly by: 'HPA' | 'ScaledObject' | 'Canary' | 'Rollout';
  readonly minimum: number;
  readonly maximum: number;
  /** May it stand at zero? */
  readonly toZero: boolean;
}

/** KEDA's own defaults (keda.sh ScaledObject spec). */
const KEDA_MINIMUM = 0;
const KEDA_MAXIMUM = 100;

/** What Git declares about who scales what: rule 0. The key is group, kind, namespace and name of the workload. */
export class ScalingRules {
  readonly #rules = new Map<string, Scaling>();

  constructor(declared: Iterable<KubernetesObject>) {
    for (const object of declared) {
      const scaling = scalingOf(object);
      if (scaling === undefined) continue;
      const { apiVersion, kind, name } = scaling.target;
      if (typeof name !== 'string') continue;
      const target = typeof kind === 'string' ? kind : 'Deployment';
      const group = groupOf(typeof apiVersion === 'string' ? apiVersion : 'apps/v1');
      const key = keyOf(group, target, object.metadata.namespace, name);
      const known = this.#rules.get(key);
      this.#rules.set(key, known === undefined ? scaling.rule : both(known, scaling.rule));
    }
  }

  of(workload: KubernetesObject, namespace: string | undefined): Scaling | undefined {
    const { apiVersion, kind, metadata } = workload;
    const group = groupOf(apiVersion);
    return (
      this.#rules.get(keyOf(group, kind, namespace, metadata.name)) ??
      this.#rules.get(keyOf(group, kind, undefined, metadata.name))
    );
  }
}

/** One set of objects serves the judgement of every release in it: looked through once. */
const known = new WeakMap<readonly KubernetesObject[], ScalingRules>();

export function scalingRules(declared: readonly KubernetesObject[]): ScalingRules {
  const rules = known.get(declared) ?? new ScalingRules(declared);
  known.set(declared, rules);
  return rules;
}

interface Scaler {
  readonly target: JsonObject;
  readonly rule: Scaling;
}

/** Whether an object says how others may be scaled. */
export const isScaler = (object: KubernetesObject): boolean => scalingOf(object) !== undefined;

/**
 *   Canary (fluxcd/flagger, pkg/canary/deployment_controller.go): the target of an analysis stands at zero between two
 *   Rollout (argo-rollouts, docs/migrating.md): so does the Deployment that it took its template from, where told so
 */
function scalingOf(object: KubernetesObject): Scaler | undefined {
  const spec = partOf(object.spec);
  switch (`${groupOf(object.apiVersion)}/${object.kind}`) {
    case 'autoscaling/HorizontalPodAutoscaler': {
      const minimum = number(spec.minReplicas, 1);
      const maximum = number(spec.maxReplicas, minimum);
      return to(spec.scaleTargetRef, { by: 'HPA', minimum, maximum, toZero: minimum === 0 });
    }
    case 'keda.sh/ScaledObject': {
      const minimum = number(spec.minReplicaCount, KEDA_MINIMUM);
      const maximum = number(spec.maxReplicaCount, KEDA_MAXIMUM);
      const toZero = minimum === 0 || spec.idleReplicaCount === 0;
      return to(spec.scaleTargetRef, { by: 'ScaledObject', minimum, maximum, toZero });
    }
    case 'flagger.app/Canary':
      return to(spec.targetRef, { by: 'Canary', ...AT_ZERO });
    case 'argoproj.io/Rollout': {
      const { scaleDown } = partOf(spec.workloadRef);
      return scaleDown === 'onsuccess' || scaleDown === 'progressively'
        ? to(spec.workloadRef, { by: 'Rollout', ...AT_ZERO })
        : undefined;
    }
    default:
      return undefined;
  }
}

const AT_ZERO = { minimum: 0, maximum: 0, toZero: true } as const;

const to = (target: Json | undefined, rule: Scaling): Scaler | undefined =>
  isJsonObject(target) ? { target, rule } : undefined;

/** The wider bounds, and zero where either allows it. */
const both = (a: Scaling, b: Scaling): Scaling => ({
  ...(a.maximum >= b.maximum ? a : b),
  toZero: a.toZero || b.toZero,
});

const number = (value: Json | undefined, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

const keyOf = (group: string, kind: string, namespace: string | undefined, name: string): string =>
  `${group}/${kind}/${namespace ?? ''}/${name}`;

/** Whether declared scaling excuses the live number. */
export const isWithin = (scaling: Scaling | undefined, live: Json): boolean =>
  scaling !== undefined &&
  typeof live === 'number' &&
  (live === 0 ? scaling.toZero : live >= scaling.minimum && live <= scaling.maximum);
