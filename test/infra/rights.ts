import type { Template } from 'aws-cdk-lib/assertions';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';

/** A role's rights as the template has them. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

export const listOf = <Value>(value: Value | Value[]): Value[] => (Array.isArray(value) ? value : [value]);

export const statementsOf = (policy: {
  Properties?: { PolicyDocument?: { Statement?: unknown } };
}): Statement[] => (policy.Properties?.PolicyDocument?.Statement ?? []) as Statement[];

export const resourcesOf = ({ Resource }: Statement): string[] => listOf(Resource).map(flattenCfnReference);

/** The statements of a function's role. */
export function rightsOf(template: Template, role: string): Statement[] {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) =>
      listOf(Properties.Roles as { Ref: string }[]).some(({ Ref }) =>
        Ref.startsWith(`${role.replaceAll('-', '')}Role`),
      ),
    )
    .flatMap(statementsOf);
}

export const actionsOf = (template: Template, role: string): Set<string> =>
  new Set(
    rightsOf(template, role)
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action }) => listOf(Action)),
  );

/** What a function does: the action, the logical id of what it is done to, and the key below it where there is one. */
export interface Deed {
  readonly action: string;
  readonly thing: string;
  readonly key?: string;
}

/** Whether a statement of the role allows the deed. Denials are about Lambda's own actions and do not matter here. */
export function isAllowed(statements: readonly Statement[], { action, thing, key }: Deed): boolean {
  return statements.some(
    (statement) =>
      statement.Effect === 'Allow' &&
      listOf(statement.Action).includes(action) &&
      resourcesOf(statement).some((resource) => {
        if (!resource.includes(thing)) return false;
        const slash = resource.indexOf('/');
        const pattern = slash < 0 ? undefined : resource.slice(slash + 1);
        return key === undefined || pattern === undefined ? key === pattern : matches(pattern, key);
      }),
  );
}

/** IAM's own wildcards. */
const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(text);
