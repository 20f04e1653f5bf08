import type { z } from 'zod';
import { parseJson } from '../objects/json.ts';
import { isJsonObject, type Json } from '../objects/objects.ts';
import type { Reading } from './reader.ts';
import { inOneLine } from './words.ts';

/**
 * What a cluster answered. Whatever is not an answer says why in words for people; none of it is ever drift.
 */
export type Unreadable =
  /** 403 (or 401). `rule`: the RBAC rule to add, as YAML. */
  | { readonly kind: 'forbidden'; readonly reason: string; readonly rule?: string }
  /** Refused, timed out, no such host, TLS: the cluster was not asked. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** It answered, with what is of no use. */
  | { readonly kind: 'failed'; readonly reason: string };

export type Answer<Value> = { readonly kind: 'answered'; readonly value: Value } | Unreadable;

export const answered = <Value>(value: Value): Answer<Value> => ({ kind: 'answered', value });

/**
 * A reading as what it should be. Never throws: a proxy's login page is `failed`, too.
 * @param what in words: `Deployments`
 * @param rule the RBAC rule that would allow it, where there is one
 */
export function answerOf<Schema extends z.ZodType>(
  reading: Reading,
  schema: Schema,
  what: string,
  rule?: string,
): Answer<z.output<Schema>> {
  switch (reading.kind) {
    case 'unreachable':
      return reading;
    case 'too-large':
    case 'spent':
      return { kind: 'failed', reason: `reading ${what}: ${reading.reason}` };
    case 'read':
      return statusAnswer(reading, schema, what, rule);
  }
}

function statusAnswer<Schema extends z.ZodType>(
  { status, text }: Extract<Reading, { kind: 'read' }>,
  schema: Schema,
  what: string,
  rule: string | undefined,
): Answer<z.output<Schema>> {
  switch (status) {
    case 200: {
      const parsed = schema.safeParse(jsonOf(text));
      return parsed.success
        ? answered(parsed.data)
        : { kind: 'failed', reason: `reading ${what}: the answer is not what a Kubernetes API server says` };
    }
    case 401:
      return {
        kind: 'forbidden',
        reason:
          'the cluster does not accept the credentials (401): have they expired, or is there no access entry for them?',
      };
    case 403:
      return {
        kind: 'forbidden',
        reason: `the cluster does not allow reading ${what} (403)`,
        ...(rule === undefined ? {} : { rule }),
      };
    default:
      return { kind: 'failed', reason: `reading ${what}: the cluster answered ${status}${sayingOf(text)}` };
  }
}

const EXCERPT = 200;

/** The message of a Kubernetes Status, cut and in one line. */
function sayingOf(text: string): string {
  const status = jsonOf(text);
  const message = isJsonObject(status) ? status.message : undefined;
  if (typeof message !== 'string') return '';
  return ` ("${inOneLine(message, EXCERPT)}")`;
}

function jsonOf(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
