/**
 * What SNS does with a message and a filter policy of the scope MessageAttributes, apart from our own code (Amazon SNS
 * developer guide, "Message filtering" and "Filter policy constraints"): a policy admits a message whose attributes have,
 * for each of its keys, one of the key's values; of a String.Array, any element counts.
 */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue: string;
}

export function admits(
  policy: Readonly<Record<string, readonly string[]>> | undefined,
  attributes: Readonly<Record<string, MessageAttribute>>,
): boolean {
  for (const [name, wanted] of Object.entries(policy ?? {})) {
    const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (attribute === undefined) return false;
    const values: unknown[] =
      attribute.DataType === 'String.Array' ? JSON.parse(attribute.StringValue) : [attribute.StringValue];
    if (!values.some((value) => wanted.some((one) => one === value))) return false;
  }
  return true;
}

/** Why SNS would refuse it; undefined where it takes it. */
export function refusedBecause(policy: Readonly<Record<string, readonly string[]>>): string | undefined {
  const keys = Object.values(policy);
  if (keys.length > 5) return 'more than five keys';
  if (keys.some((values) => values.length === 0)) return 'a key without values';
  const combinations = keys.reduce((product, values) => product * values.length, 1);
  return combinations > 150 ? `${combinations} combinations` : undefined;
}
