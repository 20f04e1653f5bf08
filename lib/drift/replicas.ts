import { groupOf, isJsonObject, type Json, type KubernetesObject } from '../objects/objects.ts';

/** The bounds in which something that Git declares may scale a workload. */
export interface Scaling {
  readonly by: 'HPA' | 'ScaledObject';
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
      const { spec } = object;
      if (!isJsonObject(spec) || !isJsonObject(spec.scaleTargetRef)) continue;
      const { apiVersion, kind, name } = spec.scaleTargetRef;
      if (typeof name !== 'string') continue;
      const rule = ruleOf(object, spec);
      if (rule === undefined) continue;
      const target = typeof kind === 'string' ? kind : 'Deployment';
      const group = groupOf(typeof apiVersion === 'string' ? apiVersion : 'apps/v1');
      this.#rules.set(keyOf(group, target, object.metadata.namespace, name), rule);
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

function ruleOf(object: KubernetesObject, spec: { readonly [key: string]: Json }): Scaling | undefined {
  switch (`${groupOf(object.apiVersion)}/${object.kind}`) {
    case 'autoscaling/HorizontalPodAutoscaler': {
      const minimum = number(spec.minReplicas, 1);
      return { by: 'HPA', minimum, maximum: number(spec.maxReplicas, minimum), toZero: minimum === 0 };
    }
    case 'keda.sh/ScaledObject': {
      const minimum = number(spec.minReplicaCount, KEDA_MINIMUM);
      const toZero = minimum === 0 || spec.idleReplicaCount === 0;
      return { by: 'ScaledObject', minimum, maximum: number(spec.maxReplicaCount, KEDA_MAXIMUM), toZero };
    }
    default:
      return undefined;
  }
}

const number = (value: Json | undefined, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

const keyOf = (group: string, kind: string, namespace: string | undefined, name: string): string =>
  `${group}/${kind}/${namespace ?? ''}/${name}`;

/** Whether declared scaling excuses the live number. */
export const isWithin = (scaling: Scaling | undefined, live: Json): boolean =>
  scaling !== undefined &&
  typeof live === 'number' &&
  (live === 0 ? scaling.toZero : live >= scaling.minimum && live <= scaling.maximum);
