/** A policy as IAM reads it: every intrinsic of the template already a text. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Principal?: Principals;
  readonly NotPrincipal?: Principals;
  readonly Condition?: Conditions;
}

export type Principals = '*' | Readonly<Record<string, string | readonly string[]>>;
export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export interface Document {
  readonly Statement: Statement | readonly Statement[];
}

export const listed = <Value>(value: Value | readonly Value[] | undefined): readonly Value[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly Value[]) : [value as Value];

export const statementsIn = ({ Statement }: Document): readonly Statement[] => listed(Statement);
