import { isDeepStrictEqual } from 'node:util';
import { specificationOf } from './specification.ts';
import {
  type Resource,
  resourcesIn,
  STACKS,
  type StackName,
  type TemplateOf,
  type Templates,
} from './templates.ts';

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

/** @param order in which the stacks are deployed, if not in their own */
export function harmOf(before: Templates, after: Templates, order: readonly StackName[] = STACKS): Harm {
  const lost = STACKS.flatMap((stack) => {
    const anew = madeAnew(before[stack], after[stack]);
    return Object.entries(before[stack].Resources)
      .filter(
        ([id, resource]) =>
          isStateful(resource) && (anew.has(id) || after[stack].Resources[id] === undefined),
      )
      .map(([id]) => `${stack}/${id}`);
  });
  const refused: string[] = [];
  let deployed = before;
  for (const stack of order) {
    refused.push(
      ...sameNameAnew(stack, deployed[stack], after[stack]),
      ...taken(stack, deployed, after[stack]),
      ...stillImported(stack, deployed, after[stack]),
      ...notExported(stack, deployed, after[stack]),
    );
    deployed = { ...deployed, [stack]: after[stack] };
  }
  return { lost, refused };
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
  // What is called by a resource beside it has no name of its own.
  const borrowed = given
    .flatMap((name) => referencesIn(Properties[name]))
    .some((id) => !id.startsWith('AWS::'));
  return given.length === 0 || borrowed
    ? undefined
    : JSON.stringify([Type, ...[...new Set(given)].sort().map((name) => Properties[name])]);
}

/** Of types that are identified by an ARN, and named by one of these. */
const NAMES = ['TopicName', 'QueueName', 'ManagedPolicyName', 'AlarmName', 'DashboardName', 'Url'];

/** CloudFormation makes the new one before it deletes the old: under one name there cannot be both. */
const sameNameAnew = (stack: StackName, before: TemplateOf, after: TemplateOf): string[] =>
  [...madeAnew(before, after)].flatMap((id) => {
    const [was, is] = [before.Resources[id], after.Resources[id]];
    const name = was && nameOf(was);
    return name !== undefined && is && nameOf(is) === name
      ? [`${stack}/${id} is made anew under the same name`]
      : [];
  });

/** A name that something else has, in this stack or another. */
function taken(stack: StackName, deployed: Templates, after: TemplateOf): string[] {
  const owners = new Map(resourcesIn(deployed).flatMap(([from, id, each]) => named(each, `${from}/${id}`)));
  return Object.entries(after.Resources).flatMap(([id, each]) => {
    const own = `${stack}/${id}`;
    return named(each, own).flatMap(([name]) => {
      const owner = owners.get(name) ?? own;
      return owner === own ? [] : [`${own} takes the name of ${owner}, which is still there`];
    });
  });
}

const named = <Value>(resource: Resource, value: Value): [string, Value][] => {
  const name = nameOf(resource);
  return name === undefined ? [] : [[name, value]];
};

/** An export goes while another stack still imports it. */
const stillImported = (stack: StackName, deployed: Templates, after: TemplateOf): string[] =>
  [...exportsOf(deployed[stack])]
    .filter((name) => !exportsOf(after).has(name))
    .flatMap((name) =>
      STACKS.filter((other) => other !== stack && importsOf(deployed[other]).has(name)).map(
        (other) => `${stack} exports ${name} no more, which ${other} imports`,
      ),
    );

const notExported = (stack: StackName, deployed: Templates, after: TemplateOf): string[] => {
  const exported = new Set(STACKS.flatMap((other) => [...exportsOf(deployed[other])]));
  return [...importsOf(after)]
    .filter((name) => !exported.has(name))
    .map((name) => `${stack} imports ${name}, which nothing exports`);
};

const exportsOf = ({ Outputs }: TemplateOf): ReadonlySet<string> =>
  new Set(Object.values(Outputs).flatMap(({ Export }) => Export?.Name ?? []));

const importsOf = ({ Resources }: TemplateOf): ReadonlySet<string> =>
  new Set(
    [...JSON.stringify(Resources).matchAll(/\{"Fn::ImportValue":"([^"]+)"\}/g)].map(([, name = '']) => name),
  );
