import { type Conditions, listed } from './document.ts';
import { matches } from './wildcards.ts';

/** What is known of a request beside who asks for what. Names of keys have no case (IAM guide, "Condition"). */
export type Context = Readonly<Record<string, string | readonly string[]>>;

type Holds = (value: string, expected: string) => boolean;

const number = (compare: (a: number, b: number) => boolean): Holds => {
  return (value, expected) => compare(Number(value), Number(expected));
};

/** By the IAM guide, "IAM JSON policy elements: Condition operators". */
const OPERATORS: Readonly<Record<string, Holds>> = {
  StringEquals: (value, expected) => value === expected,
  StringEqualsIgnoreCase: (value, expected) => value.toLowerCase() === expected.toLowerCase(),
  StringLike: (value, expected) => matches(expected, value),
  // Both compare part by part, and both know wildcards.
  ArnEquals: (value, expected) => matchesArn(expected, value),
  ArnLike: (value, expected) => matchesArn(expected, value),
  Bool: (value, expected) => value.toLowerCase() === expected.toLowerCase(),
  NumericEquals: number((a, b) => a === b),
  NumericLessThan: number((a, b) => a < b),
  NumericLessThanEquals: number((a, b) => a <= b),
  NumericGreaterThan: number((a, b) => a > b),
  NumericGreaterThanEquals: number((a, b) => a >= b),
};

const NEGATED: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
};

/** Whether all of a statement's conditions hold. @throws for an operator that is not known here: none is passed over */
export function holds(conditions: Conditions | undefined, context: Context): boolean {
  const known = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), listed(value)]));
  return Object.entries(conditions ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) =>
      oneHolds(operator, known.get(key.toLowerCase()), listed(expected)),
    ),
  );
}

function oneHolds(
  written: string,
  values: readonly string[] | undefined,
  expected: readonly string[],
): boolean {
  if (written === 'Null') return expected.includes(String(values === undefined || values.length === 0));
  const [, set, operator = '', ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(written) ?? [];
  const positive = NEGATED[operator] ?? operator;
  const compare = OPERATORS[positive];
  if (compare === undefined) throw new Error(`condition operator "${written}" is not known here`);
  const negated = positive !== operator;
  const fits = (value: string) => expected.some((one) => compare(value, one)) !== negated;

  if (values === undefined || values.length === 0) {
    if (set === 'ForAllValues') return true;
    if (set === 'ForAnyValue') return false;
    return negated || ifExists !== undefined;
  }
  return set === 'ForAnyValue' ? values.some(fits) : values.every(fits);
}

/** Six parts between colons, of which the last may hold more of them. */
function matchesArn(pattern: string, arn: string): boolean {
  const parts = (text: string) => {
    const all = text.split(':');
    return [...all.slice(0, 5), all.slice(5).join(':')];
  };
  const own = parts(arn);
  return parts(pattern).every((part, at) => matches(part, own[at] ?? ''));
}
