import { isDeepStrictEqual } from 'node:util';
import { specificationOf } from './specification.ts';
import { type Resource, resourcesIn, STACKS, type StackName, type TemplateOf, type Templates } from './templates.ts';

/** What would be missed if it were gone, or made anew and empty. */
const STATEFUL: ReadonlySet<string> = new Set([
  'AWS::S3::Bucket',
  'AWS::DynamoDB::Table',
  'AWS::KMS::Key',
  // Who subscribed by mail would have to confirm again.
  'AWS::SNS::Topic',
  'AWS::SNS::Subscription',
  'AWS::SQS::Queue',
  'AWS::Logs::LogGroup',
  'AWS::Events::EventBus',
  'AWS::Backup::BackupVault',
  'AWS::ECR::Repository',
]);

export const isStateful = ({ Type }: Resource): boolean => STATEFUL.has(Type);

/** What a deployment of one set of templates over another does that nobody would want. */
export interface Harm {
  /** What holds state and goes, or is made anew: `stack/logicalId`. */
  readonly lost: readonly string[];
  /** Where CloudFormation refuses, with why. */
  readonly refused: readonly string[];
}

export function harmOf(before: Templates, after: Templates): Harm {
  const lost = STACKS.flatMap((stack) => {
    const anew = madeAnew(before[stack], after[stack]);
    return Object.entries(before[stack].Resources)
      .filter(([id, resource]) => isStateful(resource) && (anew.has(id) || after[stack].Resources[id] === undefined))
      .map(([id]) => `${stack}/${id}`);
  });
  return { lost, refused: [...sameNameAnew(before, after), ...moved(before, after), ...stillImported(before, after)] };
}

/**
 * Logical ids of resources that CloudFormation replaces: a property changed that says so in the specification ("maybe"
 * counts), or such a property refers to one that is replaced.
 */
function madeAnew(before: TemplateOf, after: TemplateOf): ReadonlySet<string> {
  const anew = new Set<string>();
  for (let size = -1; size !== anew.size; ) {
    size = anew.size;
    for (const [id, was] of Object.entries(before.Resources)) {
      const is = after.Resources[id];
      if (is === undefined || anew.has(id)) continue;
      if (was.Type !== is.Type || replacing(was).some((name) => changes(was, is, name, anew))) anew.add(id);
    }
  }
  return anew;
}

const changes = (was: Resource, is: Resource, name: string, anew: ReadonlySet<string>): boolean =>
  !isDeepStrictEqual(was.Properties[name], is.Properties[name]) ||
  referencesIn(is.Properties[name]).some((id) => anew.has(id));

const isCustom = (type: string): boolean =>
  type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';

const replacing = ({ Type }: Resource): string[] =>
  isCustom(Type)
    ? []
    : Object.entries(specificationOf(Type).properties).flatMap(([name, { causesReplacement }]) =>
        causesReplacement === 'no' ? [] : [name],
      );

function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name === 'Ref' && typeof inner === 'string') return [inner];
    if (name === 'Fn::GetAtt' && Array.isArray(inner)) return [String(inner[0])];
    return referencesIn(inner);
  });
}

/** The name that the template itself gives a resource, with its type; undefined where CloudFormation makes one up. */
export function nameOf({ Type, Properties }: Resource): string | undefined {
  if (isCustom(Type)) return undefined;
  const { primaryIdentifier, properties } = specificationOf(Type);
  const given = [...primaryIdentifier, ...NAMES.filter((name) => name in properties)].filter(
    (name) => Properties[name] !== undefined,
  );
  return given.length === 0
    ? undefined
    : JSON.stringify([Type, ...[...new Set(given)].sort().map((name) => Properties[name])]);
}

/** Of types that are identified by an ARN, and named by one of these. */
const NAMES = ['TopicName', 'QueueName', 'ManagedPolicyName', 'AlarmName', 'DashboardName', 'Url'];

/** CloudFormation makes the new one before it deletes the old: under one name there cannot be both. */
const sameNameAnew = (before: Templates, after: Templates): string[] =>
  STACKS.flatMap((stack) =>
    [...madeAnew(before[stack], after[stack])].flatMap((id) => {
      const [was, is] = [before[stack].Resources[id], after[stack].Resources[id]];
      const name = was && nameOf(was);
      return name !== undefined && is && nameOf(is) === name ? [`${stack}/${id} is made anew under the same name`] : [];
    }),
  );

/** A name can go to a stack that is deployed later, and to none that is deployed before. */
function moved(before: Templates, after: Templates): string[] {
  const old = new Map(resourcesIn(before).flatMap(([stack, id, each]) => named(each, [stack, id])));
  return resourcesIn(after).flatMap(([stack, id, each]) =>
    named(each, stack).flatMap(([name]) => {
      const [from, was] = old.get(name) ?? [stack, id];
      const isTooEarly = STACKS.indexOf(stack) < STACKS.indexOf(from) || (stack === from && was !== id);
      return isTooEarly ? [`${stack}/${id} takes the name of ${from}/${was}, which is still there`] : [];
    }),
  );
}

const named = <Value>(resource: Resource, value: Value): [string, Value][] => {
  const name = nameOf(resource);
  return name === undefined ? [] : [[name, value]];
};

/** An export goes while a stack that is deployed later still imports it. */
function stillImported(before: Templates, after: Templates): string[] {
  return STACKS.flatMap((stack) => {
    const kept = exportsOf(after[stack]);
    const gone = [...exportsOf(before[stack])].filter((name) => !kept.has(name));
    return gone.flatMap((name) =>
      importersOf(name, before, stack).map((other) => `${stack} exports ${name} no more, which ${other} imports`),
    );
  });
}

const exportsOf = ({ Outputs }: TemplateOf): ReadonlySet<string> =>
  new Set(Object.values(Outputs).flatMap(({ Export }) => Export?.Name ?? []));

const importersOf = (name: string, all: Templates, but: StackName): StackName[] =>
  STACKS.filter(
    (stack) => stack !== but && JSON.stringify(all[stack].Resources).includes(`{"Fn::ImportValue":"${name}"}`),
  );
