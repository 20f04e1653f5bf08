import type { Problem } from './contradictions.ts';

/** As much of an audience as its parts say of each other. */
export interface AudienceOutline {
  readonly name?: string | undefined;
  readonly form?: string | undefined;
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

export function audienceProblems(
  audiences: readonly AudienceOutline[],
  targets: readonly TargetOutline[],
): readonly Problem[] {
  return audiences.flatMap((audience, index) => [
    ...unknownTargets(audience, index, targets),
    ...unknownNamespaces(audience, index, targets),
    ...tooMany(audience, index),
  ]);
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
          message: `its filter has ${combinations} combinations (targets × namespaces and one × severities × classes), and SNS takes ${FILTER_COMBINATIONS}: make two audiences of it`,
        },
      ];
}
