import type { Problem } from './contradictions.ts';

/** As much of an audience as its parts say of each other. */
export interface AudienceOutline {
  readonly name?: string | undefined;
  readonly form?: string | undefined;
  readonly address?: string | undefined;
  readonly targets: readonly (string | undefined)[];
  readonly namespaces: readonly (string | undefined)[];
  readonly severities?: readonly (string | undefined)[] | undefined;
  readonly classes?: readonly (string | undefined)[] | undefined;
}
interface TargetOutline {
  readonly name?: string | undefined;
  readonly driftOnly?: boolean | undefined;
  readonly namespaces: readonly (string | undefined)[];
}

/**
 * The numbers of values of each attribute, multiplied (Amazon SNS developer guide, "Filter policy constraints":
 * a total combination of values of at most 150, and five attributes, of which there are four here).
 */
const FILTER_COMBINATIONS = 150;
/** Filter policies of one topic, which each form has (Amazon SNS endpoints and quotas, "Filter policies per topic"). */
const FILTERS_OF_TOPIC = 200;

export function audienceProblems(
  audiences: readonly AudienceOutline[],
  targets: readonly TargetOutline[],
): readonly Problem[] {
  return [
    ...audiences.flatMap((audience, index) => [
      ...unknownTargets(audience, index, targets),
      ...unknownNamespaces(audience, index, targets),
      ...tooMany(audience, index),
    ]),
    ...subscribedTwice(audiences),
    ...tooManyFilters(audiences),
  ];
}

/**
 * A topic has one subscription of an address, with one filter (Amazon SNS, Subscribe: "Subscription already exists with
 * different attributes"): a second one would take the place of the first, or fail the deployment.
 */
function subscribedTwice(audiences: readonly AudienceOutline[]): Problem[] {
  const seen = new Map<string, string>();
  return audiences.flatMap(({ name = '', form, address }, index) => {
    if (form === undefined || address === undefined) return [];
    const subscription = `${form} ${form === 'email' ? address.toLowerCase() : address}`;
    const first = seen.get(subscription);
    if (first === undefined) {
      seen.set(subscription, name);
      return [];
    }
    // The address of a pager is a secret.
    const what = form === 'email' ? ` "${address}"` : '';
    return [
      {
        path: ['audiences', index, 'address'],
        message: `the address${what} has a subscription already, by audience "${first}": SNS gives an address one filter a form. Put both into one audience`,
      },
    ];
  });
}

function tooManyFilters(audiences: readonly AudienceOutline[]): Problem[] {
  const forms = ['email', 'pager', 'chat'];
  return forms.flatMap((form) => {
    const filtered = audiences.filter(
      (audience) =>
        audience.form === form &&
        (audience.targets.length > 0 ||
          audience.namespaces.length > 0 ||
          audience.severities !== undefined ||
          audience.classes !== undefined),
    );
    return filtered.length <= FILTERS_OF_TOPIC
      ? []
      : [
          {
            path: ['audiences'],
            message: `${filtered.length} of form "${form}" have a filter, and SNS takes ${FILTERS_OF_TOPIC} of one topic`,
          },
        ];
  });
}

const unknownTargets = (
  audience: AudienceOutline,
  index: number,
  targets: readonly TargetOutline[],
): Problem[] =>
  audience.targets.flatMap((name, at) =>
    name === undefined || targets.some((target) => target.name === name)
      ? []
      : [{ path: ['audiences', index, 'targets', at], message: `no target "${name}"` }],
  );

/** A misspelt one is a team that is never told. What is not delivered by us may lie in any namespace. */
function unknownNamespaces(
  audience: AudienceOutline,
  index: number,
  targets: readonly TargetOutline[],
): Problem[] {
  const heard = targets.filter(
    ({ name }) => audience.targets.length === 0 || audience.targets.includes(name),
  );
  if (heard.some(({ driftOnly }) => driftOnly === true)) return [];
  return audience.namespaces.flatMap((name, at) =>
    name === undefined || heard.some(({ namespaces }) => namespaces.includes(name))
      ? []
      : [
          {
            path: ['audiences', index, 'namespaces', at],
            message: `no target that this audience hears of has the namespace "${name}"`,
          },
        ],
  );
}

function tooMany(
  { form, targets, namespaces, severities, classes }: AudienceOutline,
  index: number,
): Problem[] {
  // Fairlead filters those itself.
  if (form === 'webhook') return [];
  // Who names namespaces hears as well of what is in more than can be listed: one value of ours.
  const counts = [
    targets.length,
    namespaces.length === 0 ? 0 : namespaces.length + 1,
    severities?.length ?? 0,
    classes?.length ?? 0,
  ];
  const combinations = counts.reduce((product, count) => product * Math.max(count, 1), 1);
  return combinations <= FILTER_COMBINATIONS
    ? []
    : [
        {
          path: ['audiences', index],
          message: `its filter has ${combinations} combinations (targets × namespaces and one × severities × classes), and SNS takes ${FILTER_COMBINATIONS}: name fewer, or make two audiences of it, each with an address of its own`,
        },
      ];
}
