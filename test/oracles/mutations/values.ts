import type { Json, JsonObject } from '../../../lib/objects/objects.ts';
import type { ListNode, Node, ScalarNode } from './openapi.ts';

/** Numbers from a seed, the same on every machine (mulberry32). */
export type Random = () => number;

export function randomOf(seed: string): Random {
  let state = 2166136261;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export const below = (random: Random, limit: number): number => Math.floor(random() * limit);
export const pick = <T>(random: Random, items: readonly T[]): T | undefined =>
  items[below(random, items.length)];

const DEPTH = 5;

/**
 * A value of the schema that is not `current`, never a zero value: those may say nothing. What fits depends on rules
 * that no schema has, so `attempt` (0, 1, …) gives another guess each time.
 */
export function guessOf(
  node: Node,
  name: string,
  current: Json | undefined,
  random: Random,
  attempt: number,
  depth = 0,
): Json {
  switch (node.kind) {
    case 'scalar':
      return scalarOf(node, name, current, random, attempt);
    case 'list':
      return [itemOf(node, name, undefined, random, attempt, depth + 1)];
    case 'map':
      return { [keyName(random)]: guessOf(node.values, name, undefined, random, attempt, depth + 1) };
    case 'struct': {
      const names = new Set(node.required);
      const others = Object.keys(node.fields).filter((other) => !names.has(other));
      const optional = depth < DEPTH ? pick(random, others) : undefined;
      if (optional !== undefined && (names.size === 0 || random() < 0.3)) names.add(optional);
      const made: Record<string, Json> = {};
      for (const each of names) {
        const inner = node.fields[each]?.();
        if (inner !== undefined && depth < DEPTH + 3)
          made[each] = guessOf(inner, each, undefined, random, attempt, depth + 1);
      }
      return made satisfies JsonObject;
    }
    case 'any':
      return pick(random, ['mutated', 7, true] as const) ?? 'mutated';
  }
}

/** An item of a list, its key fields in it: without them the server could not say who owns it. */
export function itemOf(
  { items, keys }: ListNode,
  name: string,
  current: Json | undefined,
  random: Random,
  attempt: number,
  depth = 0,
): Json {
  const required = items.kind === 'struct' ? [...new Set([...items.required, ...keys])] : [];
  const whole = items.kind === 'struct' ? { ...items, required } : items;
  return guessOf(whole, name.replace(/s$/, ''), current, random, attempt, depth);
}

export const keyName = (random: Random): string => `mutated-${below(random, 90) + 10}`;

function scalarOf(
  { type, choices, minimum, pattern }: ScalarNode,
  name: string,
  current: Json | undefined,
  random: Random,
  attempt: number,
): Json {
  switch (type) {
    case 'boolean':
      return typeof current === 'boolean' ? !current : (BOOLEANS[name] ?? true);
    case 'integer':
    case 'number': {
      const base = typeof current === 'number' ? current : (NUMBERS[name] ?? 0);
      const steps = [1, 2, -1, 10, -2, 100];
      return Math.max(minimum ?? 1, base + (steps[attempt % steps.length] ?? 1));
    }
    case 'quantity': {
      const choice = ['123Mi', '77m', '3', '5Gi', '900'][(attempt + below(random, 2)) % 5] ?? '3';
      return choice === current ? '17' : choice;
    }
    case 'int-or-string':
      if (typeof current === 'string') return current.endsWith('%') ? '37%' : `${current}x`;
      return typeof current === 'number' ? current + 1 + attempt : attempt % 2 === 0 ? 3 : '37%';
    case 'byte':
      return Buffer.from(`mutated ${below(random, 1000)}`).toString('base64');
    case 'date-time':
      return `2031-0${1 + below(random, 9)}-02T03:04:05Z`;
    case 'string':
      return textOf(choices, name, current, random, attempt, pattern);
  }
}

/** Where `true` is what an absent field means. */
const BOOLEANS: Readonly<Record<string, boolean>> = {
  automountServiceAccountToken: false,
  hostUsers: false,
  enableServiceLinks: false,
  allocateLoadBalancerNodePorts: false,
  allowPrivilegeEscalation: false,
  attachRequired: false,
};

/** What the documentation says that an absent field means: written out, it says nothing new. */
const MEANT_ANYWAY: Readonly<Record<string, string>> = { preemptionPolicy: 'PreemptLowerPriority' };

const NUMBERS: Readonly<Record<string, number>> = {
  containerPort: 8000,
  port: 8000,
  nodePort: 31_000,
  hostPort: 8000,
  runAsUser: 1000,
  activeDeadlineSeconds: 7_200,
  ttlSecondsAfterFinished: 7_200,
};

/** Guesses for texts that have a form of their own, by the field's name. */
const FORMS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^image$/, ['registry.example/mutated:2']],
  [/^(path|mountPath|devicePath|targetPath)$/, ['/mutated', 'mutated', '/mutated/deeper']],
  [/^subPath(Expr)?$/, ['mutated/below']],
  [/cidr/i, ['10.9.8.0/24']],
  [/^(ip|.*IP|ips|.*IPs|clusterIP)$/, ['10.0.9.8', '192.0.2.7']],
  [/^(schedule)$/, ['7 3 * * *']],
  [/^timeZone$/, ['Europe/Berlin']],
  [/^(host|hostname|.*Host|dnsName|fqdn)$/, ['mutated.example']],
  [/url$|uri$|endpoint$|^server$/i, ['https://mutated.example/x']],
  [/^(apiVersion)$/, ['v1', 'apps/v1']],
  [/apiGroup$/, ['rbac.authorization.k8s.io', 'mutated.example']],
  [/(duration|interval|timeout|period)$/i, ['7m0s', '70s']],
  [/^(caBundle)$/, ['bXV0YXRlZA==']],
  [/(Key|label|annotation)$/i, ['mutated.example/key', 'mutated']],
  [/^(effect)$/, ['NoExecute', 'NoSchedule', 'PreferNoSchedule']],
  [/^operator$/, ['Exists', 'In', 'DoesNotExist']],
  [/^verb$/, ['escalate', 'watch']],
  [/^unhealthyPodEvictionPolicy$/, ['AlwaysAllow', 'IfHealthyBudget']],
  [/^accessMode$/, ['ReadWriteOncePod', 'ReadOnlyMany']],
  [/^add$|^drop$/, ['SYS_ADMIN', 'NET_RAW']],
  [/^supplementalGroup/, ['Strict', 'Merge']],
];

const GENERIC = ['mutated', 'mutated.example/x', '/mutated', '10.9.8.7', '7m0s', '3', 'Mutated', 'true'];

function textOf(
  choices: readonly string[],
  name: string,
  current: Json | undefined,
  random: Random,
  attempt: number,
  pattern: string | undefined,
): string {
  const others = choices.filter((choice) => choice !== (current ?? MEANT_ANYWAY[name]) && choice !== '');
  if (others.length > 0) return others[(attempt + below(random, others.length)) % others.length] ?? 'mutated';
  const forms = FORMS.find(([form]) => form.test(name))?.[1] ?? [];
  const own = typeof current === 'string' && current !== '' ? [`${current}x`, `x${current}`] : [];
  const guesses = [...forms, ...own, ...GENERIC].filter((guess) => guess !== current && fits(guess, pattern));
  return guesses[attempt % Math.max(1, guesses.length)] ?? 'mutated';
}

function fits(guess: string, pattern: string | undefined): boolean {
  if (pattern === undefined || pattern.length > 200) return true;
  try {
    return new RegExp(pattern).test(guess);
  } catch {
    return true;
  }
}
