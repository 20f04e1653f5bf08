import type { Documented } from '../bootstrap/documented.ts';
import type { Rule } from '../bootstrap/grants.ts';
import type { Target } from '../config/config.ts';
import type { KubernetesObject } from '../objects/objects.ts';
import { type Diagnosis, ok, skipped, warning, wrong } from './diagnosis.ts';
import type { Reviewed, Right } from './in-cluster.ts';

export const formatRight = ({ group, resource, verb, namespace }: Right): string =>
  `${verb} ${group === '' ? resource : `${resource}.${group}`}${namespace === undefined ? '' : ` in ${namespace}`}`;

const covers = (rules: readonly Rule[], { group, resource, verb }: Right): boolean =>
  rules.some(
    ({ apiGroups, resources, verbs }) =>
      [group, '*'].some((each) => apiGroups.includes(each)) &&
      [resource, '*'].some((each) => resources.includes(each)) &&
      [verb, '*'].some((each) => verbs.includes(each)),
  );

const rulesOf = (object: KubernetesObject | undefined): readonly Rule[] =>
  Array.isArray(object?.rules)
    ? (object.rules as readonly Partial<Rule>[]).map(({ apiGroups = [], resources = [], verbs = [] }) => ({
        apiGroups,
        resources,
        verbs,
      }))
    : [];

/** Whether what `bootstrap` prints would give a right. */
export const isGivenBy = (documents: readonly Documented[], target: string, right: Right): boolean =>
  documents.some(
    ({ object }) =>
      /Role$/.test(object.kind) &&
      object.metadata.name === `fairlead-${target}-check` &&
      (object.metadata.namespace === undefined || object.metadata.namespace === right.namespace) &&
      covers(rulesOf(object), right),
  );

export interface ReviewedRight {
  readonly right: Right;
  readonly reviewed: Reviewed;
}

/** What the group of the check may not, of what the target needs; Secrets are read only where somebody asked for it. */
export function judgeReviews(
  target: Pick<Target, 'name' | 'cluster'>,
  reviews: readonly ReviewedRight[],
  documents: readonly Documented[],
): readonly Diagnosis[] {
  const where = `target ${target.name}, rights of the check`;
  const failed = reviews.flatMap(({ reviewed }) => (reviewed.kind === 'failed' ? [reviewed.reason] : []));
  if (failed.length > 0) return [skipped(where, `the cluster was not asked: ${failed[0]}`)];
  const denied = reviews.filter(({ reviewed }) => reviewed.kind === 'denied').map(({ right }) => right);
  const access = target.cluster?.kind === 'eks' ? target.cluster.access : 'group';
  const found = denied.map((right): Diagnosis => {
    const what = `it may not ${formatRight(right)}`;
    if (right.group === '' && right.resource === 'secrets')
      return warning(
        where,
        `${what}: Secrets that Git declares are "unknown"`,
        `npx fairlead bootstrap ${target.name} --read-secrets | kubectl apply -f -   # if you want them compared: keyed hashes alone are kept`,
      );
    if (access !== 'group')
      return warning(
        where,
        `${what} by RBAC; whether the access policy of its entry gives it, only EKS knows`,
        `npx fairlead check ${target.name} --remote   # a verdict "unknown" names what is missing`,
      );
    return wrong(
      where,
      what,
      isGivenBy(documents, target.name, right)
        ? `npx fairlead bootstrap ${target.name} | kubectl apply -f -`
        : `Add its kind to \`allowKinds\` of the target, or to \`namespaces\` ${right.namespace ?? '(it has none)'}, then: npx fairlead bootstrap ${target.name} | kubectl apply -f -`,
    );
  });
  return found.length > 0
    ? found
    : [ok(where, `it may list all of ${reviews.length} kinds by namespace that Git declares`)];
}

export interface SeenObject {
  readonly wanted: KubernetesObject;
  readonly seen:
    | { readonly kind: 'there'; readonly object: KubernetesObject }
    | { readonly kind: 'not-there' }
    | { readonly kind: 'not-read'; readonly why: string };
}

const titleOf = ({ kind, metadata: { name, namespace } }: KubernetesObject): string =>
  `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;

/** Verbs that only read. */
const READING = ['get', 'list', 'watch'];

/** What `bootstrap` prints against what the cluster has: whether each is there, and gives the rights that it should. */
export function judgeBootstrapObjects(target: string, objects: readonly SeenObject[]): readonly Diagnosis[] {
  const found = objects.flatMap((object) => judgeObject(target, object));
  return found.length > 0
    ? found
    : [ok(wherePrinted(target), `all ${objects.length} objects are there, with their rights`)];
}

const wherePrinted = (target: string): string => `target ${target}, what bootstrap prints`;

function judgeObject(target: string, { wanted, seen }: SeenObject): readonly Diagnosis[] {
  const where = wherePrinted(target);
  const mend = `npx fairlead bootstrap ${target} | kubectl apply -f -`;
  switch (seen.kind) {
    case 'not-read':
      return [skipped(where, `${titleOf(wanted)}: ${seen.why}`)];
    case 'not-there':
      return [wrong(where, `there is no ${titleOf(wanted)}`, mend)];
    case 'there':
      return differences(wanted, seen.object).map((what) =>
        wrong(where, `${titleOf(wanted)}: ${what}`, mend),
      );
  }
}

function differences(wanted: KubernetesObject, seen: KubernetesObject): readonly string[] {
  if (/RoleBinding$/.test(wanted.kind)) {
    const subjects = JSON.stringify(seen.subjects ?? []);
    const lacking = (wanted.subjects as readonly { kind: string; name: string }[]).filter(
      ({ kind, name }) => !(subjects.includes(`"${kind}"`) && subjects.includes(`"${name}"`)),
    );
    return lacking.map(({ kind, name }) => `the ${kind} ${name} is not bound`);
  }
  if (!/Role$/.test(wanted.kind)) return [];
  const has = rulesOf(seen);
  const lacking = rulesOf(wanted).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs
          .filter((verb) => !covers(has, { group, resource, verb: verb as Right['verb'] }))
          .map((verb) => `${verb} ${group === '' ? resource : `${resource}.${group}`}`),
      ),
    ),
  );
  const isCheck = wanted.metadata.name.endsWith('-check');
  const writes = isCheck ? has.flatMap(({ verbs }) => verbs.filter((verb) => !READING.includes(verb))) : [];
  return [
    ...(lacking.length === 0
      ? []
      : [
          `it does not give ${lacking.slice(0, 3).join(', ')}${lacking.length > 3 ? ` and ${lacking.length - 3} more` : ''}`,
        ]),
    ...(writes.length === 0
      ? []
      : [`the check may only read, and it gives ${[...new Set(writes)].join(', ')}`]),
  ];
}
